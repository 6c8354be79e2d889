"""Water, green land, squares and the railway, for the base map."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from shapely import Polygon

from gridmap.demo.blocks import Block, inner_point
from gridmap.demo.estates import Premises
from gridmap.demo.terrain import Terrain, largest, lines

PLOT_M = 62.0
BALK_M = 5.0
# Shares of the fields that are tilled in strips, and that are bare; the rest is wooded.
TILLED, BARE = 0.42, 0.24

Feature = tuple[str, str, shapely.Geometry]


def features(
    rng: np.random.Generator,
    terrain: Terrain,
    blocks: list[Block],
    premises: list[Premises],
    called: dict[int, str],
) -> list[Feature]:
    """(kind, name, geometry in metres); kind is water, green, square or railway. `called` names premises."""
    found: list[Feature] = [("water", "淙溪", terrain.water)]
    parks = [k for k, unit in enumerate(premises) if unit.use == "park"]
    lake = max(parks, key=lambda k: premises[k].polygon.area, default=None)
    for k, unit in enumerate(premises):
        if unit.use == "park":
            found.append(("green", called[k], unit.polygon))
        if k == lake:
            found.append(("water", called[k].removesuffix("公园"), _pond(rng, unit.polygon)))
        if unit.use == "square":
            found.append(("square", called[k], unit.polygon))
    for block in blocks:
        land: shapely.Geometry = Polygon()
        if block.use in ("field", "vacant", "green"):
            land = _cover(rng, block)
        elif block.use == "river":
            strip = block.polygon.buffer(-10, join_style="mitre")
            land = shapely.simplify(shapely.difference(strip, terrain.water.buffer(3)), 1)
        found += [("green", "", part) for part in shapely.get_parts(land) if part.area > 400]
    rails = lines(terrain.railway.intersection(terrain.outline))
    return found + [("railway", "溪北铁路", line) for line in rails]


def _cover(rng: np.random.Generator, block: Block) -> shapely.Geometry:
    """What grows on open land: fields in strips, woods, or nothing that a map would show."""
    land = largest(shapely.simplify(block.polygon.buffer(-6, join_style="mitre"), 1.5))
    kind = rng.random()
    if block.use == "green" or land.area < 900:
        return land
    if block.use == "vacant":
        return land if kind < 0.5 else Polygon()
    if kind < TILLED:
        return _plots(rng, land)
    return Polygon() if kind < TILLED + BARE else land


def _plots(rng: np.random.Generator, land: Polygon) -> shapely.Geometry:
    """Strips across the land with balks between them, some lying fallow."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(land))
    corner, a, b = box[0], box[1] - box[0], box[3] - box[0]
    if np.hypot(*a) < np.hypot(*b):
        a, b = b, a
    ends = np.cumsum(rng.uniform(0.7, 1.4, max(2, round(float(np.hypot(*a)) / PLOT_M))))
    strips = [
        Polygon([corner + a * s, corner + a * e, corner + a * e + b, corner + a * s + b])
        for s, e in pairwise([0.0, *(ends / ends[-1]).tolist()])
    ]
    kept = [strip.buffer(-BALK_M / 2, join_style="mitre") for strip in strips if rng.random() < 0.8]
    return shapely.intersection(shapely.union_all(kept), land)


def _pond(rng: np.random.Generator, park: Polygon) -> Polygon:
    """A rounded water about a third as large as the park."""
    x, y = inner_point(park)
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    wave = 0.16 * np.sin(2 * angle + rng.uniform(0, 6)) + 0.1 * np.sin(3 * angle + rng.uniform(0, 6))
    radius = np.sqrt(park.area / 3 / np.pi) * (1 + wave)
    blob = Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))
    return largest(blob.intersection(park.buffer(-12)))
