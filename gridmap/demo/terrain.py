"""The lie of the land: outline, river, railway and the main roads, in metres around the town's centre."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiLineString, Polygon

Floats = NDArray[np.float64]

AREA_PER_GRID_M2 = 20e6 / 150
ASPECT = 1.28
TURN = math.radians(-8)
BANK_M = 17.0
RAIL_ROAD_M = 85.0
AVENUE = 700


@dataclass(frozen=True, slots=True)
class Road:
    """A street before it is cut at its junctions. `street` is shared by all pieces of one street."""

    line: LineString
    rank: str
    street: int
    bridge: bool = False


@dataclass(frozen=True, slots=True)
class Terrain:
    """x, y in metres, centre of the town at the origin, x east, y north."""

    radius: float
    outline: Polygon
    water: Polygon
    corridor: Polygon
    west: Polygon
    country: Polygon
    current: LineString
    railway: LineString
    cuts: list[LineString]
    roads: list[Road]

    def remoteness(self, x: Floats, y: Floats) -> Floats:
        """0 in the centre, about 1 at the outline."""
        return np.hypot(x / ASPECT**0.5, y * ASPECT**0.5) / self.radius


class Warp:
    """A smooth displacement that bends a lattice (u, v) into country (x, y), river and all."""

    def __init__(self, rng: np.random.Generator, river_u: float) -> None:
        self.river_u = river_u
        self.phase = rng.uniform(0, 2 * np.pi, 6)
        self.length = rng.uniform(2600, 3900, 6)

    def __call__(self, u: Floats, v: Floats) -> Floats:
        """Arrays (n,), (n,) to points (n, 2)."""
        wave = [2 * np.pi / length for length in self.length]
        meander = 235 * np.sin(v * wave[0] * 1.25 + self.phase[0]) + 70 * np.sin(
            v * wave[1] * 2.3 + self.phase[1]
        )
        x = u + meander * np.exp(-(((u - self.river_u) / 1100) ** 2))
        x = x + 105 * np.sin((v + 0.5 * u) * wave[2] + self.phase[2])
        y = v + 135 * np.sin((u - 0.4 * v) * wave[3] + self.phase[3])
        y = y + 55 * np.sin((0.7 * u + v) * wave[4] * 1.9 + self.phase[4])
        return np.column_stack(
            [x * math.cos(TURN) - y * math.sin(TURN), x * math.sin(TURN) + y * math.cos(TURN)]
        )


def shape(rng: np.random.Generator, grids: int) -> Terrain:
    """Draw the terrain for a town of that many grids."""
    area = AREA_PER_GRID_M2 * grids
    height = math.sqrt(area / ASPECT)
    width = height * ASPECT
    warp = Warp(rng, -0.07 * width)
    outline = _outline(rng, warp, width, height, area)

    columns = _positions(rng, warp.river_u + 330, width * 0.62, 560, 820) + [
        2 * warp.river_u - u
        for u in _positions(rng, warp.river_u + 350, width * 0.62 + 2 * warp.river_u, 560, 820)
    ]
    rail_v = 0.29 * height
    south = _positions(rng, rng.uniform(60, 160), height * 0.66, 470, 700)
    rows = [-v for v in south] + [
        v for v in _positions(rng, 300.0 - south[0], rail_v, 430, 620) if v < rail_v - RAIL_ROAD_M - 260
    ]
    country = _positions(rng, rail_v + 430, height * 0.66, 560, 800)

    current = _river(warp, height)
    left, right = (_bank(current, height, side, BANK_M) for side in (-1, 1))
    water = _between(*(_bank(current, height, side, 0.0) for side in (-1, 1))).intersection(outline)
    corridor = _between(left, right)
    rail = _rail(warp, width, rail_v)
    roads = _lattice(rng, warp, sorted(columns), sorted(rows), country, rail_v, width, height, corridor)
    roads += [Road(left, "secondary", 900), Road(right, "secondary", 901)]
    roads += _crossroads(rng, warp, rows, rail_v, height)
    roads = [
        Road(piece, road.rank, road.street, road.bridge)
        for road in roads
        for piece in _lines(road.line.intersection(outline))
        if piece.length > 40
    ]
    return Terrain(
        math.sqrt(area) / 2,
        outline,
        water,
        corridor,
        _beside(current, (-6 * width, 0)),
        _beside(rail, (0, 6 * height)),
        current,
        rail,
        _transversals(current, left, right) + _sidings(warp, width, rail_v),
        roads,
    )


def _positions(rng: np.random.Generator, first: float, last: float, low: float, high: float) -> list[float]:
    positions = [first]
    while positions[-1] < last:
        positions.append(positions[-1] + rng.uniform(low, high))
    return positions


def _outline(rng: np.random.Generator, warp: Warp, width: float, height: float, area: float) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    radius = (np.abs(np.cos(angle)) ** 2.7 + np.abs(np.sin(angle)) ** 2.7) ** (-1 / 2.7)
    for k, size in ((2, 0.03), (3, 0.055), (5, 0.045), (7, 0.03), (11, 0.022)):
        radius = radius * (1 + size * np.sin(k * angle + rng.uniform(0, 2 * np.pi)))
    radius *= 1 + rng.normal(0, 0.012, len(angle))
    ring = Polygon(warp(radius * np.cos(angle) * width / 2, radius * np.sin(angle) * height / 2))
    factor = math.sqrt(area / ring.area)
    return shapely.affinity.scale(ring, factor, factor, origin=(0, 0))


def _densify(a: tuple[float, float], b: tuple[float, float], step: float) -> Floats:
    count = max(2, round(math.dist(a, b) / step) + 1)
    return np.column_stack([np.linspace(a[0], b[0], count), np.linspace(a[1], b[1], count)])


def _river(warp: Warp, height: float) -> LineString:
    uv = _densify((warp.river_u, -height * 0.75), (warp.river_u, height * 0.75), 55)
    return LineString(warp(uv[:, 0], uv[:, 1]))


def _bank(current: LineString, height: float, side: int, beyond: float) -> LineString:
    """The current shifted to its left (-1) or right (1) by half of its width and `beyond` metres."""
    points = shapely.get_coordinates(current)
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1)[:, None]
    v = points[:, 1]
    half = (80 + 14 * np.sin(v / 410) + 5 * np.sin(v / 173)) / 2
    across = np.column_stack([along[:, 1], -along[:, 0]])
    return LineString(points + side * across * (half + beyond)[:, None])


def _between(left: LineString, right: LineString) -> Polygon:
    return Polygon(np.vstack([shapely.get_coordinates(left), shapely.get_coordinates(right)[::-1]]))


def _beside(line: LineString, shift: tuple[float, float]) -> Polygon:
    """The land that the line sweeps when it is moved by `shift`."""
    points = shapely.get_coordinates(line)
    return Polygon(np.vstack([points, points[::-1] + shift]))


def _rail_v(u: Floats, rail_v: float) -> Floats:
    return rail_v + 90 * np.sin(u / 1300)


def _rail(warp: Warp, width: float, rail_v: float) -> LineString:
    u = np.linspace(-0.8 * width, 0.8 * width, max(2, round(width / 60)))
    return LineString(warp(u, _rail_v(u, rail_v)))


def _lattice(
    rng: np.random.Generator,
    warp: Warp,
    columns: list[float],
    rows: list[float],
    country: list[float],
    rail_v: float,
    width: float,
    height: float,
    corridor: Polygon,
) -> list[Road]:
    far = 0.8
    us = [-far * width, *columns, far * width]
    vs = [-far * height, *rows]
    vs.append(rail_v)
    station_row = len(vs) - 1
    nudge_u = rng.normal(0, 42, (len(us), len(vs) + 1 + len(country)))
    nudge_v = rng.normal(0, 38, (len(us), len(vs) + 1 + len(country)))
    levels = [*vs, *country]

    def node(i: int, j: int) -> tuple[float, float]:
        u = us[i] + nudge_u[i, j]
        if j == station_row:
            return u, float(_rail_v(np.array(u), rail_v)) - RAIL_ROAD_M
        wave = float(_rail_v(np.array(u), 0.0)) if j > station_row else 0.0
        return u, levels[j] + nudge_v[i, j] + wave

    def piece(a: tuple[float, float], b: tuple[float, float], along_rail: bool = False) -> LineString:
        uv = _densify(a, b, 75)
        lengthwise = int(abs(b[1] - a[1]) > abs(b[0] - a[0]))
        t = np.linspace(0, 1, len(uv))
        across = 1 - lengthwise
        uv[:, across] = a[across] + (b[across] - a[across]) * t * t * (3 - 2 * t)
        if along_rail:
            uv[:, 1] = _rail_v(uv[:, 0], rail_v) - RAIL_ROAD_M
        return LineString(warp(uv[:, 0], uv[:, 1]))

    middle = 1 + rows.index(min(rows, key=lambda v: abs(v - 60)))
    second = 1 + rows.index(min(rows, key=lambda v: abs(v + 0.27 * height)))
    main = 1 + columns.index(
        min((u for u in columns if u > warp.river_u), key=lambda u: abs(u - 0.12 * width))
    )
    west = 1 + columns.index(max(u for u in columns if u < warp.river_u))
    crossing = {main, west, *(i for i in range(2, len(us) - 1) if i % 3 == 0)}

    roads: list[Road] = []
    for j in range(1, len(levels)):
        for i in range(len(us) - 1):
            rank = "primary" if j == middle else "secondary" if j in (second, station_row) else "tertiary"
            if j > station_row:
                rank = "residential"
            remote = abs(us[i] + us[i + 1]) / width + abs(levels[j]) / height
            if rank in ("tertiary", "residential") and rng.random() < 0.10 + 0.22 * remote:
                continue
            line = piece(node(i, j), node(i + 1, j), j == station_row)
            street = 100 + j
            if not line.intersects(corridor):
                roads.append(Road(line, rank, street))
                continue
            for part in _lines(line.difference(corridor)):
                side = 0 if part.centroid.x < corridor.intersection(line).centroid.x else 50
                roads.append(Road(part, rank, street if j in (middle, second) else street + side))
            if j in (middle, second):
                roads += [Road(part, rank, street, True) for part in _lines(line.intersection(corridor))]
    for i in range(1, len(us) - 1):
        for j in range(len(levels)):
            last = j == len(levels) - 1
            if j >= station_row and i not in crossing:
                continue
            rank = "primary" if i == main and j < station_row else "secondary" if i == west else "tertiary"
            if j > station_row:
                rank = "residential"
            remote = abs(us[i]) * 2 / width + abs(levels[j]) / height
            if rank == "tertiary" and j != station_row and rng.random() < 0.06 + 0.16 * remote:
                continue
            end = (us[i], far * height) if last else node(i, j + 1)
            for part in _lines(piece(node(i, j), end).difference(corridor)):
                roads.append(Road(part, rank, 300 + i))
    return roads


def _crossroads(
    rng: np.random.Generator, warp: Warp, rows: list[float], rail_v: float, height: float
) -> list[Road]:
    """The avenue that runs aslant from the railway station to the middle of the town."""
    top = (0.30 * height, float(_rail_v(np.array(0.30 * height), rail_v)) - RAIL_ROAD_M)
    uv = _densify(top, (warp.river_u + 330, min(rows, key=lambda v: abs(v - 60)) + rng.uniform(-20, 20)), 75)
    return [Road(LineString(warp(uv[:, 0], uv[:, 1])), "secondary", AVENUE)]


def _transversals(current: LineString, left: LineString, right: LineString) -> list[LineString]:
    """Lines across the river's strip, about every 330 m, that let grids share the water."""
    points = [shapely.get_coordinates(line) for line in (left, current, right)]
    return [LineString([part[i] for part in points]) for i in range(3, len(points[0]) - 1, 6)]


def _sidings(warp: Warp, width: float, rail_v: float) -> list[LineString]:
    """Lines from the road along the railway to the rails, about every 190 m; both ends overshoot by 2 m."""
    lines = []
    for u in np.arange(-0.7 * width, 0.7 * width, 190.0):
        rail = float(_rail_v(np.array(u), rail_v))
        lines.append(LineString(warp(np.array([u, u]), np.array([rail - RAIL_ROAD_M - 2, rail + 2]))))
    return lines


def _lines(geometry: shapely.Geometry) -> list[LineString]:
    """The lines of an overlay's result, whatever its type."""
    if isinstance(geometry, LineString):
        return [] if geometry.is_empty else [geometry]
    if isinstance(geometry, MultiLineString) or hasattr(geometry, "geoms"):
        return [line for part in geometry.geoms for line in _lines(part)]
    return []
