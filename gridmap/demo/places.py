"""Names on the ground: estates with gates, institutions, shops, stops, villages, door plates."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from shapely import Point, Polygon

from gridmap.demo import names
from gridmap.demo.blocks import Block, inner_point
from gridmap.demo.estates import Premises
from gridmap.demo.streets import WIDTH_M
from gridmap.demo.terrain import Terrain
from gridmap.demo.ways import Directory

SHOPS_PER_GRID = 95 / 150
STOPS_PER_GRID = 48 / 150
# Stops keep so far from the rails.
RAILS_M = 60.0


@dataclass(slots=True)
class Place:
    """A named place; `at` is its point in metres, `aliases` are joined by semicolons."""

    name: str
    aliases: str
    kind: str
    at: Point
    address: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Estate:
    """A residential unit as people know it, on one of the premises (by position)."""

    premises: int
    name: str
    aliases: str
    short: str
    address: str
    gate: Point
    gate_name: str
    managed: bool
    committee: bool
    parent: str


def estates(
    rng: np.random.Generator,
    blocks: list[Block],
    premises: list[Premises],
    directory: Directory,
    community: Callable[[Point], str],
) -> list[Estate]:
    """Names for the premises of use `estate`; the two on one block share theirs, in phases or halves."""
    pool = names.estate_names(rng)
    named: dict[int, tuple[str, str, bool]] = {}
    found = []
    for k in _inner_first(rng, blocks, premises):
        unit = premises[k]
        if unit.block not in named:
            base, aliases = next(pool)
            if unit.half and len(base) > 4:
                base = base.removesuffix("小区")
            named[unit.block] = base, aliases, bool(rng.random() < 0.6)
        base, aliases, phased = named[unit.block]
        name = short = base
        if unit.half:
            part = ("一期", "二期")[unit.half - 1] if phased else ("西区", "东区")[unit.half - 1]
            name = short = base + part
            clipped = base[:2] + part
            aliases = f"{base}{unit.half}期;{clipped}" if phased else f"{clipped};{base}{part[0]}院"
        elif not base.endswith(names.COMPLETE):
            name = f"{base}小区"
        elif len(base) > 4:
            short = base.removesuffix("小区")
        street, gate = directory.beside(unit.polygon)
        managed = bool(rng.random() < (0.5 if unit.style == "walkup" else 0.96))
        found.append(
            Estate(
                premises=k,
                name=name,
                aliases=aliases if short == name else f"{short};{aliases}",
                short=short,
                address=f"{street.name}{street.door(gate)}号",
                gate=gate,
                gate_name=_gate_name(gate, unit.polygon),
                managed=managed,
                committee=bool(rng.random() < (0.45 if managed else 0.55)),
                parent=community(unit.polygon.representative_point()),
            )
        )
    return found


def _inner_first(rng: np.random.Generator, blocks: list[Block], premises: list[Premises]) -> list[int]:
    """Estates by position, the inner half of the town first but in random order."""
    order = [k for k, unit in enumerate(premises) if unit.use == "estate"]
    order.sort(key=lambda k: (blocks[premises[k].block].remoteness, k))
    inner = len(order) // 2
    return [order[i] for i in rng.permutation(inner)] + order[inner:]


def _gate_name(gate: Point, land: Polygon) -> str:
    dx, dy = gate.x - land.centroid.x, gate.y - land.centroid.y
    if abs(dx) > abs(dy):
        return "东门" if dx > 0 else "西门"
    return "北门" if dy > 0 else "南门"


def points(
    rng: np.random.Generator,
    premises: list[Premises],
    directory: Directory,
    estates: list[Estate],
    terrain: Terrain,
    community: Callable[[Point], str],
    grids: int,
) -> tuple[list[Place], dict[int, str]]:
    """Every named point, and the names of premises (by position) that are not estates."""
    called = _institutions(rng, premises, terrain, community) | _villages(premises, community)
    found: list[Place] = []
    aliases = _institution_aliases()
    for k, name in called.items():
        unit = premises[k]
        if unit.use == "village":
            other = _village_aliases(name, sum(place.kind == "village" for place in found))
            found.append(Place(name, other, "village", unit.polygon.centroid, name))
            continue
        street, gate = directory.beside(unit.polygon)
        at = Point(inner_point(unit.polygon)) if unit.use == "square" else gate
        other = aliases.get(name, name.removesuffix("有限公司")[-3:])
        found.append(
            Place(name, other, names.INSTITUTIONS[unit.use][0], at, f"{street.name}{street.door(gate)}号")
        )
    for home in estates:
        gate_name = f"{home.name}{home.gate_name}"
        found.append(Place(gate_name, f"{home.short}大门", "gate", home.gate, home.address, home.name))
    found += _shops(rng, directory, terrain, max(6, round(SHOPS_PER_GRID * grids)))
    found += _stops(rng, directory, terrain, community, max(4, round(STOPS_PER_GRID * grids)))
    found += _landmarks(rng, directory)
    found += _bridges(directory)
    found += _doors(found)
    for place in found:
        place.parent = place.parent or community(place.at)
    return found, called


def _institutions(
    rng: np.random.Generator, premises: list[Premises], terrain: Terrain, community: Callable[[Point], str]
) -> dict[int, str]:
    """Names of institutions and works; the larger the premises, the earlier in the list its name."""
    called: dict[int, str] = {}
    pools = {use: [name for name, _ in listed] for use, (_, listed, _) in names.INSTITUTIONS.items()}
    for use in ("industry", "works"):
        pools[use] = names.shuffled(rng, pools[use])
    turn: dict[str, int] = defaultdict(int)
    for k in sorted(range(len(premises)), key=lambda k: (-premises[k].polygon.area, k)):
        use = premises[k].use
        if use not in pools:
            continue
        middle = premises[k].polygon.centroid
        elsewhere = "河东" if terrain.west.contains(middle) else "河西"
        fitting = [name for name in pools[use] if elsewhere not in name]
        if fitting:
            called[k] = fitting[0]
            pools[use].remove(fitting[0])
        else:
            generic = names.INSTITUTIONS[use][2]
            here = community(middle).removesuffix("社区")
            turn[here + generic] += 1
            which = f"第{names.numeral(turn[here + generic])}" if turn[here + generic] > 1 else ""
            called[k] = f"{here}{which}{generic}"
    return called


def _institution_aliases() -> dict[str, str]:
    return {name: other for _, listed, _ in names.INSTITUTIONS.values() for name, other in listed if other}


def _villages(premises: list[Premises], community: Callable[[Point], str]) -> dict[int, str]:
    """Villagers' groups such as 青石村3组, numbered from north to south."""
    called = {}
    number: dict[str, int] = defaultdict(int)
    hamlets = [k for k, unit in enumerate(premises) if unit.use == "village"]
    for k in sorted(hamlets, key=lambda k: (-premises[k].polygon.centroid.y, k)):
        village = community(premises[k].polygon.centroid).removesuffix("社区") + "村"
        number[village] += 1
        called[k] = f"{village}{number[village]}组"
    return called


def _village_aliases(name: str, turn: int) -> str:
    """The hamlet's old name, and the group written in numerals and as 社."""
    village, group = name.removesuffix("组").split("村")
    word = names.numeral(int(group))
    nickname = names.HAMLETS[turn % len(names.HAMLETS)]
    return f"{nickname};{village}村{word}组;{village}村{group}社;{village}村{word}社"


def _shops(rng: np.random.Generator, directory: Directory, terrain: Terrain, wanted: int) -> list[Place]:
    """Shops beside streets of every rank, more of them near the centre."""
    found: list[Place] = []
    pool = names.shuffled(rng, [head + tail for head in names.SHOP_HEADS for tail in names.SHOP_TAILS])
    while len(found) < wanted:
        street = directory.named[rng.integers(len(directory.named))]
        at = street.somewhere(rng)
        remote = terrain.remoteness(at.x, at.y)
        if rng.random() < math.exp(-((remote / 0.55) ** 2)) and not terrain.country.contains(at):
            name = pool[len(found) % len(pool)]
            generic = next(tail for tail in names.SHOP_TAILS if name.endswith(tail))
            found.append(Place(name, generic, "shop", at, f"{street.name}{street.door(at)}号"))
    return found


def _stops(
    rng: np.random.Generator,
    directory: Directory,
    terrain: Terrain,
    community: Callable[[Point], str],
    count: int,
) -> list[Place]:
    """Bus stops on the wider streets, called after the next crossing."""
    wide = [street for street in directory.named if street.rank in ("primary", "secondary", "tertiary")]
    found: dict[str, Place] = {}
    for _ in range(count):
        street = wide[rng.integers(len(wide))]
        at = street.somewhere(rng)
        if terrain.corridor.contains(at) or terrain.railway.distance(at) < RAILS_M:
            continue
        cross = directory.cross_street(street, at)
        here = f"{cross.name}口" if cross and rng.random() < 0.6 else f"{street.name}{community(at)[:2]}"
        name = f"{here}站"
        found.setdefault(name, Place(name, f"{here}公交站", "stop", at, street.name))
    return list(found.values())


def _landmarks(rng: np.random.Generator, directory: Directory) -> list[Place]:
    wide = [street for street in directory.named if street.rank in ("primary", "secondary", "tertiary")]
    found = []
    for name, aliases in names.LANDMARKS:
        street = wide[rng.integers(len(wide))]
        found.append(Place(name, aliases, "landmark", street.somewhere(rng), street.name))
    return found


def _bridges(directory: Directory) -> list[Place]:
    spans = [(street, part) for street in directory.named for part in street.parts if part.bridge]
    spans.sort(key=lambda span: -WIDTH_M[span[1].rank])
    return [
        Place(name, aliases, "bridge", part.line.interpolate(0.5, normalized=True), street.name)
        for (street, part), (name, aliases) in zip(spans, names.BRIDGES, strict=False)
    ]


def _doors(found: list[Place]) -> list[Place]:
    """A door plate for every address in use."""
    plates: dict[str, Point] = {}
    for place in found:
        if place.address.endswith("号"):
            plates.setdefault(place.address, place.at)
    return [Place(address, "", "address", at) for address, at in plates.items()]
