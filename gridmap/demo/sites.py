"""Every place at which something can happen, with the words by which people call it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point

from gridmap.demo import names
from gridmap.demo.areas import centroids
from gridmap.demo.blocks import Block, inner_point
from gridmap.demo.estates import Premises
from gridmap.demo.places import Estate, Place
from gridmap.demo.terrain import Floats, Terrain
from gridmap.demo.ways import Directory, kerb

NAMED = ("market", "school", "hospital", "shop", "company", "park")
KINDS = ("home", "quarter", "village", *NAMED, "road", "crossing", "field")
ANCHORS = ("school", "hospital", "market", "park", "landmark", "bridge")
DIRECTIONS = ("东", "东北", "北", "西北", "西", "西南", "南", "东南")
ROAD_STEP_M = 140.0
TRAFFIC = {"primary": 160, "secondary": 120, "tertiary": 90, "residential": 60, "alley": 45, "path": 10}
CROSSING_TRAFFIC = 110
OPPOSITE_M = 70.0


@dataclass(slots=True)
class Site:
    """`number` is that of the building, the door or the villagers' group; `weight` people or traffic."""

    kind: str
    at: Point
    name: str
    short: str
    alias: str
    road: str
    number: int = 0
    storeys: int = 0
    weight: int = 1
    gate: str = ""
    opposite: str = ""


@dataclass(frozen=True)
class Sites:
    """Columns of equal length n: kind (position in KINDS), xy in metres, weight, number, storeys.

    `words`: name, short, alias, road, gate, opposite, traditional, slip (a sound-alike mistake), community,
    village, near and relative (seen from the nearest landmark).
    """

    kind: NDArray[np.int64]
    xy: Floats
    weight: Floats
    number: NDArray[np.int64]
    storeys: NDArray[np.int64]
    words: dict[str, NDArray[np.object_]]


def gather(
    rng: np.random.Generator,
    table: pd.DataFrame,
    premises: list[Premises],
    estates: list[Estate],
    spots: list[Place],
    blocks: list[Block],
    directory: Directory,
    terrain: Terrain,
    community: Callable[[Point], str],
) -> Sites:
    """All sites: dwellings, named places, points along streets, crossings, fields."""
    found = _dwellings(table, premises, estates, spots, directory)
    named = [spot for spot in spots if spot.kind in NAMED]
    found += [Site(p.kind, p.at, p.name, p.name, p.aliases.split(";")[0] or p.name, p.address) for p in named]
    found += _roadside(rng, directory, terrain, named)
    found += _crossings(rng, directory, terrain)
    found += _fields(blocks, [spot for spot in spots if spot.kind == "village"])
    column: dict[str, list[str]] = {
        key: [getattr(site, key) for site in found]
        for key in ("name", "short", "alias", "road", "gate", "opposite")
    }
    column["traditional"] = [site.name.translate(names.TRADITIONAL) for site in found]
    column["slip"] = [names.slip(site.short) for site in found]
    column["community"] = [community(site.at) for site in found]
    column["village"] = [site.name.split("村")[0] + "村" for site in found]
    column["near"], column["relative"] = _seen_from(found, [spot for spot in spots if spot.kind in ANCHORS])
    return Sites(
        np.array([KINDS.index(site.kind) for site in found]),
        np.array([[site.at.x, site.at.y] for site in found]),
        np.array([site.weight for site in found], dtype=float),
        np.array([site.number for site in found]),
        np.array([site.storeys for site in found]),
        {key: np.array(values, dtype=object) for key, values in column.items()},
    )


def _dwellings(
    table: pd.DataFrame,
    premises: list[Premises],
    estates: list[Estate],
    spots: list[Place],
    directory: Directory,
) -> list[Site]:
    by_premises = {estate.premises: estate for estate in estates}
    nickname = {spot.name: spot.aliases.split(";")[0] for spot in spots if spot.kind == "village"}
    old_name = {street.name: street.alias for street in directory.named}
    found = []
    columns = (table[key] for key in ("name", "premises", "number", "storeys", "population"))
    for full, k, number, storeys, people, (x, y) in zip(*columns, centroids(table), strict=True):
        at, use = Point(x, y), premises[k].use
        if k in by_premises:
            home = by_premises[k]
            alias = home.aliases.split(";")[-1]
            words = (home.name, home.short, alias, home.address)
            found.append(Site("home", at, *words, number, storeys, people, home.gate_name))
        elif use == "quarter":
            street = full.rstrip("0123456789号")
            door = int(full[len(street) : -1])
            words = (street, street, old_name.get(street) or street, full)
            found.append(Site("quarter", at, *words, door, storeys, people))
        elif use == "village":
            group = full.split("组")[0] + "组"
            words = (group, group, nickname[group], full)
            found.append(Site("village", at, *words, _group(group), storeys, people))
    return found


def _group(name: str) -> int:
    """3 of 青石村3组."""
    return int(name.split("村")[1].removesuffix("组"))


def _roadside(
    rng: np.random.Generator, directory: Directory, terrain: Terrain, named: list[Place]
) -> list[Site]:
    found = []
    tree = shapely.STRtree([spot.at for spot in named])
    for street in directory.named:
        for part in street.parts:
            for chain in np.arange(ROAD_STEP_M / 2, part.line.length, ROAD_STEP_M):
                at = kerb(rng, part, float(chain))
                if part.bridge or not terrain.outline.contains(at) or terrain.water.contains(at):
                    continue
                number = street.door(at)
                road = f"{street.name}{number}号"
                across = [
                    named[i].name
                    for i in tree.query(at, predicate="dwithin", distance=OPPOSITE_M)
                    if LineString([at, named[i].at]).crosses(part.line)
                ]
                opposite = f"{min(across)}对面" if across else f"{road}附近"
                words = (street.name, street.name, street.alias or street.name, road)
                found.append(Site("road", at, *words, number, 0, TRAFFIC[part.rank], "", opposite))
    return found


def _crossings(rng: np.random.Generator, directory: Directory, terrain: Terrain) -> list[Site]:
    meet: dict[tuple[float, ...], dict[str, str]] = defaultdict(dict)
    for street in directory.named:
        for part in street.parts:
            for point in part.line.coords:
                meet[point][street.name] = street.rank
    found = []
    for point in sorted(point for point, called in meet.items() if len(called) > 1):
        ranks = meet[point]
        first, second = sorted(ranks, key=lambda name: (-TRAFFIC[ranks[name]], name))[:2]
        angle = rng.uniform(0, 2 * math.pi)
        at = Point(point[0] + 9 * math.cos(angle), point[1] + 9 * math.sin(angle))
        if terrain.outline.contains(at):
            words = (f"{first}与{second}交叉口", f"{first}{second}路口", f"{second}{first}口", first)
            found.append(Site("crossing", at, *words, 0, 0, CROSSING_TRAFFIC))
    return found


def _fields(blocks: list[Block], villages: list[Place]) -> list[Site]:
    found = []
    for block in blocks:
        if block.country and block.use == "field" and villages:
            at = Point(inner_point(block.polygon))
            village = min(villages, key=lambda spot: spot.at.distance(at))
            nickname = village.aliases.split(";")[0]
            words = (village.name, village.name, nickname, village.name)
            found.append(Site("field", at, *words, _group(village.name), 0, round(block.polygon.area / 1000)))
    return found


def _seen_from(found: list[Site], anchors: list[Place]) -> tuple[list[str], list[str]]:
    """(near, relative) for each site: from the nearest landmark that is not the site itself."""
    tree = shapely.STRtree([anchor.at for anchor in anchors])
    near, relative = [], []
    for site in found:
        anchor = anchors[int(tree.nearest(site.at))]
        if anchor.name == site.name:
            others = (other for other in anchors if other.name != site.name)
            anchor = min(others, key=lambda other: other.at.distance(site.at))
        distance = anchor.at.distance(site.at)
        relative.append(_relative(anchor, site.at))
        near.append(f"{anchor.name}附近" if distance < 150 else f"{site.number}号")
    return near, relative


def _relative(anchor: Place, at: Point) -> str:
    """Beside the landmark, or so many metres from it in one of eight directions."""
    distance = anchor.at.distance(at)
    if distance < 45:
        return f"{anchor.name}旁边"
    bearing = math.atan2(at.y - anchor.at.y, at.x - anchor.at.x)
    step = 50 if distance < 600 else 100
    return f"{anchor.name}以{DIRECTIONS[round(bearing / (math.pi / 4)) % 8]}{round(distance / step) * step}米"
