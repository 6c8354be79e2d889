"""Areas drawn as text: a letter is a cell of the area with that letter for its code, a dot is nothing.

The drawing's lower left corner lies at the origin, columns run east and lines north to south. Cells of one
letter are united, so a letter may make a multipolygon or leave holes. Small letters are dedicated areas,
all others general ones.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely


def lines(drawing: str) -> list[str]:
    return [line.strip() for line in drawing.strip().splitlines()]


def areas(
    *drawings: str, cell: float = 1.0, origin: tuple[float, float] = (0.0, 0.0), crs: int | str = "EPSG:4490"
) -> gpd.GeoDataFrame:
    """The areas of one or several drawings that lie over each other, in the order of their codes."""
    cells: dict[str, list[shapely.Polygon]] = {}
    for drawing in drawings:
        rows = lines(drawing)
        for row, line in enumerate(rows):
            for column, letter in enumerate(line):
                if letter != ".":
                    corner = np.array([column, len(rows) - row - 1])
                    box = np.concatenate([corner, corner + 1]) * cell + np.tile(origin, 2)
                    cells.setdefault(letter, []).append(shapely.box(*box))
    codes = sorted(cells)
    return gpd.GeoDataFrame(
        {"code": codes, "kind": ["dedicated" if code.islower() else "general" for code in codes]},
        geometry=[shapely.union_all(cells[code]) for code in codes],
        crs=crs,
    )


def lattice(drawing: str) -> tuple[np.ndarray, np.ndarray, str]:
    """A drawing with a letter for each corner, side and centre of cells, half a cell apart: x, y, letters."""
    rows = lines(drawing)
    y, x = np.mgrid[len(rows) - 1 : -1 : -1, 0 : len(rows[0])] / 2
    return x.ravel(), y.ravel(), "".join(rows)
