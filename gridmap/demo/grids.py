"""Blocks to grids, grids to communities: connected, balanced, along streets, river and railway."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from gridmap.demo.blocks import Block, Borders
from gridmap.demo.estates import Premises
from gridmap.demo.shares import apportion
from gridmap.demo.streets import NODE_M
from gridmap.demo.terrain import Floats, largest

COMMUNITIES_PER_GRID = 8 / 150
DEDICATED_PER_GRID = 8 / 150
# A grid of the country is a natural village or two with their fields, smaller than one of the town.
GRIDS_PER_VILLAGE = 0.5
# Premises that become dedicated grids, and how: `block` whole blocks in the tiling, `hole` cut out of a
# general grid, `overlay` on top of one. Taken in turn until the number is reached.
DEDICATED = (
    ("hospital", "block"),
    ("school", "hole"),
    ("square", "overlay"),
    ("industry", "block"),
    ("wholesale", "block"),
    ("station", "block"),
    ("school", "hole"),
    ("school", "block"),
)
# A part of the land where fewer homes than this stand joins its neighbours.
LEAST_HOMES = 150
# How far the rounding off of shapes may take a part from the mean weight.
BOUNDS = (0.72, 1.32)


@dataclass(slots=True)
class Grid:
    """`blocks` and `premises` by position; `dedicated` is the use of a dedicated grid, `how` its cut."""

    polygon: Polygon
    blocks: list[int]
    premises: list[int]
    dedicated: str = ""
    how: str = ""
    community: int = -1
    code: str = ""
    name: str = ""


def divide(
    rng: np.random.Generator,
    blocks: list[Block],
    premises: list[Premises],
    near: Borders,
    every: Borders,
    count: int,
) -> list[Grid]:
    """`count` grids, the dedicated ones last, each with the number of its community."""
    on_block: dict[int, list[int]] = defaultdict(list)
    for k, unit in enumerate(premises):
        on_block[unit.block].append(k)
    dedicated = _dedicated(blocks, premises, near, on_block, max(3, round(DEDICATED_PER_GRID * count)))
    held = {k for grid in dedicated for k in grid.premises}
    whole = {i for grid in dedicated if grid.how == "block" for i in grid.blocks}
    weight = np.zeros(len(blocks))
    for k, unit in enumerate(premises):
        if k not in held:
            weight[unit.block] += sum(building.capacity for building in unit.buildings)
    labels = _general(rng, blocks, weight, near, every, whole, count - len(dedicated))
    grids = []
    for label in range(count - len(dedicated)):
        members = np.flatnonzero(labels == label).tolist()
        land: shapely.Geometry = shapely.coverage_union_all([blocks[i].polygon for i in members])
        for grid in dedicated:
            if grid.how == "hole" and grid.blocks[0] in members:
                land = shapely.difference(land, grid.polygon)
        inside = [k for i in members for k in on_block[i] if k not in held]
        grids.append(Grid(largest(land), members, inside))
    _gather(rng, grids, labels, blocks, every, weight, max(2, round(COMMUNITIES_PER_GRID * count)))
    for grid in dedicated:
        grid.community = _joined(grid, grids, labels, blocks, every)
    return grids + dedicated


def _dedicated(
    blocks: list[Block], premises: list[Premises], near: Borders, on_block: dict[int, list[int]], count: int
) -> list[Grid]:
    """Dedicated grids on the largest premises of each use; what cannot be a block becomes a hole."""
    chosen: list[Grid] = []
    used: set[int] = set()
    for turn in range(count):
        use, how = DEDICATED[turn % len(DEDICATED)]
        options = _options(premises, use, used)
        if not options:
            use, how = "school", "hole"
            options = _options(premises, use, used)
        if not options:
            break
        pick = options[0]
        members = [premises[pick].block]
        if use == "industry":
            members = _cluster(blocks, near, members[0], used)
        if how == "block" and not _dispensable(near, used, set(members)):
            members, how = members[:1], "hole"
        used |= set(members)
        if how == "block":
            polygon = largest(shapely.coverage_union_all([blocks[i].polygon for i in members]))
            chosen.append(Grid(polygon, members, [k for i in members for k in on_block[i]], use, how))
        else:
            # On the lattice of the streets, so that vertices stay apart when degrees are rounded.
            polygon = largest(shapely.set_precision(premises[pick].polygon, NODE_M))
            chosen.append(Grid(polygon, members, [pick] if how == "hole" else [], use, how))
    return chosen


def _options(premises: list[Premises], use: str, used: set[int]) -> list[int]:
    """Premises of that use on blocks that are still free, the largest first."""
    free = [k for k, unit in enumerate(premises) if unit.use == use and unit.block not in used]
    return sorted(free, key=lambda k: -premises[k].polygon.area)


def _cluster(blocks: list[Block], near: Borders, first: int, used: set[int]) -> list[int]:
    """The industrial blocks that hang together with the first."""
    works = {i for i, block in enumerate(blocks) if block.use == "industry" and i not in used}
    return next(part for part in components(near, works) if first in part)


def _dispensable(near: Borders, used: set[int], members: set[int]) -> bool:
    """Whether the blocks around the members still reach one another without them."""
    before = set(near) - used
    around = {other for i in members for other in near[i]} & (before - members)
    parts = [set(part) & around for part in components(near, before - members)]
    pieces = [part for part in parts if part]
    whole = [set(part) & around for part in components(near, before)]
    return len(pieces) == len([part for part in whole if part])


def components(near: Borders, members: set[int]) -> list[list[int]]:
    """The connected parts of `members`, each sorted."""
    parts, seen = [], set()
    for start in sorted(members):
        if start in seen:
            continue
        part, queue = [start], [start]
        seen.add(start)
        while queue:
            for other in near[queue.pop()]:
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
    whole: set[int],
    count: int,
) -> NDArray[np.int64]:
    """The number of the general grid of every block, -1 on those of dedicated grids."""
    free = set(range(len(blocks))) - whole
    parts = [part for part in components(near, free) if weight[part].sum() > LEAST_HOMES]
    country = [part for part in parts if blocks[part[0]].country]
    town = [part for part in parts if not blocks[part[0]].country]
    villages = [sum(blocks[i].use == "village" for i in part) for part in country]
    rural = [max(1, math.floor(number * GRIDS_PER_VILLAGE)) for number in villages]
    urban = _quotas(count - sum(rural), town, weight)
    middles = _middles(blocks)
    labels = np.full(len(blocks), -1)
    first = 0
    for part, number in zip([*town, *country], [*urban.tolist(), *rural], strict=True):
        for i, label in partition(rng, part, weight, middles, near, number).items():
            labels[i] = first + label
        first += number
    orphans = [i for i in sorted(free) if labels[i] < 0]
    while orphans:
        for i in orphans:
            for borders in (near, every):
                options = [(length, labels[k]) for k, length in borders[i].items() if labels[k] >= 0]
                if options and labels[i] < 0:
                    labels[i] = max(options)[1]
        orphans = [i for i in orphans if labels[i] < 0]
    return labels


def _quotas(count: int, parts: list[list[int]], weight: Floats) -> NDArray[np.int64]:
    """How many grids each part of the land gets: by weight, at least one, at most its inhabited blocks."""
    share = np.array([weight[part].sum() for part in parts])
    most = np.array([np.count_nonzero(weight[part]) for part in parts])
    quotas: NDArray[np.int64] = np.minimum(1 + apportion(count - len(parts), share), most)
    while quotas.sum() < count:
        quotas[np.argmax(np.where(quotas < most, share / quotas, -1))] += 1
    return quotas


def _middles(blocks: list[Block]) -> Floats:
    return shapely.get_coordinates(shapely.centroid([block.polygon for block in blocks]))


def partition(
    rng: np.random.Generator, members: list[int], weight: Floats, middles: Floats, near: Borders, count: int
) -> dict[int, int]:
    """Split connected `members` into `count` connected parts of about equal weight: member → part.

    The parts grow around the means of a clustering, every member joining the nearest that reaches it; then
    members change sides, first to even the weights, then to straighten the borders.
    """
    inside = set(members)
    seeds, means = _seeds(rng, members, weight, middles, count)
    label: dict[int, int] = {}
    queue = [(-1.0, seed, k) for k, seed in enumerate(seeds)]
    while queue:
        _, member, k = heapq.heappop(queue)
        if member not in label:
            label[member] = k
            for other in near[member]:
                if other in inside and other not in label:
                    heapq.heappush(queue, (math.dist(middles[other], means[k]), other, k))
    parts = [{member for member, k in label.items() if k == part} for part in range(count)]
    _even_out(label, parts, weight, near)
    _straighten(label, parts, weight, near)
    return label


def _seeds(
    rng: np.random.Generator, members: list[int], weight: Floats, middles: Floats, count: int
) -> tuple[list[int], Floats]:
    """The means (count, 2) of a weighted k-means clustering, and for each a member near it."""
    share, points = weight[members] + 1, middles[members]
    means = points[rng.choice(len(members), count, replace=False, p=share / share.sum())]
    for _ in range(25):
        owner = np.argmin(((points[:, None] - means[None]) ** 2).sum(-1), axis=1)
        total = np.bincount(owner, share, count)
        for axis in (0, 1):
            moved = np.bincount(owner, share * points[:, axis], count) / np.maximum(total, 1)
            means[:, axis] = np.where(total > 0, moved, means[:, axis])
    seeds: list[int] = []
    for mean in means:
        far = ((points - mean) ** 2).sum(-1) + np.where(weight[members] > 0, 0, 1e9)
        seeds.append(next(members[k] for k in np.argsort(far, kind="stable") if members[k] not in seeds))
    return seeds, means


def _move(label: dict[int, int], parts: list[set[int]], near: Borders, member: int, target: int) -> bool:
    """Hand a member to a neighbouring part unless that would tear its own part or empty it."""
    own = parts[label[member]]
    if len(own) == 1 or len(components(near, own - {member})) > 1:
        return False
    own.discard(member)
    parts[target].add(member)
    label[member] = target
    return True


def _even_out(label: dict[int, int], parts: list[set[int]], weight: Floats, near: Borders) -> None:
    """Hand members from heavy parts to lighter neighbours while that evens the weights."""
    load = [float(weight[sorted(part)].sum()) for part in parts]
    moved = True
    for _ in range(60):
        if not moved:
            return
        moved = False
        for i in sorted(label, key=lambda member: (-load[label[member]], member)):
            a, w = label[i], float(weight[i])
            targets = {label[other] for other in near[i] if other in label} - {a}
            for b in sorted(targets, key=lambda k: (load[k], k)):
                evens = 0 < w < load[a] and load[b] + w < load[a]
                if evens and _move(label, parts, near, i, b):
                    load[a] -= w
                    load[b] += w
                    moved = True
                    break


def _straighten(label: dict[int, int], parts: list[set[int]], weight: Floats, near: Borders) -> None:
    """Hand members to the part that holds most of their border, while weights stay within BOUNDS."""
    load = [float(weight[sorted(part)].sum()) for part in parts]
    mean = sum(load) / len(load)
    moved = True
    for _ in range(8):
        if not moved:
            return
        moved = False
        for i in sorted(label):
            a, w = label[i], float(weight[i])
            shared: dict[int, float] = defaultdict(float)
            for other, length in near[i].items():
                if other in label:
                    shared[label[other]] += length
            b = max(sorted(shared), key=lambda k: shared[k], default=a)
            if b == a or shared[b] < 1.25 * shared[a]:
                continue
            bounded = load[a] - w > BOUNDS[0] * mean and load[b] + w < BOUNDS[1] * mean
            if (w == 0 or bounded) and _move(label, parts, near, i, b):
                load[a] -= w
                load[b] += w
                moved = True


def _gather(
    rng: np.random.Generator,
    grids: list[Grid],
    labels: NDArray[np.int64],
    blocks: list[Block],
    every: Borders,
    weight: Floats,
    count: int,
) -> None:
    """Number the communities: grids of one bank of the river and one side of the railway grow together."""
    shore = [_shore(grid, blocks) for grid in grids]
    borders: Borders = {g: defaultdict(float) for g in range(len(grids))}
    for i, others in every.items():
        for k, length in others.items():
            a, b = int(labels[i]), int(labels[k])
            if min(a, b) >= 0 and a != b and shore[a] == shore[b]:
                borders[a][b] += length
    heavy = np.array([weight[grid.blocks].sum() + 60 for grid in grids])
    centres = shapely.get_coordinates(shapely.centroid([grid.polygon for grid in grids]))
    parts = components(borders, set(borders))
    country = [part for part in parts if shore[part[0]][1]]
    town = [part for part in parts if not shore[part[0]][1]]
    rest = max(0, count - len(country) - len(town))
    numbers = (1 + apportion(rest, [heavy[part].sum() for part in town])).tolist() + [1] * len(country)
    first = 0
    for part, number in zip([*town, *country], numbers, strict=True):
        for g, label in partition(rng, part, heavy, centres, borders, number).items():
            grids[g].community = first + label
        first += number


def _shore(grid: Grid, blocks: list[Block]) -> tuple[bool, bool]:
    """Whether most of the grid lies east of the river, and whether in the country."""
    area = np.array([blocks[i].polygon.area for i in grid.blocks])
    east = np.array([blocks[i].side > 0 for i in grid.blocks])
    country = np.array([blocks[i].country for i in grid.blocks])
    return bool(area[east].sum() * 2 > area.sum()), bool(area[country].sum() * 2 > area.sum())


def _joined(
    grid: Grid, grids: list[Grid], labels: NDArray[np.int64], blocks: list[Block], every: Borders
) -> int:
    """The community of a dedicated grid: the one around it, or the one with which it shares most border."""
    if labels[grid.blocks[0]] >= 0:
        return grids[int(labels[grid.blocks[0]])].community
    shared: dict[int, float] = defaultdict(float)
    for i in grid.blocks:
        for k, length in every[i].items():
            if labels[k] >= 0 and (blocks[k].side, blocks[k].country) == (blocks[i].side, blocks[i].country):
                shared[grids[int(labels[k])].community] += length
    return max(sorted(shared), key=lambda community: shared[community])
