"""Tilings: areas of one level should meet without gap and without overlap."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from gridmap.errors import InputError
from gridmap.geo import crs
from gridmap.geo.crs import Geometries

if TYPE_CHECKING:
    from pyproj import CRS

_Positions: TypeAlias = NDArray[np.int64]
_Place: TypeAlias = tuple[str, list[str], str, shapely.Geometry | None]

_AREAL: Final = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)

SLIVER_M: Final = 1.0
"""A gap or an overlap thinner than this many metres is a sliver: two drawings of one boundary."""

ROUNDING_M: Final = 0.001
"""What is thinner than this comes from the rounding of coordinates and is not reported."""

MOST_CROSSINGS: Final = 10_000
"""A boundary that crosses itself more often is not repaired: that takes seconds to hours, for nothing."""
_SAMPLED_SEGMENTS: Final = 256

# Vertices that an overlay computes miss the boundaries they lie on by rounding: a tenth of a millimetre.
_TOUCH_DEGREES: Final = 1e-9
_TOUCH_M: Final = 1e-4

_SHOWN: Final = 10


@dataclass(frozen=True)
class TilingReport:
    """What is wrong with a tiling, place by place, the largest first.

    Each frame is in the CRS of the areas checked and has the columns `finding` (gap, overlap, sliver gap,
    sliver overlap or invalid), `codes` (list: the areas involved, for a gap those around it), `area_m2`,
    `thickness_m` (twice the area by the perimeter: the width, where the place is long and thin), `reason`
    and `geometry`. `slivers` holds the gaps and overlaps thinner than SLIVER_M. The geometry of an
    invalid area is the repaired one, or the given one where the repair leaves nothing of it.
    """

    areas: int
    gaps: gpd.GeoDataFrame
    overlaps: gpd.GeoDataFrame
    slivers: gpd.GeoDataFrame
    invalid: gpd.GeoDataFrame

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not sum(map(len, (self.gaps, self.overlaps, self.slivers, self.invalid)))

    def summary(self) -> list[str]:
        """Lines of text: the counts with their sizes in m², then the ten largest places of each sort."""
        counts = ", ".join(
            [
                _count(self.gaps, "gap"),
                _count(self.overlaps, "overlap"),
                _count(self.slivers, "sliver"),
                f"{len(self.invalid)} invalid",
            ]
        )
        lines = [f"{self.areas} areas: {counts}"]
        for frame in (self.invalid, self.gaps, self.overlaps, self.slivers):
            lines += [_line(place) for place in frame.head(_SHOWN).to_dict("records")]
            if len(frame) > _SHOWN:
                rest = frame.iloc[_SHOWN:]
                lines.append(f"and {len(rest)} smaller, {rest.area_m2.sum():,.1f} m² in all")
        return lines

    def layer(self) -> gpd.GeoDataFrame:
        """All findings in one frame that any file format takes: `codes` is text, separated by commas."""
        frames = [self.invalid, self.gaps, self.overlaps, self.slivers]
        layer = pd.concat([frame for frame in frames if len(frame)] or [self.gaps], ignore_index=True)
        return layer.assign(codes=[", ".join(codes) for codes in layer["codes"]])


def check(areas: gpd.GeoDataFrame, code: str = "code") -> TilingReport:
    """Look for gaps, overlaps and invalid geometries among areas that should tile a territory.

    `areas` is a frame of polygons with a CRS and a column of codes. Invalid ones are repaired first (see
    `repair`) and reported. A gap is a hole of the union of all areas: a notch that is open to the outside
    is not one. An overlap is common ground of two areas of the same `kind`, if there is such a column: a
    dedicated area may lie over a general one, or fill a hole of it. Sizes are measured in the metric CRS of
    the place, the places themselves found in the CRS of the areas, where boundaries are as drawn.

    Raises InputError when the frame has no CRS or no such column.
    """
    system = crs.require(areas)
    if code not in areas.columns:
        raise InputError(f"the frame of areas has no column {code!r}")
    codes = [str(value) for value in areas[code]]
    given = np.asarray(areas.geometry.array, dtype=object)
    repaired, reasons = repair(given)
    invalid = [
        ("invalid", [codes[row]], reason or "No geometry", geometry or _finite(given[row]))
        for row, (geometry, reason) in enumerate(zip(repaired, reasons, strict=True))
        if reason or geometry is None
    ]

    rows = np.flatnonzero(~shapely.is_missing(repaired))
    polygons = repaired[rows]
    tree = shapely.STRtree(polygons)
    kinds = areas["kind"].astype(str).to_numpy()[rows] if "kind" in areas.columns else np.zeros(len(rows))
    touch = _TOUCH_DEGREES if system.is_geographic else _TOUCH_M

    overlaps = [
        ("overlap", sorted([codes[rows[left]], codes[rows[right]]]), "both areas cover it", part)
        for left, right, part in _overlaps(polygons, tree, kinds)
    ]
    holes = _holes(polygons)
    around: list[list[str]] = [[] for _ in holes]
    for hole, neighbour in tree.query(holes, predicate="dwithin", distance=touch).T:
        around[hole].append(codes[rows[neighbour]])
    gaps = [
        ("gap", sorted(neighbours), "no area covers it", hole)
        for hole, neighbours in zip(holes, around, strict=True)
    ]

    places = _measured(gaps + overlaps, system)
    places = places[places["thickness_m"] >= ROUNDING_M]
    thin = places["thickness_m"] < SLIVER_M
    places["finding"] = places["finding"].mask(thin, "sliver " + places["finding"])
    return TilingReport(
        areas=len(areas),
        gaps=places[places["finding"] == "gap"].reset_index(drop=True),
        overlaps=places[places["finding"] == "overlap"].reset_index(drop=True),
        slivers=places[thin].reset_index(drop=True),
        invalid=_measured(invalid, system),
    )


def repair(geometries: ArrayLike) -> tuple[Geometries, list[str | None]]:
    """Valid polygons in place of invalid ones, and what was wrong with each (None where nothing was).

    The rule is `ST_MakeValid(geom, 'method=structure')`: shells are united and holes taken away, whatever
    the direction of their rings; of the result the polygons are kept. Valid polygons come back as they are,
    None stays None. A geometry of which no polygon is left (a line, a ring without width, an empty one)
    becomes None with the reason, and so does a scribble whose repair would take minutes.
    """
    given = np.atleast_1d(np.asarray(geometries, dtype=object))
    repaired = given.copy()
    reasons: list[str | None] = [None] * len(given)
    sound = shapely.is_valid(given) & np.isin(shapely.get_type_id(given), _AREAL) & ~shapely.is_empty(given)
    for position in np.flatnonzero(~sound & ~shapely.is_missing(given)):
        geometry = given[position]
        if geometry.is_empty:
            repaired[position], reasons[position] = None, "Empty geometry"
        elif geometry.is_valid:
            repaired[position] = _polygons(geometry)
            reasons[position] = f"{geometry.geom_type} instead of a polygon"
        elif not np.isfinite(shapely.get_coordinates(geometry)).all():
            repaired[position], reasons[position] = None, "Coordinate that is not finite"
        elif (crossings := _crossings(geometry)) > MOST_CROSSINGS:
            repaired[position] = None
            reasons[position] = f"Its boundary crosses itself too often (about {crossings:,} times)"
        else:
            repaired[position] = _polygons(shapely.make_valid(geometry, method="structure"))
            reasons[position] = shapely.is_valid_reason(geometry)
    return repaired, reasons


def _crossings(geometry: shapely.Geometry) -> int:
    """About how often a boundary crosses itself, judged by evenly spread segments of it."""
    coordinates, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(geometry)), return_index=True
    )
    joined = ring[:-1] == ring[1:]
    segments = np.asarray(
        shapely.linestrings(np.stack([coordinates[:-1][joined], coordinates[1:][joined]], axis=1))
    )
    some = segments[:: max(1, len(segments) // _SAMPLED_SEGMENTS)]
    pairs = shapely.STRtree(segments).query(some, predicate="crosses").shape[1]
    return int(pairs / max(1, len(some)) * len(segments) / 2)


def _polygons(geometry: shapely.Geometry) -> shapely.Geometry | None:
    parts = shapely.get_parts(shapely.get_parts(geometry))
    # United, because the members of a collection may overlap where those of a MultiPolygon may not.
    areal = shapely.union_all(parts[np.isin(shapely.get_type_id(parts), _AREAL)])
    return None if areal.is_empty else areal


def _finite(geometry: shapely.Geometry | None) -> shapely.Geometry | None:
    """The geometry if it can be drawn."""
    return geometry if np.isfinite(shapely.get_coordinates(geometry)).all() else None


def _overlaps(
    polygons: Geometries, tree: shapely.STRtree, kinds: NDArray[np.generic]
) -> Iterator[tuple[int, int, shapely.Geometry]]:
    """Positions of two polygons of one kind, and each connected part of what they have in common."""
    left, right = tree.query(polygons)
    pairs = (left < right) & (kinds[left] == kinds[right])
    left, right = left[pairs], right[pairs]
    parts, pair = _areal_parts(shapely.intersection(polygons[left], polygons[right]))
    yield from zip(left[pair], right[pair], parts, strict=True)


def _holes(polygons: Geometries) -> Geometries:
    """The holes of the union of all polygons, less the islands in them."""
    parts = shapely.get_parts(shapely.union_all(polygons))
    holes = np.array([shapely.Polygon(ring) for part in parts for ring in part.interiors], dtype=object)
    hole, island = shapely.STRtree(parts).query(holes, predicate="contains")
    for position in np.unique(hole):
        islands = shapely.union_all(parts[island[hole == position]])
        holes[position] = shapely.difference(holes[position], islands)
    return _areal_parts(holes)[0]


def _areal_parts(geometries: Geometries) -> tuple[Geometries, _Positions]:
    """The polygons that geometries are made of, and the position of the geometry that each comes from."""
    parts, source = shapely.get_parts(geometries, return_index=True)
    areal = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    return parts[areal], source[areal]


def _measured(places: Sequence[_Place], system: CRS) -> gpd.GeoDataFrame:
    findings, codes, reasons, geometries = zip(*places, strict=True) if places else ((), (), (), ())
    frame = gpd.GeoDataFrame(
        {
            "finding": pd.Series(findings, dtype=str),
            "codes": pd.Series(codes, dtype=object),
            "area_m2": 0.0,
            "thickness_m": 0.0,
            "reason": pd.Series(reasons, dtype=str),
        },
        geometry=list(geometries),
        crs=system,
    )
    if places:
        metric = crs.project(frame)
        frame["area_m2"] = metric.area.fillna(0.0)
        frame["thickness_m"] = (2 * metric.area / metric.length).fillna(0.0)
    return frame.sort_values("area_m2", ascending=False, kind="stable", ignore_index=True)


def _count(frame: gpd.GeoDataFrame, noun: str) -> str:
    size = f" ({frame.area_m2.sum():,.1f} m²)" if len(frame) else ""
    return f"{len(frame)} {noun}{'' if len(frame) == 1 else 's'}{size}"


def _line(place: dict[Hashable, Any]) -> str:
    codes, size = place["codes"], f"{place['area_m2']:,.1f} m²"
    if place["finding"] == "invalid":
        left = f"{size} after repair" if place["area_m2"] else "nothing is left after repair"
        return f"invalid {codes[0]}: {place['reason']}; {left}"
    shown = " and ".join(codes) if len(codes) <= 2 else ", ".join(codes[:5])
    shown += f" and {len(codes) - 5} more" if len(codes) > 5 else ""
    return f"{place['finding']} between {shown}: {size}, {place['thickness_m']:.2f} m thick"
