"""Blocks to grids, grids to communities: connected, balanced, along streets, river and railway."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import Polygon

from gridmap.demo.blocks import Block
from gridmap.demo.estates import Premises
from gridmap.demo.terrain import Floats

COMMUNITIES_PER_GRID = 8 / 150
DEDICATED_PER_GRID = 8 / 150
# A grid of the country is a natural village and its fields, smaller than one of the town.
COUNTRY_GRIDS_PER_VILLAGE = 0.5
# (use of the premises, how it is cut out); taken in turn until the number is reached.
DEDICATED = (
    ("hospital", "block"),
    ("industry", "block"),
    ("wholesale", "block"),
    ("school", "hole"),
    ("square", "overlay"),
    ("station", "block"),
    ("school", "hole"),
    ("school", "block"),
)
# How far rounding off may take a part from the mean weight.
ROUND_OFF = (0.72, 1.32)
Borders = dict[int, dict[int, float]]


@dataclass(slots=True)
class Grid:
    """`blocks` by index; `premises` by index, those that lie in this grid."""

    polygon: Polygon
    dedicated: str
    blocks: list[int]
    premises: list[int]
    community: int = -1
    name: str = ""
    overlay: bool = False
    buildings: list[tuple[int, int]] = field(default_factory=list)


def divide(
    rng: np.random.Generator,
    blocks: list[Block],
    premises: list[Premises],
    near: Borders,
    every: Borders,
    count: int,
) -> list[Grid]:
    """`count` grids in their communities; the overlays last."""
    dedicated = _dedicated(rng, blocks, premises, near, max(3, round(DEDICATED_PER_GRID * count)))
    taken = {i for grid in dedicated if not grid.overlay for i in grid.blocks if grid.premises == [-1]}
    for grid in dedicated:
        if grid.premises == [-1]:
            grid.premises = [k for k, unit in enumerate(premises) if unit.block in grid.blocks]
    weight = np.zeros(len(blocks))
    held = {k for grid in dedicated for k in grid.premises}
    for k, unit in enumerate(premises):
        if k not in held:
            weight[unit.block] += sum(building.capacity for building in unit.buildings)
    labels = _general(rng, blocks, weight, near, every, taken, count - len(dedicated))
    middles = np.array([block.polygon.centroid.coords[0] for block in blocks])
    grids = []
    for label in range(labels.max() + 1):
        members = np.flatnonzero(labels == label).tolist()
        land = shapely.coverage_union_all([blocks[i].polygon for i in members])
        for grid in dedicated:
            if not grid.overlay and grid.blocks[0] in members and grid.blocks[0] not in taken:
                land = land.difference(grid.polygon)
        inside = [k for k, unit in enumerate(premises) if unit.block in set(members) and k not in held]
        grids.append(Grid(land, "", members, inside))
    general = len(grids)
    _gather(
        rng,
        grids,
        labels,
        dedicated,
        blocks,
        every,
        weight,
        middles,
        max(2, round(COMMUNITIES_PER_GRID * count)),
    )
    return grids[:general] + dedicated


def _dedicated(
    rng: np.random.Generator, blocks: list[Block], premises: list[Premises], near: Borders, count: int
) -> list[Grid]:
    """The dedicated grids. Of a grid of whole blocks `premises` is [-1] until its members are known."""
    chosen: list[Grid] = []
    used: set[int] = set()
    for turn in range(count):
        use, how = DEDICATED[turn % len(DEDICATED)]
        options = [
            k
            for k, unit in enumerate(premises)
            if unit.use == use and unit.block not in used and unit.polygon.area > 4000
        ]
        if not options:
            use, how = "school", "hole"
            options = [k for k, u in enumerate(premises) if u.use == use and u.block not in used]
        if not options:
            continue
        pick = max(options, key=lambda k: premises[k].polygon.area)
        unit = premises[pick]
        if how == "block":
            members = [unit.block]
            if use == "industry":
                members = _cluster(blocks, near, unit.block, used)
            if not _stays_whole(near, used | set(members), blocks):
                how = "hole"
            else:
                used |= set(members)
                polygon = shapely.coverage_union_all([blocks[i].polygon for i in members])
                chosen.append(Grid(polygon, use, members, [-1]))
                continue
        used.add(unit.block)
        chosen.append(
            Grid(
                _compact(unit.polygon),
                use,
                [unit.block],
                [] if how == "overlay" else [pick],
                overlay=how == "overlay",
            )
        )
    return chosen


def _compact(polygon: Polygon) -> Polygon:
    """The polygon on the grid of 0.5 m, so that its vertices survive the rounding of degrees."""
    return shapely.set_precision(polygon, 0.5)


def _cluster(blocks: list[Block], near: Borders, first: int, used: set[int]) -> list[int]:
    members, queue = {first}, [first]
    while queue:
        for other in near[queue.pop()]:
            if blocks[other].use == "industry" and other not in members | used:
                members.add(other)
                queue.append(other)
    return sorted(members)


def _stays_whole(near: Borders, removed: set[int], blocks: list[Block]) -> bool:
    """Whether the blocks around the removed ones still reach each other."""
    ring = {other for i in removed for other in near[i]} - removed
    left = set(range(len(blocks))) - removed
    groups: dict[int, int] = {}
    for label, part in enumerate(_components(near, left)):
        groups |= dict.fromkeys(part, label)
    whole: dict[int, int] = {}
    for label, part in enumerate(_components(near, set(range(len(blocks))))):
        whole |= dict.fromkeys(part, label)
    return all(groups[a] == groups[b] for a in ring for b in ring if whole[a] == whole[b])


def _components(near: Borders, members: set[int]) -> list[list[int]]:
    parts, seen = [], set()
    for start in sorted(members):
        if start in seen:
            continue
        part, queue = [start], [start]
        seen.add(start)
        while queue:
            for other in sorted(near[queue.pop()]):
                if other in members and other not in seen:
                    seen.add(other)
                    part.append(other)
                    queue.append(other)
        parts.append(sorted(part))
    return parts


def _general(
    rng: np.random.Generator,
    blocks: list[Block],
    weight: Floats,
    near: Borders,
    every: Borders,
    taken: set[int],
    count: int,
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    free = set(range(len(blocks))) - taken
    parts = _components(near, free)
    # A part that nobody lives in joins the neighbour with the longest border, barrier or not.
    lived = [part for part in parts if weight[part].sum() > 150]
    country = [part for part in lived if np.mean([blocks[i].country for i in part]) > 0.5]
    town = [part for part in lived if part not in country]
    quota = {}
    for part in country:
        villages = sum(blocks[i].use == "village" for i in part)
        quota[id(part)] = max(1, math.floor(villages * COUNTRY_GRIDS_PER_VILLAGE))
    rest = count - sum(quota.values())
    shares = np.array([weight[part].sum() for part in town])
    exact = shares / shares.sum() * rest
    given = np.maximum(1, np.floor(exact)).astype(int)
    for k in np.argsort(-(exact - np.floor(exact)))[: rest - given.sum()]:
        given[k] += 1
    quota |= {id(part): int(n) for part, n in zip(town, given, strict=True)}
    labels = np.full(len(blocks), -1)
    first = 0
    middles = np.array([block.polygon.centroid.coords[0] for block in blocks])
    for part in [*town, *country]:
        local = partition(rng, part, weight, middles, near, quota[id(part)])
        for i, label in local.items():
            labels[i] = first + label
        first += quota[id(part)]
    orphans = [i for i in free if labels[i] < 0]
    while orphans:
        for i in orphans:
            options = [(length, labels[k]) for k, length in every[i].items() if labels[k] >= 0]
            if options:
                labels[i] = max(options)[1]
        orphans = [i for i in orphans if labels[i] < 0]
    return labels


def partition(
    rng: np.random.Generator,
    members: list[int],
    weight: Floats,
    middles: Floats,
    near: Borders,
    count: int,
) -> dict[int, int]:
    """Split connected `members` into `count` connected parts of about equal weight."""
    seeds = _seeds(rng, members, weight, middles, count)
    label = {seed: k for k, seed in enumerate(seeds)}
    load = [weight[seed] for seed in seeds]
    inside = set(members)
    centres = [middles[seed].copy() for seed in seeds]
    open_parts = set(range(count))
    while open_parts and len(label) < len(members):
        k = min(open_parts, key=lambda part: (load[part], part))
        mine = [i for i, part in label.items() if part == k]
        rim = sorted({other for i in mine for other in near[i] if other in inside and other not in label})
        if not rim:
            open_parts.discard(k)
            continue
        best = min(
            rim, key=lambda i: math.dist(middles[i], centres[k]) - 0.25 * sum(near[i].get(m, 0) for m in mine)
        )
        label[best] = k
        load[k] += weight[best] + 1
        centres[k] = np.mean([middles[i] for i in [*mine, best]], axis=0)
    _balance(label, weight, near, count)
    _round_off(label, weight, near, count)
    return label


def _seeds(
    rng: np.random.Generator, members: list[int], weight: Floats, middles: Floats, count: int
) -> list[int]:
    """Weighted k-means of the members' middles; the member nearest to each mean, all different."""
    w = weight[members] + 1
    points = middles[members]
    means = points[rng.choice(len(members), count, replace=False, p=w / w.sum())]
    for _ in range(25):
        owner = np.argmin(((points[:, None] - means[None]) ** 2).sum(-1), axis=1)
        total = np.bincount(owner, w, count)
        for axis in (0, 1):
            moved = np.bincount(owner, w * points[:, axis], count)
            means[:, axis] = np.where(total > 0, moved / np.maximum(total, 1), means[:, axis])
    seeds: list[int] = []
    heavy = weight[members] > 0
    for mean in means:
        far = ((points - mean) ** 2).sum(-1) + np.where(heavy, 0, 1e9)
        for k in np.argsort(far, kind="stable"):
            if members[k] not in seeds:
                seeds.append(members[k])
                break
    return seeds


def _balance(label: dict[int, int], weight: Floats, near: Borders, count: int) -> None:
    """Hand single members from heavy parts to lighter neighbours while that evens the weights."""
    load = np.zeros(count)
    parts: dict[int, set[int]] = defaultdict(set)
    for i, k in label.items():
        load[k] += weight[i]
        parts[k].add(i)
    for _ in range(60):
        moved = False
        for i in sorted(label, key=lambda m: (-load[label[m]], m)):
            a = label[i]
            if weight[i] == 0 or len(parts[a]) == 1:
                continue
            options = sorted({label[o] for o in near[i] if o in label} - {a}, key=lambda k: (load[k], k))
            for b in options:
                gain = load[a] ** 2 + load[b] ** 2 - (load[a] - weight[i]) ** 2 - (load[b] + weight[i]) ** 2
                if gain > 0 and len(_components(near, parts[a] - {i})) == 1 and load[a] - weight[i] > 0:
                    parts[a].discard(i)
                    parts[b].add(i)
                    label[i] = b
                    load[a] -= weight[i]
                    load[b] += weight[i]
                    moved = True
                    break
        if not moved:
            return


def _round_off(label: dict[int, int], weight: Floats, near: Borders, count: int) -> None:
    """Hand members to the part with which they share most of their border, while weights stay in bounds."""
    load = np.zeros(count)
    parts: dict[int, set[int]] = defaultdict(set)
    for i, k in label.items():
        load[k] += weight[i]
        parts[k].add(i)
    mean = load.sum() / count
    for _ in range(8):
        moved = False
        for i in sorted(label):
            a = label[i]
            shared: dict[int, float] = defaultdict(float)
            for other, length in near[i].items():
                if other in label:
                    shared[label[other]] += length
            b = max(sorted(shared), key=lambda k: shared[k], default=a)
            if b == a or shared[b] < 1.25 * shared[a] or len(parts[a]) == 1:
                continue
            bounds = load[a] - weight[i] > ROUND_OFF[0] * mean and load[b] + weight[i] < ROUND_OFF[1] * mean
            if (bounds or weight[i] == 0) and len(_components(near, parts[a] - {i})) == 1:
                parts[a].discard(i)
                parts[b].add(i)
                label[i] = b
                load[a] -= weight[i]
                load[b] += weight[i]
                moved = True
        if not moved:
            return


def _gather(
    rng: np.random.Generator,
    grids: list[Grid],
    labels: np.ndarray[tuple[int], np.dtype[np.int64]],
    dedicated: list[Grid],
    blocks: list[Block],
    every: Borders,
    weight: Floats,
    middles: Floats,
    count: int,
) -> None:
    """Communities: grids of one bank and one side of the railway grow together; then the dedicated join."""
    borders: Borders = {g: defaultdict(float) for g in range(len(grids))}
    for i, others in every.items():
        for k, length in others.items():
            a, b = labels[i], labels[k]
            if a >= 0 and b >= 0 and a != b and _shore(grids[a], blocks) == _shore(grids[b], blocks):
                borders[int(a)][int(b)] += length
    heavy = np.array([weight[grid.blocks].sum() + 60 for grid in grids])
    centres = np.array([middles[grid.blocks].mean(axis=0) for grid in grids])
    parts = _components(borders, set(range(len(grids))))
    country = [p for p in parts if np.mean([_shore(grids[g], blocks)[1] for g in p]) > 0.5]
    town = [p for p in parts if p not in country]
    rest = max(len(town), count - len(country))
    shares = np.array([heavy[p].sum() for p in town])
    given = np.maximum(1, np.floor(shares / shares.sum() * rest)).astype(int)
    for k in np.argsort(-(shares / shares.sum() * rest - given))[: rest - given.sum()]:
        given[k] += 1
    first = 0
    for part, number in [*zip(town, given.tolist(), strict=True), *((p, 1) for p in country)]:
        for g, label in partition(rng, part, heavy, centres, borders, number).items():
            grids[g].community = first + label
        first += number
    for grid in dedicated:
        if labels[grid.blocks[0]] >= 0:
            grid.community = grids[labels[grid.blocks[0]]].community
            continue
        touch: dict[int, float] = defaultdict(float)
        for i in grid.blocks:
            for k, length in every[i].items():
                if labels[k] >= 0 and blocks[k].side == blocks[i].side:
                    touch[grids[labels[k]].community] += length
        grid.community = max(touch, key=lambda c: (touch[c], -c))


def _shore(grid: Grid, blocks: list[Block]) -> tuple[int, bool]:
    members = [blocks[i] for i in grid.blocks]
    area = sum(block.polygon.area for block in members)
    east = sum(block.polygon.area for block in members if block.side > 0)
    country = sum(block.polygon.area for block in members if block.country)
    return (1 if east * 2 > area else -1), country * 2 > area
