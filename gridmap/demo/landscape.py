"""Water, green land, railway and squares for the base map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely import Polygon

from gridmap.demo.blocks import Block, inner_point
from gridmap.demo.estates import Premises
from gridmap.demo.terrain import Terrain


def layer(
    frame: Callable[[dict[str, Any], Any], gpd.GeoDataFrame],
    rng: np.random.Generator,
    terrain: Terrain,
    blocks: list[Block],
    premises: list[Premises],
    called: dict[int, str],
) -> gpd.GeoDataFrame:
    """Columns kind (water, green, railway, square) and name."""
    rows: list[tuple[str, str, shapely.Geometry]] = [("water", "淙溪", terrain.water)]
    parks = sorted(
        (k for k, unit in enumerate(premises) if unit.use == "park"), key=lambda k: -premises[k].polygon.area
    )
    for k, unit in enumerate(premises):
        if unit.use == "park":
            rows.append(("green", called[k], unit.polygon))
            if k == parks[0]:
                rows.append(("water", "龙潭湖", _pond(rng, unit.polygon)))
        elif unit.use == "square":
            rows.append(("square", called[k], unit.polygon))
    for block in blocks:
        if block.use in ("field", "green", "vacant"):
            land = block.polygon.buffer(-6, join_style="mitre").simplify(1.5)
            kind = rng.random()
            if block.use == "field" and kind < 0.42:
                land = _plots(rng, land)
            elif (block.use == "field" and kind < 0.66) or (block.use == "vacant" and kind < 0.5):
                continue
            rows += [("green", "", part) for part in shapely.get_parts(land) if part.area > 900]
        elif block.use == "river":
            land = (
                block.polygon.buffer(-10, join_style="mitre").difference(terrain.water.buffer(3)).simplify(1)
            )
            rows += [("green", "", part) for part in shapely.get_parts(land) if part.area > 200]
    rows += [
        ("railway", "溪北铁路", line)
        for line in shapely.get_parts(terrain.railway.intersection(terrain.outline))
    ]
    columns = {"kind": [row[0] for row in rows], "name": [row[1] for row in rows]}
    return frame(columns, [row[2] for row in rows])


def _plots(rng: np.random.Generator, land: Polygon) -> shapely.Geometry:
    """Strips of field with balks of 5 m between them, some of them fallow."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(land))
    corner, a, b = box[0], box[1] - box[0], box[3] - box[0]
    if np.hypot(*a) < np.hypot(*b):
        a, b = b, a
    cuts = np.cumsum(rng.uniform(0.7, 1.4, max(2, round(float(np.hypot(*a)) / 62))))
    cuts = np.concatenate([[0.0], cuts / cuts[-1]])
    strips = [
        Polygon([corner + a * s, corner + a * e, corner + a * e + b, corner + a * s + b])
        for s, e in zip(cuts, cuts[1:], strict=False)
    ]
    kept = [strip.buffer(-2.5, join_style="mitre") for strip in strips if rng.random() < 0.8]
    return shapely.union_all(kept).intersection(land)


def _pond(rng: np.random.Generator, land: Polygon) -> Polygon:
    """A rounded water about a third as large as the park."""
    x, y = inner_point(land)
    size = np.sqrt(land.area / 3 / np.pi)
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    radius = size * (
        1 + 0.16 * np.sin(2 * angle + rng.uniform(0, 6)) + 0.1 * np.sin(3 * angle + rng.uniform(0, 6))
    )
    blob = Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))
    return blob.intersection(land.buffer(-12))
