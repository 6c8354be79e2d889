"""Codes, names, households and people of communities, grids and buildings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from shapely import Point, Polygon

from gridmap.demo import names
from gridmap.demo.blocks import Block
from gridmap.demo.estates import Premises
from gridmap.demo.grids import Grid
from gridmap.demo.places import Estate
from gridmap.demo.shares import apportion
from gridmap.demo.terrain import Floats, Terrain, largest
from gridmap.demo.ways import Directory

STREET_CODE = "519900001"
PEOPLE_PER_GRID = 130_000 / 150
HOMES_PER_GRID = 48_600 / 150
# General grids of the town keep to the rule of 300 to 500 households.
LEAST_HOMES, MOST_HOMES = 302, 496
COUNTRY_HOMES = 300
# How strongly a grid's households follow what its buildings would hold.
FOLLOW = 0.4
DORMITORY_HOMES = 48
HOUSEHOLD_SIZE = {"walkup": 2.45, "slab": 2.8, "tower": 2.85, "quarter": 2.3, "village": 3.1, "works": 2.2}
# Grids are numbered in bands of this height, from north to south.
BAND_M = 450


@dataclass(slots=True)
class Community:
    """`grids` by position; in the country the land is fields and villages."""

    polygon: Polygon
    grids: list[int]
    country: bool
    name: str = ""
    code: str = ""


def communities(grids: list[Grid], blocks: list[Block], terrain: Terrain, bridge: Point) -> list[Community]:
    """The communities with names and codes, those of the country last.

    Sets each grid's `community` to its position in the answer. `bridge` is the lesser of the two.
    """
    members: dict[int, list[int]] = {}
    for g, grid in enumerate(grids):
        members.setdefault(grid.community, []).append(g)
    found = []
    for inside in members.values():
        polygon = largest(
            shapely.coverage_union_all([grids[g].polygon for g in inside if grids[g].how != "overlay"])
        )
        country = sum(blocks[i].polygon.area for g in inside for i in grids[g].blocks if blocks[i].country)
        found.append(Community(polygon, inside, country * 2 > polygon.area))
    found.sort(key=lambda c: (c.country, round(-c.polygon.centroid.y / 900), c.polygon.centroid.x))
    _name(found, blocks, terrain, bridge)
    for n, community in enumerate(found):
        community.code = f"{STREET_CODE}{n + 1:03d}"
        for g in community.grids:
            grids[g].community = n
    return found


def _name(found: list[Community], blocks: list[Block], terrain: Terrain, bridge: Point) -> None:
    """Names that tell where a community lies, as far as they reach."""
    town = [community for community in found if not community.country]
    western = [community for community in town if terrain.west.contains(community.polygon.centroid)]
    eastern = [community for community in town if community not in western]
    station = next((block.polygon for block in blocks if block.use == "station"), None)
    claims = [("站前", town, station.centroid)] if station else []
    claims += [("河东", eastern, Point(0, 0)), ("河西", western, Point(0, 0)), ("状元桥", town, bridge)]
    for name, options, at in claims:
        free = [community for community in options if not community.name]
        near = [(c.polygon.distance(at), c.polygon.centroid.distance(at), k) for k, c in enumerate(free)]
        if near:
            free[min(near)[2]].name = name
    pool = names.community_names()
    hamlets = iter(names.COUNTRY_COMMUNITIES)
    for community in found:
        if not community.name:
            community.name = next(hamlets, "") if community.country else ""
            community.name = community.name or next(pool)


def number(
    grids: list[Grid], found: list[Community], premises: list[Premises], called: dict[int, str]
) -> None:
    """Set the code and name of every grid: numbers run from west to east in bands from north to south.

    Dedicated grids come after the general ones of their community. `called` names premises.
    """
    for community in found:

        def place(g: int) -> tuple[bool, int, float]:
            middle = grids[g].polygon.centroid
            return bool(grids[g].dedicated), round(-middle.y / BAND_M), middle.x

        for n, g in enumerate(sorted(community.grids, key=place), 1):
            grids[g].code = f"{community.code}{n:03d}"
            grids[g].name = f"{community.name}社区第{n}网格"
            if grids[g].dedicated:
                grids[g].name = f"{_title(grids[g], premises, called)}专属网格"


def _title(grid: Grid, premises: list[Premises], called: dict[int, str]) -> str:
    if grid.dedicated == "industry":
        return "淙溪工业园"
    here = (k for k, u in enumerate(premises) if u.block in grid.blocks and u.use == grid.dedicated)
    return called[next(here)]


def buildings(
    grids: list[Grid],
    blocks: list[Block],
    premises: list[Premises],
    estates: list[Estate],
    called: dict[int, str],
    directory: Directory,
) -> pd.DataFrame:
    """One row a building, by code: code, name, kind, grid and premises (positions), number (in the premises,
    or the door), storeys, capacity, style, shape (metres), households, population.
    """
    named = {estate.premises: estate.name for estate in estates}
    doors: set[str] = set()
    rows = []
    for g, grid in enumerate(grids):
        serial = 0
        for k in grid.premises:
            use = premises[k].use
            for n, building in enumerate(premises[k].buildings, 1):
                serial += 1
                door, name = n, f"{called.get(k, '')}{n}号楼"
                if use == "estate":
                    name = f"{named[k]}{n}栋"
                elif use == "village":
                    name = f"{called[k]}{n}号"
                elif use == "quarter":
                    door, name = _door(building.polygon, directory, doors)
                rows.append(
                    {
                        "code": f"{grid.code}{serial:05d}",
                        "name": name,
                        "kind": "dedicated" if grid.dedicated else "general",
                        "grid": g,
                        "premises": k,
                        "number": door,
                        "storeys": building.storeys,
                        "capacity": building.capacity,
                        "style": premises[k].style,
                        "shape": building.polygon,
                    }
                )
    table = pd.DataFrame(rows).sort_values("code", ignore_index=True)
    _populate(table, grids, blocks, premises)
    return table


def _door(shape: Polygon, directory: Directory, taken: set[str]) -> tuple[int, str]:
    """The number and address of a house in an old street, different for each house."""
    street = directory.nearest(shape)
    door = street.door(shape.centroid)
    while f"{street.name}{door}号" in taken:
        door += 2
    taken.add(f"{street.name}{door}号")
    return door, f"{street.name}{door}号"


def _populate(table: pd.DataFrame, grids: list[Grid], blocks: list[Block], premises: list[Premises]) -> None:
    """Households and people of the buildings: 300 to 500 homes in a general grid of the town."""
    capacity = table["capacity"].to_numpy(dtype=np.float64)
    works = np.flatnonzero([premises[k].use == "industry" for k in table["premises"]])
    capacity[works[:1]] = DORMITORY_HOMES
    held = np.bincount(table["grid"], capacity, len(grids))
    country = np.array([blocks[grid.blocks[0]].country for grid in grids])
    town = ~country & (held > DORMITORY_HOMES)
    homes = np.where(town, 0, np.minimum(held, COUNTRY_HOMES))
    total = round(HOMES_PER_GRID * len(grids))
    relative = (held[town] / held[town].mean()) ** FOLLOW
    low, high = 0.0, 2.0 * MOST_HOMES
    for _ in range(60):
        level = (low + high) / 2
        enough = np.clip(level * relative, LEAST_HOMES, MOST_HOMES).sum() + homes.sum() >= total
        low, high = (low, level) if enough else (level, high)
    homes[town] = np.clip(high * relative, LEAST_HOMES, MOST_HOMES)
    shared = apportion(total, homes)
    households = np.zeros(len(table), dtype=np.int64)
    for g in np.flatnonzero(shared):
        mine = np.flatnonzero(table["grid"] == g)
        households[mine] = apportion(int(shared[g]), capacity[mine])
    size = table["style"].map(HOUSEHOLD_SIZE).fillna(0.0).to_numpy(dtype=np.float64)
    table["households"] = households
    table["population"] = apportion(round(PEOPLE_PER_GRID * len(grids)), households * size)


def centroids(table: pd.DataFrame) -> Floats:
    """A point inside every building, (n, 2) in metres."""
    shapes = table["shape"].to_numpy()
    points = shapely.centroid(shapes)
    points = np.where(shapely.contains(shapes, points), points, shapely.point_on_surface(shapes))
    return shapely.get_coordinates(points)
