"""Premises on the blocks (estates, villages, schools, works) and the buildings that stand on them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import LineString, Polygon, affinity
from shapely.ops import split

from gridmap.demo.blocks import Block
from gridmap.demo.streets import WIDTH_M, Network
from gridmap.demo.terrain import Floats

HOUSED = ("estate", "quarter", "village")


@dataclass(frozen=True, slots=True)
class Style:
    """Footprints of one kind: sizes and distances in metres, storeys, homes on a storey."""

    length: float
    depth: float
    apart: float
    rows: float
    storeys: tuple[int, int]
    homes: int
    limit: int
    turn: float = 0.0
    kept: float = 1.0


STYLES = {
    "walkup": Style(46, 11, 10, 20, (5, 7), 6, 9),
    "slab": Style(42, 14, 13, 29, (9, 12), 5, 9),
    "tower": Style(27, 20, 24, 34, (17, 27), 4, 7),
    "quarter": Style(26, 13, 5, 9, (3, 5), 2, 11, 0.03, 0.9),
    "village": Style(19, 10, 17, 20, (2, 3), 2, 15, 0.22, 0.5),
    "school": Style(58, 15, 16, 38, (4, 5), 0, 4, 0.0, 0.9),
    "hospital": Style(62, 20, 16, 26, (6, 14), 0, 5),
    "market": Style(66, 34, 14, 20, (1, 3), 0, 2),
    "works": Style(64, 30, 20, 26, (1, 3), 0, 4, 0.0, 0.9),
    "office": Style(48, 17, 14, 26, (5, 12), 0, 3),
    "commerce": Style(52, 30, 12, 22, (4, 8), 0, 3),
}
STYLE_OF = {
    "government": "office",
    "hospital": "hospital",
    "school": "school",
    "market": "market",
    "wholesale": "market",
    "commerce": "commerce",
    "station": "market",
    "office": "office",
    "industry": "works",
    "works": "works",
    "quarter": "quarter",
    "village": "village",
}


@dataclass(slots=True)
class Building:
    """A footprint; `capacity` is the number of homes it would hold."""

    polygon: Polygon
    storeys: int
    capacity: int


@dataclass(slots=True)
class Premises:
    """One unit of land on a block. `half` is 0 for a whole, 1 or 2 for the parts of a pair."""

    block: int
    use: str
    polygon: Polygon
    style: str
    half: int = 0
    eastern: bool = False
    buildings: list[Building] = field(default_factory=list)


def lay_out(rng: np.random.Generator, blocks: list[Block], network: Network) -> list[Premises]:
    """Premises and buildings for every block that is built on."""
    wide = [edge for edge in network.edges if edge.rank in ("primary", "secondary", "tertiary")]
    lines = np.array([edge.line for edge in wide])
    sweep = shapely.buffer(
        lines, [WIDTH_M[edge.rank] / 2 + 5 for edge in wide], cap_style="flat", join_style="mitre"
    )
    tree = shapely.STRtree(sweep)
    premises: list[Premises] = []
    for i, block in enumerate(blocks):
        use = "estate" if block.use == "pair" else block.use
        if use not in STYLE_OF and use not in ("estate", "park", "square"):
            continue
        land = _land(block, sweep, tree)
        if land is None:
            continue
        style = _estate_style(rng, block) if use == "estate" else STYLE_OF.get(use, "")
        parts = _halved(land) if block.use == "pair" else [land]
        for half, part in enumerate(parts, 1 if block.use == "pair" else 0):
            eastern = half > 0 and part.centroid.x > land.centroid.x
            premises.append(Premises(i, use, part, style, half, eastern))
    for unit in premises:
        if unit.style:
            unit.buildings = _build(rng, unit, 1 + 0.55 * blocks[unit.block].remoteness)
    return premises


def _land(block: Block, sweep: Floats, tree: shapely.STRtree) -> Polygon | None:
    """What is left of the block beside its streets."""
    setback = 9.0 if block.use == "village" else 7.5
    land = block.polygon.buffer(-setback, join_style="mitre")
    near = tree.query(block.polygon, predicate="intersects")
    if len(near):
        land = land.difference(shapely.union_all(sweep[near]))
    land = land.buffer(-3, join_style="mitre").buffer(3, join_style="mitre").simplify(1.2)
    parts = [part for part in shapely.get_parts(land) if part.area > 1500]
    return max(parts, key=lambda part: part.area) if parts else None


def _estate_style(rng: np.random.Generator, block: Block) -> str:
    odds = {"walkup": 0.62, "slab": 0.22, "tower": 0.16}
    if 0.3 < block.remoteness < 0.75:
        odds = {"walkup": 0.3, "slab": 0.4, "tower": 0.3}
    if block.remoteness >= 0.75:
        odds = {"walkup": 0.35, "slab": 0.5, "tower": 0.15}
    return str(rng.choice(list(odds), p=list(odds.values())))


def _halved(land: Polygon) -> list[Polygon]:
    """Two parts of about the same size with a lane of 8 m between them."""
    angle, length, _ = _axes(land)
    middle = np.array([land.centroid.x, land.centroid.y])
    across = np.array([-math.sin(angle), math.cos(angle)]) * length * 2
    lane = LineString([middle - across, middle + across])
    parts = [part.buffer(-4, join_style="mitre") for part in split(land, lane).geoms]
    parts = sorted((max(shapely.get_parts(p), key=lambda q: q.area) for p in parts), key=lambda p: -p.area)[
        :2
    ]
    return sorted(parts, key=lambda part: part.centroid.x)


def _axes(polygon: Polygon) -> tuple[float, float, float]:
    """Direction of the long side of the smallest box around it (radians), its length and breadth."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(polygon))
    a, b = box[1] - box[0], box[2] - box[1]
    if np.hypot(*a) < np.hypot(*b):
        a, b = b, a
    return math.atan2(a[1], a[0]), float(np.hypot(*a)), float(np.hypot(*b))


def _build(rng: np.random.Generator, unit: Premises, spread: float) -> list[Building]:
    """Footprints on the premises, with distances between them stretched by `spread`."""
    style = STYLES[unit.style]
    angle = _axes(unit.polygon)[0]
    # Homes face south: the rows follow whichever axis of the block is nearer to east-west.
    angle = (angle + math.pi / 4) % (math.pi / 2) - math.pi / 4
    pivot = (unit.polygon.centroid.x, unit.polygon.centroid.y)
    land = affinity.rotate(unit.polygon, -angle, origin=pivot, use_radians=True).buffer(-2)
    best: Floats = np.empty((0, 4))
    shapely.prepare(land)
    for _ in range(10):
        boxes = _rows(rng, style, land.bounds, spread)
        fits = boxes[shapely.contains_properly(land, shapely.box(*boxes.T))] if len(boxes) else boxes
        if len(fits) > len(best):
            best = fits
    if not len(best):
        best = _single(land, style)
    if style.kept < 1:
        best = best[rng.random(len(best)) < style.kept] if len(best) > 4 else best
    if len(best) > style.limit:
        best = best[np.sort(rng.choice(len(best), style.limit, replace=False))]
    storeys = rng.integers(style.storeys[0], style.storeys[1] + 1, len(best))
    buildings = []
    for box, height in zip(best, storeys, strict=True):
        shape = _footprint(rng, box, unit.style, land)
        turn = rng.normal(0, style.turn) if style.turn else 0.0
        shape = affinity.rotate(shape, turn, origin="center", use_radians=True)
        shape = affinity.rotate(shape, angle, origin=pivot, use_radians=True)
        units = max(1, round((box[2] - box[0]) / style.length * style.homes))
        homes = int(height) * units if style.homes else 0
        if unit.style in ("quarter", "village"):
            homes = max(2, int(height) * style.homes)
        buildings.append(Building(shape, int(height), homes))
    if style.turn:
        buildings = _apart(buildings, unit.polygon)
    return buildings


def _rows(
    rng: np.random.Generator, style: Style, bounds: tuple[float, float, float, float], spread: float
) -> Floats:
    """Boxes (west, south, east, north) in rows from north to south, row by row from west to east."""
    west, south, east, north = bounds
    boxes = []
    y = north - rng.uniform(0, style.rows)
    while y - style.depth > south:
        x = west + rng.uniform(0, style.length * 0.6)
        while x < east:
            length = style.length * rng.choice([1.0, 1.0, 0.72])
            boxes.append((x, y - style.depth, x + length, y))
            x += length + style.apart * spread * rng.uniform(1, 1.3)
        y -= style.depth + style.rows * spread * rng.uniform(1, 1.15)
    return np.array(boxes).reshape(-1, 4)


def _single(land: Polygon, style: Style) -> Floats:
    """One box in the middle of land that is too small for rows."""
    x, y = land.representative_point().coords[0]
    for size in (0.8, 0.6, 0.45, 0.3):
        box = np.array([[x, y, x, y]]) + size / 2 * np.array(
            [[-style.length, -style.depth, style.length, style.depth]]
        )
        if land.contains(shapely.box(*box[0])):
            return box
    return np.empty((0, 4))


def _footprint(rng: np.random.Generator, box: Floats, style: str, land: Polygon) -> Polygon:
    """The box itself, or an L where a wing fits."""
    west, south, east, north = box
    wing = {"school": 14.0, "hospital": 13.0, "office": 11.0, "commerce": 9.0, "walkup": 7.0}.get(style)
    if wing and rng.random() < (0.16 if style == "walkup" else 0.55):
        inner = west + (east - west) * 0.3
        corner = Polygon(
            [
                (west, north),
                (west, south - wing),
                (inner, south - wing),
                (inner, south),
                (east, south),
                (east, north),
            ]
        )
        if land.contains(corner):
            return corner
    return shapely.box(west, south, east, north)


def _apart(buildings: list[Building], land: Polygon) -> list[Building]:
    """Those that keep inside the land and 1 m from one another after they were turned."""
    kept: list[Building] = []
    for building in buildings:
        if land.contains(building.polygon) and all(
            building.polygon.distance(other.polygon) > 1 for other in kept
        ):
            kept.append(building)
    return kept
