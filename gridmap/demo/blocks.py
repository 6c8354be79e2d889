"""What each block of land is used for."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon
from shapely.ops import polylabel

from gridmap.demo.streets import Network, Road
from gridmap.demo.terrain import AVENUE, Terrain

ESTATES_PER_GRID = 203 / 150
VILLAGES_PER_GRID = 12 / 150
# (use, number in a town of 150 grids, ideal remoteness, ideal size in m²); the order is the order of choice.
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


@dataclass(slots=True)
class Block:
    """A face of the street network. `side` is -1 west, 1 east of the river."""

    polygon: Polygon
    use: str
    remoteness: float
    side: int
    country: bool


def classify(rng: np.random.Generator, terrain: Terrain, network: Network, grids: int) -> list[Block]:
    """Give every face a use; exactly as many estates as the size asks for, counting split blocks.

    A block of use `pair` will hold two estates (phases or halves) and counts twice.
    """
    blocks = [_natural(terrain, face) for face in network.faces]
    scale = grids / 150
    _place_station(terrain, blocks)
    _place_sidings(rng, terrain, blocks)
    town = [block for block in blocks if block.use == "town"]
    _place_industry(rng, town, max(1, round(9 * scale)))
    for use, count, remoteness, size in SITES:
        _choose(rng, town, use, max(1, round(count * scale)), remoteness, size)
    _place_villages(rng, blocks, max(2, round(VILLAGES_PER_GRID * grids)))
    _house(rng, [block for block in town if block.use == "town"], round(ESTATES_PER_GRID * grids))
    return blocks


def _natural(terrain: Terrain, face: Polygon) -> Block:
    middle = face.representative_point()
    remote = float(terrain.remoteness(np.array(middle.x), np.array(middle.y)))
    side = -1 if terrain.west.contains(middle) else 1
    country = terrain.country.contains(middle)
    compact = 4 * math.pi * face.area / face.length**2
    if terrain.corridor.contains(middle):
        use = "river"
    elif face.area < 6_500 or compact < 0.3 or (terrain.railway.distance(face) < 1 and not country):
        use = "green"
    elif country:
        use = "field"
    else:
        use = "town"
    return Block(face, use, remote, side, country)


def _middle(block: Block) -> tuple[float, float]:
    return block.polygon.centroid.x, block.polygon.centroid.y


def _place_sidings(rng: np.random.Generator, terrain: Terrain, blocks: list[Block]) -> None:
    """Warehouses stand on some of the land along the railway."""
    for block in blocks:
        along = block.use == "green" and terrain.railway.distance(block.polygon) < 1
        if along and block.polygon.area > 12_000 and block.remoteness < 0.85 and rng.random() < 0.4:
            block.use = "works"


def _place_station(terrain: Terrain, blocks: list[Block]) -> None:
    """The station stands between the railway and the head of the avenue."""
    avenue = next((road.line for road in terrain.roads if road.street == AVENUE), None)
    beside = [
        block
        for block in blocks
        if block.use == "green" and not block.country and terrain.railway.distance(block.polygon) < 1
    ]
    beside = [block for block in beside if 8_000 < block.polygon.area < 40_000]
    if avenue is not None and beside:
        min(beside, key=lambda block: block.polygon.distance(avenue)).use = "station"


def _place_industry(rng: np.random.Generator, town: list[Block], count: int) -> None:
    """Works and warehouses keep together at one edge of the town."""
    edge = [
        block for block in town if block.side > 0 and 0.7 < block.remoteness < 0.9 and _middle(block)[1] > 0
    ]
    if not edge:
        return
    core = _middle(edge[rng.integers(len(edge))])
    for block in sorted(town, key=lambda b: math.dist(_middle(b), core))[:count]:
        block.use = "industry"


def _choose(
    rng: np.random.Generator, town: list[Block], use: str, count: int, remoteness: float, size: float
) -> None:
    chosen: list[tuple[float, float]] = []
    reach = 1200.0
    for _ in range(count):
        free = [block for block in town if block.use == "town"]
        if len(free) < 2:
            return
        target = remoteness + rng.normal(0, 0.16)

        def penalty(block: Block, target: float = target) -> float:
            crowd = min((math.dist(_middle(block), other) for other in chosen), default=reach)
            return (
                2.2 * abs(block.remoteness - target)
                + abs(math.log(block.polygon.area / size))
                + 1.2 * max(0.0, 1 - crowd / reach)
            )

        best = min(free, key=penalty)
        best.use = use
        chosen.append(_middle(best))


def _place_villages(rng: np.random.Generator, blocks: list[Block], count: int) -> None:
    fields = [block for block in blocks if block.use == "field" and block.polygon.area > 25_000]
    chosen: list[Block] = []
    while fields and len(chosen) < count:
        # Villages keep apart, and a little towards the town.
        def worth(block: Block) -> float:
            apart = min((math.dist(_middle(block), _middle(other)) for other in chosen), default=900.0)
            return min(apart, 900.0) / 900 - 0.5 * block.remoteness + rng.uniform(0, 0.3)

        best = max((block for block in fields if block.use == "field"), key=worth, default=None)
        if best is None:
            return
        best.use = "village"
        chosen.append(best)


def _house(rng: np.random.Generator, free: list[Block], estates: int) -> None:
    """Estates first where it is dense; old street quarters in the core; open land at the rim."""
    order = sorted(free, key=lambda b: b.remoteness + rng.normal(0, 0.05))
    quarters = [block for block in order if block.remoteness < 0.45 and block.polygon.area < 24_000]
    rng.shuffle(quarters)  # type: ignore[arg-type]
    for block in quarters[: round(estates * 0.11)]:
        block.use = "quarter"
    order = [block for block in order if block.use == "town"]
    whole = min(len(order), round(estates * 0.87))
    for block in order[whole:]:
        block.use = "field" if block.remoteness > 0.86 else "vacant" if rng.random() < 0.4 else "works"
    housed = order[:whole]
    large = sorted(housed, key=lambda b: -b.polygon.area)
    pairs = {id(block) for block in large[: max(0, estates - whole)]}
    for block in housed:
        block.use = "pair" if id(block) in pairs else "estate"


def neighbours(
    blocks: list[Block], network: Network
) -> tuple[dict[int, dict[int, float]], dict[int, dict[int, float]]]:
    """Border lengths in metres between blocks: (borders a grid may span, all borders)."""
    owners: dict[frozenset[tuple[float, float]], list[int]] = defaultdict(list)
    for i, block in enumerate(blocks):
        for ring in (block.polygon.exterior, *block.polygon.interiors):
            coords = [(x, y) for x, y in ring.coords]
            for pair in zip(coords, coords[1:], strict=False):
                owners[frozenset(pair)].append(i)
    near: dict[int, dict[int, float]] = {i: defaultdict(float) for i in range(len(blocks))}
    every: dict[int, dict[int, float]] = {i: defaultdict(float) for i in range(len(blocks))}
    for segment, sides in owners.items():
        if len(sides) == 2:
            length = math.dist(*segment)
            for a, b in (sides, sides[::-1]):
                every[a][b] += length
                if segment not in network.barrier:
                    near[a][b] += length
    return near, every


def rural_ways(blocks: list[Block], network: Network) -> Network:
    """The network with the residential streets between open land turned into paths."""
    open_land = [block for block in blocks if block.use in ("field", "green", "vacant", "river")]
    tree = shapely.STRtree([block.polygon for block in blocks if block not in open_land])
    edges = [
        Road(edge.line, "path", edge.street, edge.bridge)
        if edge.rank in ("residential", "alley") and not len(tree.query(edge.line, predicate="intersects"))
        else edge
        for edge in network.edges
    ]
    return Network(edges, network.faces, network.barrier)


def inner_point(polygon: Polygon) -> tuple[float, float]:
    """The point of the polygon farthest from its edge, to 5 m."""
    point = polylabel(polygon, tolerance=5)
    return point.x, point.y
