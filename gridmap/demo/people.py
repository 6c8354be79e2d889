"""Those who work in the grids, and the ages of those who live there."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gridmap.demo import names
from gridmap.demo.areas import Community
from gridmap.demo.grids import Grid
from gridmap.demo.shares import apportion

VACANT = 3
DOUBLE = 2
COURIERS_PER_GRID = 460 / 150
RIDERS_PER_GRID = 3_100 / 150
# Share of people of 60 and over by the style of their building.
ELDERLY = {"walkup": 0.27, "slab": 0.16, "tower": 0.12, "quarter": 0.31, "village": 0.34}


def workers(
    rng: np.random.Generator, grids: list[Grid], communities: list[Community], riders: ArrayLike
) -> pd.DataFrame:
    """name, phone, role, areas: a 网格长 for each community, a 专职 for each grid, couriers as 兼职.

    On purpose three general grids have nobody and two have two workers. `riders` (one number for each
    community) tells where the couriers work. Phones begin with 1000000, which no network uses.
    """
    general = [grid.code for grid in grids if not grid.dedicated]
    odd = [general[k] for k in rng.permutation(len(general))[: VACANT + DOUBLE]]
    rows = [("网格长", community.code) for community in communities]
    for code in sorted(grid.code for grid in grids):
        hands = 0 if code in odd[:VACANT] else 2 if code in odd[VACANT:] else 1
        rows += [("专职", code)] * hands
    for community, number in zip(
        communities, apportion(round(COURIERS_PER_GRID * len(grids)), riders), strict=True
    ):
        for _ in range(number):
            other = communities[int(rng.integers(len(communities)))].code
            wider = rng.random() < 0.3 and other != community.code
            rows.append(("兼职", f"{community.code};{other}" if wider else community.code))
    table = pd.DataFrame(rows, columns=["role", "areas"])
    table.insert(0, "name", [names.person(rng) for _ in rows])
    table.insert(1, "phone", [f"1000000{k:04d}" for k in range(1, len(rows) + 1)])
    return table


def ages(rng: np.random.Generator, table: pd.DataFrame, grids: int) -> dict[str, NDArray[np.int64]]:
    """elderly (60 and over), children (under 15) and riders of every building in the table.

    Riders are counted where they live or wait for orders, shops and works included.
    """
    population = table["population"].to_numpy()
    old = table["style"].map(ELDERLY).fillna(0.05).to_numpy(dtype=np.float64)
    waiting = table["style"].isin(["market", "commerce", "works"]).to_numpy()
    riders = population * rng.lognormal(0, 0.5, len(table)) + waiting * rng.uniform(20, 160, len(table))
    return {
        "elderly": rng.binomial(population, old),
        "children": rng.binomial(population, np.maximum(0.05 + 0.62 * (0.36 - old), 0.03)),
        "riders": apportion(round(RIDERS_PER_GRID * grids), riders),
    }
