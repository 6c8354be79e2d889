"""What each block of land is used for."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely import Polygon
from shapely.ops import polylabel

from gridmap.demo.streets import Network, Segment, segments
from gridmap.demo.terrain import AVENUE, Terrain

Borders = dict[int, dict[int, float]]

ESTATES_PER_GRID = 203 / 150
VILLAGES_PER_GRID = 12 / 150
INDUSTRY_PER_GRID = 9 / 150
# (use, number in a town of 150 grids, ideal remoteness, ideal size in m²); the order is that of choosing.
SITES = (
    ("government", 1, 0.30, 24_000),
    ("hospital", 2, 0.38, 32_000),
    ("square", 2, 0.10, 14_000),
    ("park", 1, 0.40, 95_000),
    ("park", 2, 0.45, 42_000),
    ("school", 11, 0.45, 30_000),
    ("market", 5, 0.36, 15_000),
    ("commerce", 7, 0.15, 16_000),
    ("wholesale", 1, 0.68, 40_000),
    ("office", 5, 0.33, 18_000),
)
# Places of one use, and villages, keep so far apart where they can.
APART_M = 1200.0
HAMLETS_APART_M = 900.0


@dataclass(slots=True)
class Block:
    """A face of the street network. `side` is -1 west and 1 east of the river."""

    polygon: Polygon
    use: str
    remoteness: float
    side: int
    country: bool


def classify(rng: np.random.Generator, terrain: Terrain, network: Network, grids: int) -> list[Block]:
    """Give every face a use; exactly as many estates as the size asks for.

    A block of use `pair` will hold two estates (phases or halves) and counts twice.
    """
    blocks = [_natural(terrain, face) for face in network.faces]
    _place_railway_land(rng, terrain, blocks)
    town = [block for block in blocks if block.use == "town"]
    _place_industry(rng, town, max(1, round(INDUSTRY_PER_GRID * grids)))
    for use, count, remoteness, size in SITES:
        _choose(rng, town, use, max(1, round(count * grids / 150)), remoteness, size)
    _place_villages(rng, blocks, max(2, round(VILLAGES_PER_GRID * grids)))
    _house(rng, [block for block in town if block.use == "town"], round(ESTATES_PER_GRID * grids))
    return blocks


def _natural(terrain: Terrain, face: Polygon) -> Block:
    middle = face.representative_point()
    remote = terrain.remoteness(middle.x, middle.y)
    side = -1 if terrain.west.contains(middle) else 1
    country = terrain.country.contains(middle)
    thin = 4 * math.pi * face.area / face.length**2 < 0.3
    by_rails = not country and terrain.railway.distance(face) < 1
    if terrain.corridor.contains(middle):
        use = "river"
    elif by_rails:
        use = "rails"
    elif face.area < 6_500 or thin:
        use = "green"
    else:
        use = "field" if country else "town"
    return Block(face, use, remote, side, country)


def _middle(block: Block) -> tuple[float, float]:
    return block.polygon.centroid.x, block.polygon.centroid.y


def _place_railway_land(rng: np.random.Generator, terrain: Terrain, blocks: list[Block]) -> None:
    """The station at the head of the avenue; warehouses on some of the rest, green on the other."""
    land = [block for block in blocks if block.use == "rails"]
    avenue = next(road.line for road in terrain.roads if road.street == AVENUE)
    large = [block for block in land if 8_000 < block.polygon.area < 40_000]
    station = min(large, key=lambda block: block.polygon.distance(avenue), default=None)
    for block in land:
        stored = block.polygon.area > 12_000 and block.remoteness < 0.85 and rng.random() < 0.4
        block.use = "station" if block is station else "works" if stored else "green"


def _place_industry(rng: np.random.Generator, town: list[Block], count: int) -> None:
    """Works keep together at the north-eastern edge of the town."""
    edge = [b for b in town if b.side > 0 and 0.7 < b.remoteness < 0.9 and _middle(b)[1] > 0]
    edge = edge or [max(town, key=lambda block: block.remoteness)]
    core = _middle(edge[rng.integers(len(edge))])
    for block in sorted(town, key=lambda b: math.dist(_middle(b), core))[:count]:
        block.use = "industry"


def _choose(
    rng: np.random.Generator, town: list[Block], use: str, count: int, remoteness: float, size: float
) -> None:
    """Take the free blocks that fit best in place and size and lie apart from one another."""
    free = [block for block in town if block.use == "town"]
    xy = np.array([_middle(block) for block in free])
    misfit = np.abs(np.log(np.array([block.polygon.area for block in free]) / size))
    remote = np.array([block.remoteness for block in free])
    apart = np.full(len(free), APART_M)
    for _ in range(min(count, len(free) - 1)):
        target = remoteness + rng.normal(0, 0.16)
        penalty = 2.2 * np.abs(remote - target) + misfit + 1.2 * np.maximum(0, 1 - apart / APART_M)
        best = int(np.argmin(penalty))
        free[best].use = use
        misfit[best] = np.inf
        apart = np.minimum(apart, np.hypot(*(xy - xy[best]).T))


def _place_villages(rng: np.random.Generator, blocks: list[Block], count: int) -> None:
    """Hamlets lie apart from one another, and a little towards the town."""
    fields = [block for block in blocks if block.use == "field" and block.polygon.area > 25_000]
    xy = np.array([_middle(block) for block in fields]).reshape(-1, 2)
    worth = np.array([rng.uniform(0, 0.3) - 0.5 * block.remoteness for block in fields])
    apart = np.full(len(fields), HAMLETS_APART_M)
    for _ in range(min(count, len(fields))):
        best = int(np.argmax(worth + apart / HAMLETS_APART_M))
        fields[best].use = "village"
        worth[best] = -np.inf
        apart = np.minimum(apart, np.hypot(*(xy - xy[best]).T))


def _house(rng: np.random.Generator, free: list[Block], estates: int) -> None:
    """Old street quarters in the core, estates where it is dense, works and open land at the rim."""
    small = [block for block in free if block.remoteness < 0.45 and block.polygon.area < 24_000]
    for i in rng.permutation(len(small))[: round(estates * 0.11)]:
        small[i].use = "quarter"
    nearness = [block.remoteness + rng.normal(0, 0.05) for block in free]
    order = [free[i] for i in np.argsort(nearness, kind="stable") if free[i].use == "town"]
    whole = min(len(order), round(estates * 0.87))
    for block in order[whole:]:
        block.use = "field" if block.remoteness > 0.86 else "vacant" if rng.random() < 0.4 else "works"
    housed = sorted(order[:whole], key=lambda block: -block.polygon.area)
    for k, block in enumerate(housed):
        block.use = "pair" if k < estates - whole else "estate"


def neighbours(blocks: list[Block], network: Network) -> tuple[Borders, Borders]:
    """Lengths in metres of the borders between blocks: those that a grid may span, and all."""
    owners: dict[Segment, list[int]] = defaultdict(list)
    for i, block in enumerate(blocks):
        for ring in (block.polygon.exterior, *block.polygon.interiors):
            for segment in segments(ring):
                owners[segment].append(i)
    near: Borders = {i: defaultdict(float) for i in range(len(blocks))}
    every: Borders = {i: defaultdict(float) for i in range(len(blocks))}
    for segment, sides in owners.items():
        if len(sides) == 2:
            for a, b in (sides, sides[::-1]):
                every[a][b] += math.dist(*segment)
                if segment not in network.barrier:
                    near[a][b] += math.dist(*segment)
    return near, every


def rural_ways(blocks: list[Block], network: Network) -> Network:
    """The network with the lesser streets between open land turned into paths."""
    open_land = ("field", "green", "vacant", "river")
    tree = shapely.STRtree([block.polygon for block in blocks if block.use not in open_land])
    edges = [
        replace(edge, rank="path")
        if edge.rank in ("residential", "alley") and not len(tree.query(edge.line, predicate="intersects"))
        else edge
        for edge in network.edges
    ]
    return replace(network, edges=edges)


def inner_point(polygon: Polygon) -> tuple[float, float]:
    """The point of the polygon farthest from its edge, to 5 m."""
    point = polylabel(polygon, tolerance=5)
    return point.x, point.y
