"""Codes, names, households and people of communities, grids and buildings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import Polygon

from gridmap.demo import names
from gridmap.demo.blocks import Block
from gridmap.demo.estates import Premises
from gridmap.demo.grids import Grid
from gridmap.demo.places import Directory, Estate
from gridmap.demo.terrain import Floats, Terrain

STREET_CODE = "519900001"
PEOPLE_PER_GRID = 130_000 / 150
HOMES_PER_GRID = 48_600 / 150
TOWN_HOMES = (305, 480)
DORMITORY_HOMES = 48


@dataclass(slots=True)
class Community:
    """`grids` by index; in the country the land is fields and villages."""

    name: str
    code: str
    polygon: Polygon
    grids: list[int]
    country: bool


def communities(
    divided: list[Grid], blocks: list[Block], terrain: Terrain, southern: shapely.Point
) -> list[Community]:
    """The communities, named by where they lie; sets each grid's `community` to its position here."""
    groups: dict[int, list[int]] = {}
    for g, grid in enumerate(divided):
        groups.setdefault(grid.community, []).append(g)
    found = []
    for members in groups.values():
        tiles = [divided[g].polygon for g in members if not divided[g].overlay]
        inside = {i for g in members for i in divided[g].blocks}
        rural = sum(blocks[i].polygon.area for i in inside if blocks[i].country)
        polygon = shapely.coverage_union_all(tiles)
        found.append(Community("", "", polygon, members, rural * 2 > polygon.area))
    _name(found, blocks, terrain, southern)
    found.sort(key=lambda c: (c.country, round(-c.polygon.centroid.y / 900), c.polygon.centroid.x))
    for n, community in enumerate(found):
        community.code = f"{STREET_CODE}{n + 1:03d}"
        for g in community.grids:
            divided[g].community = n
    return found


def _name(found: list[Community], blocks: list[Block], terrain: Terrain, southern: shapely.Point) -> None:
    """Names that tell where a community lies, as far as they reach; `southern` is the second bridge."""
    town = sorted((c for c in found if not c.country), key=lambda c: c.polygon.distance(shapely.Point(0, 0)))
    western = [c for c in town if terrain.west.contains(c.polygon.centroid)]
    eastern = [c for c in town if c not in western]
    stations = [block.polygon for block in blocks if block.use == "station"]

    def claim(name: str, options: list[Community], near: shapely.Geometry) -> None:
        free = [c for c in options if not c.name]
        if free:
            min(free, key=lambda c: (c.polygon.distance(near), c.polygon.centroid.distance(near))).name = name

    claim("河东", eastern, shapely.Point(0, 0))
    claim("河西", western, shapely.Point(0, 0))
    if stations:
        claim("站前", town, stations[0])
    claim("状元桥", town, southern)
    pool = iter([*names.COMMUNITIES, *names.COMMUNITY_HEADS])
    for community in town:
        community.name = community.name or next(pool)
    country = sorted((c for c in found if c.country), key=lambda c: c.polygon.centroid.x)
    rest = iter([*names.COUNTRY_COMMUNITIES, *reversed(names.COMMUNITY_HEADS)])
    for community in country:
        community.name = next(rest)


def number(
    divided: list[Grid], found: list[Community], premises: list[Premises], called: dict[int, str]
) -> list[str]:
    """The code of every grid: within its community from west to east in bands from north to south.

    Dedicated grids come after the general ones of their community.
    """
    codes = [""] * len(divided)
    for community in found:
        order = sorted(
            community.grids,
            key=lambda g: (
                bool(divided[g].dedicated),
                round(-divided[g].polygon.centroid.y / 450),
                divided[g].polygon.centroid.x,
            ),
        )
        for n, g in enumerate(order, 1):
            codes[g] = f"{community.code}{n:03d}"
            divided[g].name = f"{community.name}社区第{n}网格"
            if divided[g].dedicated:
                divided[g].name = f"{_title(divided[g], premises, called)}专属网格"
    return codes


def _title(grid: Grid, premises: list[Premises], called: dict[int, str]) -> str:
    if grid.dedicated == "industry":
        return "淙溪工业园"
    inside = [
        k for k, unit in enumerate(premises) if unit.block in grid.blocks and unit.use == grid.dedicated
    ]
    return called.get(inside[0], "淙溪") if inside else "淙溪"


def buildings(
    divided: list[Grid],
    codes: list[str],
    blocks: list[Block],
    premises: list[Premises],
    estates: list[Estate],
    called: dict[int, str],
    directory: Directory,
) -> pd.DataFrame:
    """One row a building: code, name, kind, households, population, shape (metres), grid and premises by
    position, number within its premises, storeys.
    """
    named = {estate.premises: estate.name for estate in estates}
    doors: set[str] = set()
    rows = []
    for g, grid in enumerate(divided):
        serial = 0
        for k in grid.premises if not grid.overlay else ():
            unit = premises[k]
            for n, building in enumerate(unit.buildings, 1):
                serial += 1
                if k in named:
                    name = f"{named[k]}{n}栋"
                elif unit.use == "village":
                    name = f"{called[k]}{n}号"
                elif unit.use == "quarter":
                    name = _door(building.polygon, directory, doors)
                else:
                    name = f"{called.get(k, '综合')}{n}号楼"
                rows.append(
                    (f"{codes[g]}{serial:05d}", name, "dedicated" if grid.dedicated else "general", g, k, n)
                    + (building.storeys, building.capacity, unit.style, building.polygon)
                )
    table = pd.DataFrame(
        rows,
        columns=[
            "code",
            "name",
            "kind",
            "grid",
            "premises",
            "number",
            "storeys",
            "capacity",
            "style",
            "shape",
        ],
    )
    table = table.sort_values("code", ignore_index=True)
    _populate(table, divided, blocks, premises)
    return table


def _door(shape: Polygon, directory: Directory, taken: set[str]) -> str:
    street = directory.nearest(shape)
    door = street.door(shape.centroid)
    while f"{street.name}{door}号" in taken:
        door += 2
    taken.add(f"{street.name}{door}号")
    return f"{street.name}{door}号"


def _populate(
    table: pd.DataFrame, divided: list[Grid], blocks: list[Block], premises: list[Premises]
) -> None:
    """Households and people: 300 to 500 homes in a grid of the town, a natural village in the country."""
    total = round(HOMES_PER_GRID * len(divided))
    capacity = table.capacity.to_numpy(dtype=float).copy()
    works = table.index[[premises[k].use == "industry" for k in table.premises]]
    if len(works):
        capacity[works[0]] = DORMITORY_HOMES
    held = np.bincount(table.grid, capacity, len(divided))
    rural = np.array([np.mean([blocks[i].country for i in grid.blocks]) > 0.5 for grid in divided])
    lived = held > 0
    homes = np.where(rural | (held <= DORMITORY_HOMES), np.minimum(held, 300), 0.0)
    town = lived & (homes == 0)
    low, high = 0.0, 5.0
    for _ in range(60):
        factor = (low + high) / 2
        filled = np.clip(held[town] * factor, *TOWN_HOMES).sum() + homes.sum()
        low, high = (factor, high) if filled < total else (low, factor)
    homes[town] = np.clip(held[town] * high, *TOWN_HOMES)
    homes = apportion(total, homes)
    households = np.zeros(len(table), dtype=np.int64)
    for g in range(len(divided)):
        mine = np.flatnonzero(table.grid == g)
        if len(mine) and capacity[mine].sum():
            households[mine] = apportion(int(homes[g]), capacity[mine])
    size = table["style"].map(
        {"walkup": 2.45, "slab": 2.8, "tower": 2.85, "quarter": 2.3, "village": 3.1, "works": 2.2}
    )
    table["households"] = households
    table["population"] = apportion(
        round(PEOPLE_PER_GRID * len(divided)), households * size.fillna(0).to_numpy()
    )


def apportion(total: int, weights: ArrayLike) -> NDArray[np.int64]:
    """Whole numbers in proportion to the weights (n,) that add up to `total`: largest remainder."""
    share = np.asarray(weights, dtype=float)
    exact = share / share.sum() * total
    whole = np.floor(exact).astype(np.int64)
    left = total - int(whole.sum())
    whole[np.argsort(-(exact - whole), kind="stable")[:left]] += 1
    return whole


def centroids(table: pd.DataFrame) -> Floats:
    """A point inside of every building, (n, 2) in metres."""
    points = shapely.point_on_surface(table["shape"].to_numpy())
    inside = shapely.contains(table["shape"].to_numpy(), shapely.centroid(table["shape"].to_numpy()))
    points[inside] = shapely.centroid(table["shape"].to_numpy()[inside])
    return shapely.get_coordinates(points)
