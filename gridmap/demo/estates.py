"""Premises on the blocks (estates, villages, schools, works) and the buildings that stand on them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.affinity import rotate
from shapely.ops import split

from gridmap.demo.blocks import Block
from gridmap.demo.streets import WIDTH_M, Network
from gridmap.demo.terrain import Floats, largest

SETBACK_M = 7.5
# The lane between the two estates on one block.
LANE_M = 8.0
# Distances between buildings grow by this share from the centre to the outline.
SPREAD = 0.55


@dataclass(frozen=True, slots=True)
class Style:
    """Footprints of one kind.

    length, depth, and the distances to the next building and the next row in metres; least and most
    storeys; homes on a storey (0: nobody lives there); at most so many buildings; standard deviation of
    their turning (radians); share that is kept; depth of the wing of an L, and how many have one.
    """

    length: float
    depth: float
    apart: float
    rows: float
    storeys: tuple[int, int]
    homes: int
    limit: int
    turn: float = 0.0
    kept: float = 1.0
    wing: float = 0.0
    winged: float = 0.0


STYLES = {
    "walkup": Style(46, 11, 10, 20, (5, 7), 6, 9, wing=7, winged=0.16),
    "slab": Style(42, 14, 13, 29, (9, 12), 5, 9),
    "tower": Style(27, 20, 24, 34, (17, 27), 4, 7),
    "quarter": Style(26, 13, 5, 9, (3, 5), 2, 11, turn=0.03, kept=0.9),
    "village": Style(19, 10, 13, 17, (2, 3), 2, 22, turn=0.22, kept=0.6),
    "school": Style(58, 15, 16, 38, (4, 5), 0, 4, kept=0.9, wing=14, winged=0.55),
    "hospital": Style(62, 20, 16, 26, (6, 14), 0, 5, wing=13, winged=0.55),
    "market": Style(66, 34, 14, 20, (1, 3), 0, 2),
    "works": Style(64, 30, 20, 26, (1, 3), 0, 4, kept=0.9),
    "office": Style(48, 17, 14, 26, (5, 12), 0, 3, wing=11, winged=0.55),
    "commerce": Style(52, 30, 12, 22, (4, 8), 0, 3, wing=9, winged=0.55),
}
# The style of each use that is built on; an estate's depends on where it lies.
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
ESTATE_STYLES = ("walkup", "slab", "tower")


@dataclass(frozen=True, slots=True)
class Building:
    """A footprint; `capacity` is the number of homes it would hold."""

    polygon: Polygon
    storeys: int
    capacity: int


@dataclass(slots=True)
class Premises:
    """One unit of land on a block, `style` empty where nothing is built.

    `half` is 0 for a whole, 1 (western) or 2 (eastern) for the parts of a pair.
    """

    block: int
    use: str
    polygon: Polygon
    style: str
    half: int = 0
    buildings: list[Building] = field(default_factory=list)


def lay_out(rng: np.random.Generator, blocks: list[Block], network: Network) -> list[Premises]:
    """Premises, with their buildings, for every block that is used."""
    wide = [edge for edge in network.edges if edge.rank in ("primary", "secondary", "tertiary")]
    reach = [WIDTH_M[edge.rank] / 2 + 5 for edge in wide]
    sweep = shapely.buffer([edge.line for edge in wide], reach, cap_style="flat", join_style="mitre")
    tree = shapely.STRtree(sweep)
    premises: list[Premises] = []
    for i, block in enumerate(blocks):
        use = "estate" if block.use == "pair" else block.use
        if use not in (*STYLE_OF, "estate", "park", "square"):
            continue
        land = _land(block, sweep, tree)
        if land.is_empty:
            continue
        style = _estate_style(rng, block) if use == "estate" else STYLE_OF.get(use, "")
        if block.use == "pair":
            halves = enumerate(_halved(land), 1)
            premises += [Premises(i, use, part, style, half) for half, part in halves]
        else:
            premises.append(Premises(i, use, land, style))
    for unit in premises:
        if unit.style:
            unit.buildings = _build(rng, unit, 1 + SPREAD * blocks[unit.block].remoteness)
    return premises


def _land(block: Block, sweep: NDArray[np.object_], tree: shapely.STRtree) -> Polygon:
    """What is left of the block beside its streets."""
    land: shapely.Geometry = block.polygon.buffer(-SETBACK_M, join_style="mitre")
    near = tree.query(block.polygon, predicate="intersects")
    if len(near):
        land = shapely.difference(land, shapely.union_all(sweep[near]))
    # Spits narrower than 6 m are no land. The limit keeps right corners and lets no acute one grow.
    narrowed = shapely.buffer(land, -3, join_style="mitre")
    opened = shapely.buffer(narrowed, 3, join_style="mitre", mitre_limit=1.5)
    best = largest(shapely.simplify(opened, 1.2))
    return best if best.area > 1500 else Polygon()


def _estate_style(rng: np.random.Generator, block: Block) -> str:
    """Walk-ups in the old core, towers around it, slabs towards the rim."""
    odds = (0.62, 0.22, 0.16)
    if block.remoteness > 0.3:
        odds = (0.3, 0.4, 0.3) if block.remoteness < 0.75 else (0.35, 0.5, 0.15)
    return str(rng.choice(ESTATE_STYLES, p=odds))


def _halved(land: Polygon) -> list[Polygon]:
    """Two parts of about the same size, the western first, with a lane between them."""
    angle, length = _axis(land)
    middle = np.array([land.centroid.x, land.centroid.y])
    across = np.array([-math.sin(angle), math.cos(angle)]) * length * 2
    lane = LineString([middle - across, middle + across])
    parts = [largest(part.buffer(-LANE_M / 2, join_style="mitre")) for part in split(land, lane).geoms]
    parts = sorted(parts, key=lambda part: -part.area)[:2]
    return sorted(parts, key=lambda part: part.centroid.x)


def _axis(polygon: Polygon) -> tuple[float, float]:
    """Direction (radians) and length of the longer side of the smallest box around it."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(polygon))
    side = max(box[1] - box[0], box[2] - box[1], key=lambda side: float(np.hypot(*side)))
    return math.atan2(side[1], side[0]), float(np.hypot(*side))


def _build(rng: np.random.Generator, unit: Premises, spread: float) -> list[Building]:
    """Footprints on the premises, the distances between them stretched by `spread`.

    They are numbered from north to south and in each row from west to east.
    """
    style = STYLES[unit.style]
    # Homes face south: the rows follow whichever axis of the land is nearer to east-west.
    angle = (_axis(unit.polygon)[0] + math.pi / 4) % (math.pi / 2) - math.pi / 4
    pivot = unit.polygon.centroid
    level = rotate(unit.polygon, -angle, origin=pivot, use_radians=True).buffer(-2)
    shapely.prepare(level)
    best = np.empty((0, 4))
    for _ in range(10):
        boxes = _rows(rng, style, level.bounds, spread)
        fits = boxes[shapely.contains_properly(level, shapely.box(*boxes.T))]
        best = fits if len(fits) > len(best) else best
    if not len(best):
        best = _single(level, style)
    if len(best) > 4:
        best = best[rng.random(len(best)) < style.kept]
    best = best[np.sort(rng.permutation(len(best))[: style.limit])]
    buildings: list[Building] = []
    for box in best:
        shape = rotate(_footprint(rng, box, style, level), rng.normal(0, 1) * style.turn, use_radians=True)
        shape = rotate(shape, angle, origin=pivot, use_radians=True)
        storeys = int(rng.integers(style.storeys[0], style.storeys[1] + 1))
        homes = max(1, round((box[2] - box[0]) / style.length * style.homes)) if style.homes else 0
        clear = all(shape.distance(other.polygon) > 1 for other in buildings)
        if not style.turn or (clear and unit.polygon.contains(shape)):
            buildings.append(Building(shape, storeys, storeys * homes))
    return buildings


def _rows(
    rng: np.random.Generator, style: Style, bounds: tuple[float, float, float, float], spread: float
) -> Floats:
    """Boxes (west, south, east, north) over the bounds, row by row."""
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
    """One box in the middle of land that is too small for rows, or none."""
    x, y = land.representative_point().coords[0]
    half = np.array([-style.length, -style.depth, style.length, style.depth]) / 2
    for size in (0.8, 0.6, 0.45, 0.3):
        box = np.array([x, y, x, y]) + size * half
        if land.contains(shapely.box(*box)):
            return box[None]
    return np.empty((0, 4))


def _footprint(rng: np.random.Generator, box: Floats, style: Style, land: Polygon) -> Polygon:
    """The box itself, or an L where a wing fits."""
    west, south, east, north = box.tolist()
    if style.wing and rng.random() < style.winged:
        inner, low = west + (east - west) * 0.3, south - style.wing
        corner = Polygon(
            [(west, north), (west, low), (inner, low), (inner, south), (east, south), (east, north)]
        )
        if land.contains(corner):
            return corner
    return Polygon([(west, south), (east, south), (east, north), (west, north)])
