"""The checks that every import shares, a column at a time; a row keeps the first reason that refuses it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError

from gridmap.errors import InputError
from gridmap.geo import crs
from gridmap.geo.crs import Geometries
from gridmap.ingest import dates, fields
from gridmap.ingest.cells import SUSPECT, is_altered, safe, shown, tidy
from gridmap.ingest.source import Fault, Source, arrow
from gridmap.types import CHINA_TIME, Crs, Point

MAX_VERTICES: Final = 1_000_000
LARGEST_NUMBER: Final = 1e9

# The same place in two systems is within this many degrees (about a metre) when the systems agree.
_SAME_PLACE: Final = 1e-5
_SAMPLE: Final = 100
_EPSG: Final = {"wgs84": "EPSG:4326", "cgcs2000": "EPSG:4490"}
_MAX_TAGS: Final = 64
_WKT_HEAD: Final = 1 << 20
_NULLS: Final = pa.array(["NULL", "null", "None", "none", "\\N"], pa.large_string())
_MONTH: Final = r"^(\d{4})\s*[-/.年]?\s*(0?[1-9]|1[0-2])\s*月?$"
_YES: Final = frozenset({"yes", "y", "true", "t", "1", "是", "有"})
_NO: Final = frozenset({"no", "n", "false", "f", "0", "否", "无", "無"})

Mask: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Cleaned:
    """What of a file can be stored, and why the rest cannot.

    `accepted` is in EPSG:4490 where it has a geometry; text that the file leaves empty is missing, and `row`
    holds the source's row numbers. `rejected` has row, field (the file's own column), value and reason, once
    for each refused row; value is short, printable and, like every export, safe to open in a spreadsheet.
    `mapping` tells the column of each field. `new_kinds` are names of kinds that the dictionary lacks.
    `original`, of areas only, is parallel to `accepted`: each boundary in EPSG:4490 before any repair, the
    accepted object itself where nothing was repaired.
    """

    file: str
    accepted: gpd.GeoDataFrame
    rejected: pd.DataFrame
    notices: list[str]
    mapping: dict[str, str]
    new_kinds: list[str] = field(default_factory=list)
    original: Geometries | None = None

    def lines(self) -> list[str]:
        """One line for each rejected row: file, row, field, what is wrong and how to mend it."""
        return [
            str(InputError(reason, file=self.file, row=row, field=label or None))
            for row, label, _, reason in self.rejected.itertuples(index=False)
        ]

    def reject(self, where: pd.Series, name: str, reasons: Sequence[str]) -> Cleaned:
        """The same with the accepted rows at `where` refused too, for one reason each."""
        out = self.accepted[where]
        label = self.mapping.get(name, name)
        faults = [
            Fault(int(row), label, safe(str(value)), reason)
            for row, value, reason in zip(out["row"], out[name], reasons, strict=True)
        ]
        return replace(
            self,
            accepted=self.accepted[~where].reset_index(drop=True),
            original=None if self.original is None else self.original[~where.to_numpy(bool)],
            rejected=_faults([Fault(*fault) for fault in self.rejected.itertuples(index=False)] + faults),
        )


def _faults(faults: list[Fault]) -> pd.DataFrame:
    ordered = sorted(faults, key=lambda fault: fault.row)
    return pd.DataFrame(ordered, columns=Fault._fields).astype({"row": np.int64})


class Checks:
    """The rows of a source while they are judged."""

    def __init__(self, source: Source, kind: str, given: Mapping[str, str]) -> None:
        self.source = source
        self.mapping = fields.guess(source.frame.columns, kind, given, source.name)
        self.sound: Mask = np.ones(len(source.rows), dtype=bool)
        self.notices = list(source.notices)
        self._faults = list(source.faults)
        guessed = [
            f"{name}={shown(column)}"
            for name, column in self.mapping.items()
            if name not in given and name != column
        ]
        if guessed:
            self.notices.append(f"columns guessed: {', '.join(guessed)}")

    def reject(self, where: Mask, name: str, reason: str | Callable[[int], str], value: str = "") -> None:
        """Refuse the rows that were sound so far; `reason` may be told from the position of the row."""
        label = self.mapping.get(name, name)
        out = np.flatnonzero(where & self.sound)
        cells = self.source.frame[label].iloc[out].tolist() if name in self.mapping else [value] * len(out)
        for position, row, cell in zip(out.tolist(), self.source.rows[out].tolist(), cells, strict=True):
            said = reason if isinstance(reason, str) else reason(position)
            self._faults.append(Fault(row, label, safe(cell), said))
        self.sound &= ~where

    def text(self, name: str, longest: int, *, required: bool = False) -> pd.Series:
        """The texts of a field, tidied; "" where there is none."""
        array = self._array(name)
        suspect = pc.match_substring_regex(array, SUSPECT)
        hits = np.flatnonzero(np.asarray(suspect))
        if len(hits):
            given = array.filter(suspect).to_pylist()
            tidied = [tidy(cell) for cell in given]
            kept = pa.array([text for text, _ in tidied], pa.large_string())
            array = pc.replace_with_mask(array, suspect, kept)
            refused = {at: reason for at, (_, reason) in zip(hits.tolist(), tidied, strict=True) if reason}
            self.reject(self.at(refused), name, lambda position: str(refused[position]))
            changed = sum(is_altered(cell) for cell in given)
            if changed:
                self.notices.append(
                    f"{self.mapping[name]}: invisible characters taken out of {changed:,} cells"
                )
        length = np.asarray(pc.utf8_length(array))
        self.reject(length > longest, name, f"is longer than {longest:,} characters: shorten it")
        if required:
            self.reject(length == 0, name, f"is empty: every row needs a {name}")
        return pd.Series(array.to_pandas())

    def number(self, name: str, *, whole: bool = False, required: bool = False) -> Floats:
        """Numbers from 0 to LARGEST_NUMBER, NaN where the cell is empty."""
        values, unreadable = self._numbers(name)
        self._reject_unreadable(unreadable, name)
        self.reject(values < 0, name, "is negative: write 0 or more, or leave it empty")
        self.reject(values > LARGEST_NUMBER, name, f"is larger than {LARGEST_NUMBER:,.0f}: check it")
        if whole:
            self.reject(np.isfinite(values) & (values != np.floor(values)), name, "is not a whole number")
        if required:
            self.reject(np.isnan(values), name, f"is empty: every row needs {name}")
        return values

    def moments(self, names: Iterable[str], now: datetime) -> dict[str, pd.Series]:
        """Moments in UTC, NaT where the cell is empty. The fields settle together which of day and month is first."""
        texts = {name: pd.Series(self._values(name).to_pandas()) for name in names}
        slash_order = dates.order(texts.values())
        found = {}
        for name, column in texts.items():
            found[name] = self._read_dates(name, column, slash_order, now)
        return found

    def days(self, name: str) -> pd.Series:
        """Days on the clock of China, NaT where the cell is empty; a month stands for its first day."""
        days = pc.replace_substring_regex(self._values(name), _MONTH, r"\1-\2-01")
        texts = pd.Series(days.to_pandas())
        moments = self._read_dates(name, texts, dates.order([texts]), datetime.now(UTC))
        naive: pd.Series = moments.dt.tz_convert(CHINA_TIME).dt.tz_localize(None).dt.normalize()
        return naive

    def flag(self, name: str) -> pd.Series:
        """True, False, or None where the cell is empty."""
        texts = self.text(name, 20)
        known = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False), "": None}
        unknown = ~texts.str.casefold().isin(list(known)).to_numpy(bool)
        self.reject(unknown, name, "is neither yes nor no: write yes, no, or leave it empty")
        return pd.Series([known.get(text.casefold()) for text in texts], dtype=object)

    def choice(self, name: str, names: Mapping[str, str]) -> tuple[pd.Series, pd.Series]:
        """The code of each text by `names` (case-folded text → code), missing where none fits; and the texts."""
        texts = self.text(name, 200)
        positions, distinct = pd.factorize(texts)
        codes = pd.array([names.get(text.casefold()) for text in distinct], dtype="str")
        return pd.Series(codes).take(positions).reset_index(drop=True), texts

    def unique(self, keys: pd.Series, name: str, mend: str = "each row needs its own") -> None:
        """Refuse the rows whose key a row above them has; `mend` says what to do."""
        sound = keys[self.sound]
        repeated = sound.index[sound.duplicated().to_numpy(bool)]
        if not len(repeated):
            return
        first = dict(zip(sound[::-1], self.source.rows[sound.index[::-1]].tolist(), strict=True))
        self.reject(
            self.at(repeated),
            name,
            lambda position: (
                f"{name} {shown(str(keys[position]))!r} is already in row {first[keys[position]]}: {mend}"
            ),
            value="",
        )

    def points(self, declared: str, *, required: bool) -> tuple[Floats, Floats]:
        """Coordinates as declared and in EPSG:4490, both (n, 2) with NaN where a row has none or is refused."""
        geometry = self._given_geometry()
        if geometry is not None:
            xy = self._positions(geometry)
        elif "lng" in self.mapping and "lat" in self.mapping:
            xy = np.column_stack([self._degrees("lng"), self._degrees("lat")])
        elif required or "lng" in self.mapping or "lat" in self.mapping:
            missing = "lat" if "lng" in self.mapping else "lng"
            have = fields.have([str(label) for label in self.source.frame])
            raise InputError(
                f"no column for {missing}: say --map {missing}=COLUMN; {have}",
                file=self.source.name,
            )
        else:
            xy = np.full((len(self.sound), 2), np.nan)
        there = ~np.isnan(xy)
        self.reject(
            there[:, 0] & ~there[:, 1], "lat", "is empty although there is a longitude: give both or neither"
        )
        self.reject(
            there[:, 1] & ~there[:, 0], "lng", "is empty although there is a latitude: give both or neither"
        )
        place = "geometry" if geometry is not None else "lng"
        if required:
            self.reject(~there[:, 0] & ~there[:, 1], place, "has no coordinates: every row needs a place")
        located = _complete(xy)
        self._compare_systems(declared, xy[located])
        self._judge(xy, located, declared, place)
        self.reject(
            located & (xy[:, 0] == 0) & (xy[:, 1] == 0),
            place,
            "has the coordinates (0, 0), a placeholder: give the true place",
        )
        stored = np.full_like(xy, np.nan)
        placed = located & self.sound
        stored[placed] = crs.to_storage(xy[placed], declared)
        self._reject_unreached(stored, placed, xy, declared, place)
        xy[~self.sound] = stored[~self.sound] = np.nan
        return xy, stored

    def shapes(self, declared: str, kinds: Sequence[str]) -> Geometries:
        """Geometries in EPSG:4490 of the given types, None where the row is refused; polygons not repaired."""
        geometry = self._given_geometry()
        if geometry is None and "Point" in kinds and "lng" in self.mapping:
            _, stored = self.points(declared, required=True)
            points: Geometries = np.full(len(stored), None, dtype=object)
            points[self.sound] = shapely.points(stored[self.sound])
            return points
        if geometry is None:
            raise InputError(
                "has no geometries: give a file of shapes, or a column of WKT", file=self.source.name
            )
        absent = shapely.is_missing(geometry) | shapely.is_empty(geometry)
        self.reject(absent, "geometry", "has no geometry: draw it or leave the row out")
        self.reject(
            ~np.isin(shapely.get_type_id(geometry), [shapely.GeometryType[kind.upper()] for kind in kinds]),
            "geometry",
            lambda position: _mistyped(geometry[position].geom_type, " or ".join(kinds)),
        )
        vertices = shapely.get_num_coordinates(geometry)
        self.reject(
            vertices >= MAX_VERTICES,
            "geometry",
            lambda position: (
                f"has {vertices[position]:,} vertices; fewer than {MAX_VERTICES:,} are taken: simplify it"
            ),
        )
        bounds = shapely.bounds(geometry)
        finite = _complete(bounds)
        coordinates, owners = shapely.get_coordinates(geometry, return_index=True)
        finite[owners[~_complete(coordinates)]] = False
        self.reject(~finite, "geometry", "has a coordinate that is not a finite number: draw it again")
        self._compare_systems(declared, coordinates[_complete(coordinates)])
        for corner in (slice(0, 2), slice(2, 4)):
            self._judge(bounds[:, corner], finite, declared, "geometry")
        return self._stored(geometry, declared)

    def finish(self, columns: Mapping[str, Any], geometry: Geometries | None = None) -> Cleaned:
        """The sound rows with these columns; text that is empty becomes missing."""
        frame = pd.DataFrame({**columns, "row": self.source.rows})
        for name, column in frame.items():
            if isinstance(column.dtype, pd.StringDtype):
                frame[name] = column.mask(column == "")
        accepted = gpd.GeoDataFrame(frame[self.sound].reset_index(drop=True))
        if geometry is not None:
            accepted = accepted.set_geometry(geometry[self.sound], crs=crs.STORAGE)
        return Cleaned(self.source.name, accepted, _faults(self._faults), self.notices, self.mapping)

    def at(self, positions: Iterable[int]) -> Mask:
        """A mask of these positions."""
        where = np.zeros(len(self.sound), dtype=bool)
        where[list(positions)] = True
        return where

    def _array(self, name: str) -> Any:
        """The cells of a field as one Arrow array; "" where no column fills it."""
        if name not in self.mapping:
            return pa.repeat(pa.scalar("", pa.large_string()), len(self.sound))
        return arrow(self.source.frame[self.mapping[name]])

    def _values(self, name: str) -> Any:
        """Cells that are no prose: trimmed, "" for what databases print as null."""
        trimmed = pc.utf8_trim_whitespace(self._array(name))
        return pc.if_else(pc.is_in(trimmed, _NULLS), "", trimmed)

    def _numbers(self, name: str) -> tuple[Floats, Mask]:
        """Finite numbers, NaN elsewhere; and where a text is not one."""
        array = self._values(name)
        empty = pc.equal(array, "")
        try:
            values = np.asarray(pc.if_else(empty, None, array).cast(pa.float64()).fill_null(np.nan))
        except pa.ArrowInvalid:
            values = np.array([_number(text) for text in array.to_pylist()], dtype=np.float64)
        values = np.where(np.isfinite(values), values, np.nan)
        return values, np.isnan(values) & ~np.asarray(empty)

    def _reject_unreadable(self, where: Mask, name: str) -> None:
        def reason(position: int) -> str:
            cell = str(self.source.frame[self.mapping[name]].iat[position])
            return tidy(cell)[1] or "is not a finite number: write digits only"

        self.reject(where, name, reason)

    def _read_dates(self, name: str, texts: pd.Series, slash_order: dates.Order, now: datetime) -> pd.Series:
        moments, reasons = dates.parse(texts, slash_order, now)
        self.reject(reasons != "", name, lambda position: str(reasons[position]))
        return moments

    def _degrees(self, name: str) -> Floats:
        values, unreadable = self._numbers(name)
        self._reject_unreadable(unreadable, name)
        # A refused cell is not an empty one: the row must not be told that it lacks half of its coordinates.
        return np.where(unreadable, 0.0, values)

    def _given_geometry(self) -> Geometries | None:
        if self.source.geometry is not None:
            return self.source.geometry
        if "wkt" not in self.mapping or ("lng" in self.mapping and "lat" in self.mapping):
            return None
        texts = self._values("wkt").to_pylist()
        # GEOS reads nested collections by recursion, and enough of them exhaust the stack of the process.
        nested = [len(re.findall(r"[A-Za-z]\s*\(", text[:_WKT_HEAD])) > _MAX_TAGS for text in texts]
        given = [None if deep or not text else text for text, deep in zip(texts, nested, strict=True)]
        with np.errstate(all="ignore"):
            geometry: Geometries = shapely.force_2d(
                shapely.from_wkt(np.array(given, dtype=object), on_invalid="ignore")
            )
        unread = shapely.is_missing(geometry) & np.array([bool(text) for text in texts], dtype=bool)
        self.reject(
            unread, "wkt", "is not WKT such as POLYGON ((107.8 31.1, 107.9 31.1, 107.9 31.2, 107.8 31.1))"
        )
        return geometry

    def _positions(self, geometry: Geometries) -> Floats:
        types = shapely.get_type_id(geometry)
        single = (types == shapely.GeometryType.MULTIPOINT) & (shapely.get_num_geometries(geometry) == 1)
        points = np.where(single, shapely.get_geometry(geometry, 0), geometry)
        absent = shapely.is_missing(geometry) | shapely.is_empty(geometry)
        self.reject(
            ~absent & ~single & (types != shapely.GeometryType.POINT),
            "geometry",
            lambda position: (
                f"is a {geometry[position].geom_type} where a Point is needed: give one position"
            ),
        )
        points[absent] = None
        xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
        self.reject(~absent & ~_complete(xy), "geometry", "has a coordinate that is not a finite number")
        xy[~_complete(xy)] = np.nan
        return xy

    def _judge(self, xy: Floats, there: Mask, declared: str, place: str) -> None:
        """Refuse what cannot be positions of the declared system, by the rule of `types.Point` for degrees."""
        inside = (np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 90)
        if _in_degrees(declared):
            self.reject(there & ~inside, place, lambda position: _misplaced(*xy[position].tolist()))
        else:
            self.reject(
                there & inside,
                place,
                lambda position: (
                    f"coordinates ({xy[position, 0]:g}, {xy[position, 1]:g}) look like degrees, "
                    f"but {declared} is not in degrees: declare the right system"
                ),
            )

    def _reject_unreached(self, stored: Floats, placed: Mask, xy: Floats, declared: str, place: str) -> None:
        with np.errstate(invalid="ignore"):
            reached = (np.abs(stored[:, 0]) <= 180) & (np.abs(stored[:, 1]) <= 90)
        self.reject(
            placed & ~reached,
            place,
            lambda position: (
                f"coordinates ({xy[position, 0]:g}, {xy[position, 1]:g}) lie outside the reach of {declared}"
            ),
        )

    def _stored(self, geometry: Geometries, declared: str) -> Geometries:
        kept = geometry.copy()
        kept[~self.sound] = None
        try:
            stored = crs.geometries_to_storage(kept, declared)
        except InputError:
            # One vertex out of reach refuses its own row only.
            stored = np.full(len(kept), None, dtype=object)
            for position in np.flatnonzero(self.sound):
                try:
                    stored[position] = crs.geometries_to_storage(kept[[position]], declared)[0]
                except InputError as error:
                    self.reject(self.at([int(position)]), "geometry", str(error))
        bounds = shapely.bounds(stored)
        for corner in (slice(0, 2), slice(2, 4)):
            self._reject_unreached(
                bounds[:, corner], self.sound.copy(), bounds[:, corner], declared, "geometry"
            )
        stored[~self.sound] = None
        return stored

    def _compare_systems(self, declared: str, xy: Floats) -> None:
        """Hold the declared system against what the file says of itself; raises InputError that names both."""
        if self.source.stated_crs is None:
            return
        stated = pyproj.CRS.from_user_input(self.source.stated_crs)
        label = (
            f"{self.source.stated_crs} ({stated.name})" if len(self.source.stated_crs) < 20 else stated.name
        )
        if declared in (Crs.GCJ02, Crs.BD09):
            agrees = bool(stated.is_geographic)
            if agrees:
                self.notices.append(
                    f"the file says {label}, as exporters do by habit; it is read as {declared}, as declared"
                )
        else:
            sample = xy[:: max(1, len(xy) // _SAMPLE)]
            said = _to_storage(self.source.stated_crs, sample)
            read = crs.to_storage(sample, declared)
            both = _complete(said) & _complete(read)
            agrees = not len(sample) or bool(both.any() and (np.abs(said - read)[both] < _SAME_PLACE).all())
            # PROJ knows no way between the old Chinese datums and today's without grids, and assumes none.
            known = pyproj.CRS.from_user_input(_EPSG.get(declared, declared))
            agrees &= _ellipsoid_m(stated) == _ellipsoid_m(known)
        if not agrees:
            raise InputError(
                f"says that its coordinates are {label}, but {declared} was declared: declare what is true of "
                "them, or remove the statement",
                file=self.source.name,
            )


@cache
def _transformer(stated: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(stated, crs.STORAGE, always_xy=True)


def _to_storage(stated: str, xy: Floats) -> Floats:
    """Positions of a system that a file states in EPSG:4490; inf where PROJ knows no way."""
    try:
        return np.column_stack(_transformer(stated).transform(xy[:, 0], xy[:, 1]))
    except ProjError:
        return np.full_like(xy, np.inf)


def _complete(xy: Floats) -> Mask:
    """Which rows have nothing but finite numbers."""
    complete: Mask = np.logical_and.reduce(np.isfinite(xy), axis=1)
    return complete


def _ellipsoid_m(system: pyproj.CRS) -> int | None:
    """The larger half axis: 6378137 (WGS 84, CGCS2000), 6378245 (Beijing 1954), 6378140 (Xian 1980)."""
    return round(system.ellipsoid.semi_major_metre) if system.ellipsoid else None


def _in_degrees(declared: str) -> bool:
    return not declared.startswith("EPSG:") or bool(pyproj.CRS.from_user_input(declared).is_geographic)


def _mistyped(found: str, needed: str) -> str:
    mend = "take it apart and keep one" if found == "GeometryCollection" else "draw it as one"
    return f"is a {found} where {needed} is needed: {mend}, or leave the row out"


def _misplaced(x: float, y: float) -> str:
    try:
        Point(x, y)
    except InputError as error:
        return str(error)
    return ""


def _number(text: str) -> float:
    """A number as people write it: full-width digits, commas between thousands."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    try:
        return float(plain) if "_" not in plain else np.nan
    except ValueError:
        return np.nan
