"""Those who work in the grids, and the ages of those who live there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridmap.demo import names
from gridmap.demo.areas import Community
from gridmap.demo.shares import apportion
from gridmap.demo.grids import Grid
from gridmap.demo.terrain import Floats

VACANT = 3
DOUBLE = 2
COURIERS_PER_GRID = 460 / 150
RIDERS_PER_GRID = 3_100 / 150


def workers(
    rng: np.random.Generator,
    divided: list[Grid],
    codes: list[str],
    communities: list[Community],
    riders: Floats,
) -> pd.DataFrame:
    """name, phone, role, areas: a 网格长 for each community, a 专职 for each grid, couriers as 兼职.

    Three general grids are vacant and two have two workers, on purpose. `riders` (communities) weighs
    where the couriers work. Phones begin with 1000000, which no network uses.
    """
    general = [g for g in range(len(divided)) if not divided[g].dedicated]
    odd = rng.permutation(len(general))[: VACANT + DOUBLE]
    vacant = {general[k] for k in odd[:VACANT]}
    doubled = {general[k] for k in odd[VACANT:]}
    rows = [("网格长", community.code) for community in communities]
    for g in range(len(divided)):
        if g not in vacant:
            rows += [("专职", codes[g])] * (2 if g in doubled else 1)
    couriers = apportion(round(COURIERS_PER_GRID * len(divided)), riders)
    for k, community in enumerate(communities):
        for _ in range(couriers[k]):
            other = communities[int(rng.integers(len(communities)))].code
            both = rng.random() < 0.3 and other != community.code
            rows.append(("兼职", f"{community.code};{other}" if both else community.code))
    table = pd.DataFrame(rows, columns=["role", "areas"])
    table.insert(0, "name", [names.person(rng) for _ in rows])
    table.insert(1, "phone", [f"1000000{k:04d}" for k in range(1, len(rows) + 1)])
    return table


def ages(rng: np.random.Generator, table: pd.DataFrame, grids: int) -> dict[str, Floats]:
    """elderly (60 and over), children (under 15) and riders in each building of the table."""
    population = table["population"].to_numpy()
    share = {"walkup": 0.27, "slab": 0.16, "tower": 0.12, "quarter": 0.31, "village": 0.34}
    old = table["style"].map(share).fillna(0.05).to_numpy()
    young = 0.05 + 0.62 * (0.36 - old)
    works = table["style"].isin(["market", "commerce", "works"]).to_numpy()
    riders = population * rng.lognormal(0, 0.5, len(table)) + works * rng.uniform(20, 160, len(table))
    return {
        "elderly": rng.binomial(population, old),
        "children": rng.binomial(population, np.maximum(young, 0.03)),
        "riders": apportion(round(RIDERS_PER_GRID * grids), riders),
    }
