"""The lie of the land: outline, river, railway and main roads, in metres around the town's centre."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.affinity import scale

Floats = NDArray[np.float64]

AREA_PER_GRID_M2 = 20e6 / 150
# The town is wider than high, and its lattice of roads is turned a little out of the compass.
ASPECT = 1.28
TURN = math.radians(-8)
# Numbers of the streets that have a name of their own; cuts are numbered from FIRST_CUT on.
WEST_BANK, EAST_BANK, AVENUE, BOULEVARD, MAIN, SECOND, WEST_RAILS, EAST_RAILS = range(1, 9)
FIRST_ROW, FIRST_COLUMN, FIRST_CUT = 100, 500, 1000
BANK_M = 17.0
RAIL_ROAD_M = 85.0
# Roads are drawn beyond the outline by this factor and cut off there.
BEYOND = 0.8


@dataclass(frozen=True, slots=True)
class Road:
    """A piece of a street. `street` is the number that all pieces of one street share."""

    line: LineString
    rank: str
    street: int
    bridge: bool = False


@dataclass(frozen=True, slots=True)
class Terrain:
    """x east, y north in metres, the centre of the town at the origin.

    `corridor` is the river between its bank roads, `current` its middle line; `west` and `country` are the
    lands west of the river and north of the railway. `cuts` divide the strips along river and railway.
    """

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

    def remoteness(self, x: float, y: float) -> float:
        """0 in the centre, about 1 at the outline."""
        return math.hypot(x / ASPECT**0.5, y * ASPECT**0.5) / self.radius


class Warp:
    """A smooth displacement that bends a lattice (u, v) into country (x, y), along a winding river."""

    def __init__(self, rng: np.random.Generator, river_u: float) -> None:
        self.river_u = river_u
        self.phase = rng.uniform(0, 2 * np.pi, 6)
        self.wave = 2 * np.pi / rng.uniform(2600, 3900, 6)

    def __call__(self, u: Floats, v: Floats) -> Floats:
        """Arrays (n,), (n,) to points (n, 2)."""
        wave, phase = self.wave, self.phase
        bends = 235 * np.sin(v * wave[0] * 1.25 + phase[0]) + 70 * np.sin(v * wave[1] * 2.3 + phase[1])
        x = u + bends * np.exp(-(((u - self.river_u) / 1100) ** 2))
        x = x + 105 * np.sin((v + 0.5 * u) * wave[2] + phase[2])
        y = v + 135 * np.sin((u - 0.4 * v) * wave[3] + phase[3])
        y = y + 55 * np.sin((0.7 * u + v) * wave[4] * 1.9 + phase[4])
        cos, sin = math.cos(TURN), math.sin(TURN)
        return np.column_stack([x * cos - y * sin, x * sin + y * cos])

    def line(self, uv: Floats) -> LineString:
        """The line through lattice points (n, 2)."""
        return LineString(self(uv[:, 0], uv[:, 1]))


def shape(rng: np.random.Generator, grids: int) -> Terrain:
    """Draw the terrain of a town of that many grids."""
    area = AREA_PER_GRID_M2 * grids
    height = math.sqrt(area / ASPECT)
    width = height * ASPECT
    warp = Warp(rng, -0.07 * width)
    outline = _outline(rng, warp, width, height, area)
    current = _current(warp, height)
    left, right = (_bank(current, side, BANK_M) for side in (-1, 1))
    corridor = _between(left, right)
    water = largest(_between(*(_bank(current, side, 0.0) for side in (-1, 1))).intersection(outline))
    lattice = Lattice(rng, warp, width, height)
    roads = [
        Road(left, "secondary", WEST_BANK),
        Road(right, "secondary", EAST_BANK),
        lattice.avenue(rng),
        *lattice.rows(rng, corridor, current),
        *lattice.columns(rng, corridor),
    ]
    railway = lattice.railway()
    crossings = shapely.union_all([railway, *(road.line for road in roads if road.bridge)])
    transversals = [line for line in _transversals(left, current, right) if line.distance(crossings) > 60]
    return Terrain(
        radius=math.sqrt(area) / 2,
        outline=outline,
        water=water,
        corridor=corridor,
        west=_swept(current, (-6 * width, 0)),
        country=_swept(railway, (0, 6 * height)),
        current=current,
        railway=railway,
        cuts=transversals + lattice.sidings(),
        roads=[
            Road(piece, road.rank, road.street, road.bridge)
            for road in roads
            for piece in lines(road.line.intersection(outline))
        ],
    )


class Lattice:
    """Main roads as columns of constant u and rows of constant v, with nudged crossings.

    Level `station` is the road along the railway; the levels above it lie in the country. Rows `main` and
    `second` cross the river; columns in `through` cross the railway.
    """

    def __init__(self, rng: np.random.Generator, warp: Warp, width: float, height: float) -> None:
        self.warp, self.width, self.height = warp, width, height
        self.rail_v = 0.29 * height
        river = warp.river_u
        east = _positions(rng, river + 330, width * 0.62, 560, 820)
        west = _positions(rng, 350 - river, width * 0.62, 560, 820)
        self.us = sorted([-BEYOND * width, *east, *(-u for u in west), BEYOND * width])
        south = _positions(rng, rng.uniform(60, 160), height * 0.66, 470, 700)
        north = _positions(rng, 300 - south[0], self.rail_v, 430, 620)
        town = sorted([*(-v for v in south), *(v for v in north if v < self.rail_v - RAIL_ROAD_M - 260)])
        country = _positions(rng, self.rail_v + 430, height * 0.66, 560, 800)
        self.vs = [-BEYOND * height, *town, self.rail_v, *country]
        self.station = len(town) + 1
        self.nudge = rng.normal(0, 40, (len(self.us), len(self.vs), 2))
        self.main = self.vs.index(min(town, key=lambda v: abs(v - 60)))
        others = [v for v in town if v != self.vs[self.main]]
        self.second = self.vs.index(min(others, key=lambda v: abs(v + 0.27 * height)))
        self.boulevard = self.us.index(min(east, key=lambda u: abs(u - 0.12 * width)))
        self.western = self.us.index(-west[0])
        self.through = {self.boulevard, self.western, *range(3, len(self.us) - 1, 3)}

    def node(self, i: int, j: int) -> tuple[float, float]:
        """Where column i meets row j, in lattice coordinates."""
        du, dv = self.nudge[i, j]
        u = self.us[i] + float(du)
        if j == self.station:
            return u, float(self.rail(np.array(u))) - RAIL_ROAD_M
        wave = float(self.rail(np.array(u))) - self.rail_v if j > self.station else 0.0
        return u, self.vs[j] + float(dv) + wave

    def rail(self, u: Floats) -> Floats:
        """v of the railway at u."""
        return np.asarray(self.rail_v + 90 * np.sin(u / 1300))

    def rows(self, rng: np.random.Generator, corridor: Polygon, current: LineString) -> list[Road]:
        """Streets from west to east; only two of them have a piece across the river."""
        roads = []
        for j in range(1, len(self.vs)):
            crossing = j in (self.main, self.second)
            for i in range(len(self.us) - 1):
                remote = abs(self.us[i] + self.us[i + 1]) / self.width + abs(self.vs[j]) / self.height
                rank = "secondary" if j in (self.second, self.station) else "tertiary"
                rank = "primary" if j == self.main else "residential" if j > self.station else rank
                if rank in ("tertiary", "residential") and rng.random() < 0.10 + 0.22 * remote:
                    continue
                line = self._piece(self.node(i, j), self.node(i + 1, j), 0, j == self.station)
                parts = sorted(lines(line.difference(corridor)), key=lambda part: part.bounds[0])
                for k, part in enumerate(parts):
                    east = k > 0 or self.us[i] > self.warp.river_u
                    roads.append(Road(part, rank, self._row_number(j, east)))
                if crossing:
                    number = self._row_number(j, False)
                    spans = lines(line.intersection(corridor))
                    roads += [Road(span, rank, number, bridge=span.intersects(current)) for span in spans]
        return roads

    def columns(self, rng: np.random.Generator, corridor: Polygon) -> list[Road]:
        """Streets from south to north; most of them end at the road along the railway."""
        roads = []
        for i in range(1, len(self.us) - 1):
            for j in range(len(self.vs)):
                remote = abs(self.us[i]) * 2 / self.width + abs(self.vs[j]) / self.height
                rank = "secondary" if i == self.western else "tertiary"
                rank = "primary" if i == self.boulevard and j < self.station else rank
                rank = "residential" if j > self.station else rank
                if j >= self.station and i not in self.through:
                    continue
                if rank == "tertiary" and j != self.station and rng.random() < 0.06 + 0.16 * remote:
                    continue
                last = j == len(self.vs) - 1
                end = (self.us[i], BEYOND * self.height) if last else self.node(i, j + 1)
                line = self._piece(self.node(i, j), end, 1)
                number = BOULEVARD if i == self.boulevard else FIRST_COLUMN + i
                roads += [Road(part, rank, number) for part in lines(line.difference(corridor))]
        return roads

    def _row_number(self, j: int, east: bool) -> int:
        """The number of a row's street; one that does not cross the river has another on the other bank."""
        own = {self.main: (MAIN, MAIN), self.second: (SECOND, SECOND), self.station: (WEST_RAILS, EAST_RAILS)}
        return own.get(j, (FIRST_ROW + 2 * j, FIRST_ROW + 2 * j + 1))[east]

    def avenue(self, rng: np.random.Generator) -> Road:
        """The street that runs aslant from the railway station to the middle of the town."""
        top = 0.30 * self.height
        start = top, float(self.rail(np.array(top))) - RAIL_ROAD_M
        end = self.warp.river_u + 330, self.vs[self.main] + rng.uniform(-20, 20)
        return Road(self.warp.line(_densified(start, end)), "secondary", AVENUE)

    def railway(self) -> LineString:
        u = np.linspace(-BEYOND * self.width, BEYOND * self.width, max(2, round(self.width / 60)))
        return self.warp.line(np.column_stack([u, self.rail(u)]))

    def sidings(self) -> list[LineString]:
        """Lines from the road along the railway to the rails, every 190 m; both ends overshoot by 2 m."""
        us = np.arange(-0.7 * self.width, 0.7 * self.width, 190.0)
        return [
            self.warp.line(np.array([[u, v - RAIL_ROAD_M - 2], [u, v + 2]]))
            for u, v in zip(us, self.rail(us), strict=True)
        ]

    def _piece(
        self, a: tuple[float, float], b: tuple[float, float], along: int, by_rail: bool = False
    ) -> LineString:
        """A road between two nodes that leaves and arrives in the direction of its row (0) or column (1)."""
        uv = _densified(a, b)
        t = np.linspace(0, 1, len(uv))
        across = 1 - along
        uv[:, across] = a[across] + (b[across] - a[across]) * t * t * (3 - 2 * t)
        if by_rail:
            uv[:, 1] = self.rail(uv[:, 0]) - RAIL_ROAD_M
        return self.warp.line(uv)


def lines(geometry: shapely.Geometry) -> list[LineString]:
    """The lines of an overlay's result that are longer than 1 m, whatever its type."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return [part for part in parts if isinstance(part, LineString) and part.length > 1]


def largest(geometry: shapely.Geometry) -> Polygon:
    """The largest polygon of an overlay's result; an empty one if there is none."""
    parts = [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area, default=Polygon())


def _positions(rng: np.random.Generator, first: float, last: float, low: float, high: float) -> list[float]:
    positions = [first]
    while positions[-1] < last:
        positions.append(positions[-1] + rng.uniform(low, high))
    return positions


def _densified(a: tuple[float, float], b: tuple[float, float], step: float = 75.0) -> Floats:
    return np.linspace(a, b, max(2, round(math.dist(a, b) / step) + 1))


def _outline(rng: np.random.Generator, warp: Warp, width: float, height: float, area: float) -> Polygon:
    """A rounded box with bays and kinks, of exactly that area."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    radius = (np.abs(np.cos(angle)) ** 2.7 + np.abs(np.sin(angle)) ** 2.7) ** (-1 / 2.7)
    for k, size in ((2, 0.03), (3, 0.055), (5, 0.045), (7, 0.03), (11, 0.022)):
        radius = radius * (1 + size * np.sin(k * angle + rng.uniform(0, 2 * np.pi)))
    radius = radius * (1 + rng.normal(0, 0.012, len(angle)))
    ring = Polygon(warp(radius * np.cos(angle) * width / 2, radius * np.sin(angle) * height / 2))
    factor = math.sqrt(area / ring.area)
    return scale(ring, factor, factor, origin=(0, 0))


def _current(warp: Warp, height: float) -> LineString:
    u = warp.river_u
    return warp.line(_densified((u, -height * 0.75), (u, height * 0.75), 55))


def _bank(current: LineString, side: int, beyond: float) -> LineString:
    """The current moved to its left (-1) or right (1) by half of the river's width and `beyond` metres."""
    points = shapely.get_coordinates(current)
    along = np.gradient(points, axis=0)
    along = along / np.linalg.norm(along, axis=1)[:, None]
    v = points[:, 1]
    half = (80 + 14 * np.sin(v / 410) + 5 * np.sin(v / 173)) / 2
    across = np.column_stack([along[:, 1], -along[:, 0]])
    return LineString(points + side * across * (half + beyond)[:, None])


def _between(left: LineString, right: LineString) -> Polygon:
    return Polygon(np.vstack([shapely.get_coordinates(left), shapely.get_coordinates(right)[::-1]]))


def _swept(line: LineString, shift: tuple[float, float]) -> Polygon:
    """The land that the line passes over when it is moved by `shift`."""
    points = shapely.get_coordinates(line)
    return Polygon(np.vstack([points, points[::-1] + shift]))


def _transversals(left: LineString, current: LineString, right: LineString) -> list[LineString]:
    """Lines across the river's strip, every 330 m, which let grids share the water."""
    points = [shapely.get_coordinates(line) for line in (left, current, right)]
    return [LineString([part[i] for part in points]) for i in range(3, len(points[0]) - 1, 6)]
