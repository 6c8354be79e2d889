"""Names on the ground: streets with door numbers, estates with gates, and what else has a name."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Point
from shapely.ops import linemerge

from gridmap.demo import names
from gridmap.demo.blocks import Block, inner_point
from gridmap.demo.estates import Premises
from gridmap.demo.streets import RANKS, WIDTH_M, Network
from gridmap.demo.terrain import Terrain

DOOR_M = 9.0
# Names with these endings are not followed by 小区.
COMPLETE = ("小区", "家属院", "宿舍", "家属区", "花园", "家园", "村")


@dataclass(slots=True)
class Street:
    """All of one street. `parts` are lines with the vertices of the junctions; lengths in metres."""

    name: str
    rank: str
    parts: list[LineString]
    bridge: bool
    alias: str = ""

    def door(self, at: Point) -> int:
        """The door number beside the street at a point: 9 m of street to a number, odd on the left."""
        part = min(self.parts, key=lambda line: line.distance(at))
        before = sum(line.length for line in self.parts[: self.parts.index(part)])
        chain = part.project(at)
        here, ahead = part.interpolate(chain), part.interpolate(chain + 1)
        left = (ahead.x - here.x) * (at.y - here.y) - (ahead.y - here.y) * (at.x - here.x) > 0
        return 2 * int((before + chain) / DOOR_M / 2) + (1 if left else 2)


@dataclass(slots=True)
class Place:
    """A named place; `at` is its point in metres, `aliases` are joined by semicolons."""

    name: str
    aliases: str
    kind: str
    at: Point
    address: str = ""
    parent: str = ""


@dataclass(slots=True)
class Estate:
    """A residential unit as people know it, on one of the premises."""

    premises: int
    name: str
    aliases: str
    short: str
    address: str
    gate: Point
    gate_name: str
    managed: bool
    committee: bool
    parent: str = ""


class Directory:
    """All streets, and the nearest named one to a point."""

    def __init__(self, rng: np.random.Generator, network: Network) -> None:
        groups: dict[tuple[int, bool], list[int]] = defaultdict(list)
        for i, edge in enumerate(network.edges):
            groups[edge.street, edge.bridge].append(i)
        called = _street_names(rng, network)
        aliases = _old_names(rng, called)
        self.streets: list[Street] = []
        for (number, bridge), members in groups.items():
            ranks = [network.edges[i].rank for i in members]
            for rank in sorted(set(ranks)):
                lines = [network.edges[i].line for i, r in zip(members, ranks, strict=True) if r == rank]
                merged = linemerge(lines) if len(lines) > 1 else lines[0]
                parts = sorted(shapely.get_parts(merged), key=lambda line: (line.bounds[0], line.bounds[1]))
                name = called[number]
                self.streets.append(Street(name, rank, parts, bridge, aliases.get(name, "")))
        self.named = [street for street in self.streets if street.name and not street.bridge]
        flat = [(line, k) for k, street in enumerate(self.named) for line in street.parts]
        self.lines = np.array([line for line, _ in flat])
        self.owner = [k for _, k in flat]
        self.tree = shapely.STRtree(self.lines)

    def nearest(self, at: shapely.Geometry) -> Street:
        return self.named[self.owner[self.tree.nearest(at)]]

    def beside(self, land: shapely.Polygon) -> tuple[Street, Point]:
        """The street on which premises front (the widest near), and the gate."""
        near = self.tree.query(land, predicate="dwithin", distance=45)
        if not len(near):
            near = np.array([self.tree.nearest(land)])
        best = max(
            near, key=lambda k: (WIDTH_M[self.named[self.owner[k]].rank], -self.lines[k].distance(land))
        )
        line = self.lines[best]
        foot = line.interpolate(line.project(land.centroid))
        return self.named[self.owner[best]], land.exterior.interpolate(land.exterior.project(foot))


def _street_names(rng: np.random.Generator, network: Network) -> dict[int, str]:
    """A name for every street number; lanes under 120 m and paths stay nameless."""
    length: dict[int, float] = defaultdict(float)
    rank: dict[int, str] = {}
    for edge in network.edges:
        length[edge.street] += edge.line.length
        rank[edge.street] = min(rank.get(edge.street, "path"), edge.rank, key=RANKS.index)
    stems = names.street_stems(rng)
    bridged = sorted({edge.street for edge in network.edges if edge.bridge}, key=lambda s: rank[s])
    called = dict(names.MAIN_STREETS)
    called |= dict(zip(bridged, ("人民路", "状元路"), strict=False))
    station = max(
        (s for s in rank if 100 <= s < 200 and rank[s] == "secondary" and s not in bridged), default=-1
    )
    called[station] = "站前路"
    column = next((s for s in rank if 300 <= s < 400 and rank[s] == "primary"), -1)
    called[column] = "文昌大道"
    used = set(called.values())
    for street in sorted(rank, key=lambda s: (-length[s], s)):
        if street in called:
            continue
        if rank[street] == "path" or (rank[street] == "alley" and length[street] < 120):
            called[street] = ""
            continue
        endings = names.RANK_ENDINGS[rank[street]]
        name = next(stems) + endings[rng.integers(len(endings))]
        while name in used:
            name = next(stems) + endings[rng.integers(len(endings))]
        used.add(name)
        called[street] = name
    return called


def _old_names(rng: np.random.Generator, called: dict[int, str]) -> dict[str, str]:
    """Old and popular names for about a quarter of the streets."""
    old = {}
    for name in sorted(set(called.values()) - {""}):
        if rng.random() < 0.25:
            stem = name.removesuffix("大道").rstrip("路街巷弄")
            others = (f"老{name}", f"{stem}老街", f"{stem}口", f"{stem}坝子", f"{stem}横街")
            old[name] = others[rng.integers(len(others))]
    return old


def estates(
    rng: np.random.Generator, blocks: list[Block], premises: list[Premises], directory: Directory
) -> list[Estate]:
    """Names for the premises of use `estate`; the two parts of a block share a name in phases or halves."""
    pool = names.estate_names(rng)
    found: list[Estate] = []
    shared: dict[int, tuple[str, str, bool]] = {}
    order = sorted(
        (k for k, unit in enumerate(premises) if unit.use == "estate"),
        key=lambda k: (blocks[premises[k].block].remoteness, k),
    )
    # The curated names go to the denser half of the town, not all to its very centre.
    head = [order[i] for i in rng.permutation(min(len(order), max(40, len(order) // 2)))]
    order = head + [k for k in order if k not in set(head)]
    for k in order:
        unit = premises[k]
        if unit.half and unit.block in shared:
            base, aliases, phased = shared[unit.block]
        else:
            base, aliases = next(pool)
            phased = bool(rng.random() < 0.6)
            if unit.half:
                base = base.removesuffix("小区") if len(base) > 4 else base
                shared[unit.block] = base, aliases, phased
        name = base
        if unit.half:
            part = ("一期", "二期")[unit.half - 1] if phased else ("西区", "东区")[int(unit.eastern)]
            name = base + part
            digit = str(unit.half)
            short = base[:2] + part
            aliases = f"{base}{digit}期;{short}" if phased else f"{short};{base}{part[0]}院"
        street, gate = directory.beside(unit.polygon)
        complete = unit.half or base.endswith(COMPLETE)
        full = name if complete else f"{name}小区"
        short = name if unit.half or len(name) <= 4 else name.removesuffix("小区")
        if short != full:
            aliases = f"{short};{aliases}"
        old = unit.style == "walkup"
        managed = bool(rng.random() < (0.5 if old else 0.96))
        committee = bool(rng.random() < (0.45 if managed else 0.55))
        address = f"{street.name}{street.door(gate)}号"
        found.append(
            Estate(k, full, aliases, short, address, gate, _gate_name(gate, unit.polygon), managed, committee)
        )
    return found


def _gate_name(gate: Point, land: shapely.Polygon) -> str:
    dx, dy = gate.x - land.centroid.x, gate.y - land.centroid.y
    if abs(dx) > abs(dy):
        return "东门" if dx > 0 else "西门"
    return "北门" if dy > 0 else "南门"


FIXED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "school": ("school", names.SCHOOLS),
    "hospital": ("hospital", names.HOSPITALS),
    "market": ("market", names.MARKETS),
    "wholesale": ("market", (("溪源农副产品批发市场", "批发市场;农批市场"),)),
    "commerce": ("market", names.COMMERCE),
    "office": ("company", names.OFFICES),
    "government": ("company", (("淙溪街道办事处", "街道办;淙溪街道综治中心"),)),
    "station": ("landmark", (("溪源火车站", "火车站;溪源站"),)),
    "park": ("park", names.PARKS),
    "square": ("park", names.SQUARES),
}


def points(
    rng: np.random.Generator,
    premises: list[Premises],
    directory: Directory,
    estates: list[Estate],
    terrain: Terrain,
    community: Callable[[Point], str],
    scale: float,
) -> tuple[list[Place], dict[int, str]]:
    """Every named point, and the names of premises that are not estates by index."""
    found: list[Place] = []
    called: dict[int, str] = {}
    turn: dict[str, int] = defaultdict(int)
    companies = names.shuffled(rng, names.COMPANIES)
    pools = {use: list(listed) for use, (_, listed) in FIXED.items()}
    # The larger the premises, the earlier in the list its name: secondary schools before kindergartens.
    for k in sorted(range(len(premises)), key=lambda k: (-premises[k].polygon.area, k)):
        unit = premises[k]
        if unit.use in FIXED:
            kind = FIXED[unit.use][0]
            western = terrain.west.contains(unit.polygon.centroid)
            fitting = [row for row in pools[unit.use] if ("河东" if western else "河西") not in row[0]]
            if fitting:
                name, aliases = fitting[0]
                pools[unit.use].remove(fitting[0])
            else:
                turn[unit.use] += 1
                generic = FIXED[unit.use][1][-1][0][-4:]
                name, aliases = (
                    f"{community(unit.polygon.centroid)[:-2]}第{names.numeral(turn[unit.use])}{generic}",
                    "",
                )
        elif unit.use in ("industry", "works"):
            n = turn["company"]
            turn["company"] += 1
            name = companies[n % len(companies)]
            if n >= len(companies):
                name = f"{name}{numeral_suffix(n // len(companies))}"
            kind, aliases = "company", name.removesuffix("有限公司")[-3:]
        else:
            continue
        called[k] = name
        street, gate = directory.beside(unit.polygon)
        at = Point(inner_point(unit.polygon)) if unit.use in ("park", "square") else gate
        found.append(Place(name, aliases, kind, at, f"{street.name}{street.door(gate)}号"))
    found += _villages(premises, called, community)
    for estate in estates:
        name, aliases = f"{estate.name}{estate.gate_name}", f"{estate.short}大门"
        found.append(Place(name, aliases, "gate", estate.gate, estate.address, estate.name))
    found += _along_streets(rng, directory, terrain, scale, community)
    found += _bridges(directory)
    found += _doors(found, estates)
    for place in found:
        place.parent = place.parent or community(place.at)
    return found, called


def numeral_suffix(number: int) -> str:
    return f"{names.numeral(number + 1)}分厂"


def _villages(
    premises: list[Premises], called: dict[int, str], community: Callable[[Point], str]
) -> list[Place]:
    """Villagers' groups: 青石村3组, with the old name of the hamlet as an alias."""
    found = []
    number: dict[str, int] = defaultdict(int)
    hamlets = [k for k, unit in enumerate(premises) if unit.use == "village"]
    hamlets.sort(key=lambda k: (-premises[k].polygon.centroid.y, k))
    for n, k in enumerate(hamlets):
        at = premises[k].polygon.centroid
        village = community(at).removesuffix("社区") + "村"
        number[village] += 1
        group = number[village]
        nickname = names.VILLAGE_NICKNAMES[n % len(names.VILLAGE_NICKNAMES)]
        called[k] = f"{village}{group}组"
        word = names.numeral(group)
        found.append(
            Place(
                called[k],
                f"{nickname};{village}{word}组;{village}{group}社;{village}{word}社",
                "village",
                at,
                called[k],
            )
        )
    return found


def _along_streets(
    rng: np.random.Generator,
    directory: Directory,
    terrain: Terrain,
    scale: float,
    community: Callable[[Point], str],
) -> list[Place]:
    """Shops, bus stops and landmarks beside the larger streets, more of them near the centre."""
    found: list[Place] = []
    wide = [s for s in directory.named if s.rank in ("primary", "secondary", "tertiary")]
    shops = names.shuffled(rng, [head + tail for head in names.SHOP_HEADS for tail in names.SHOP_TAILS])
    shop_streets = [s for s in directory.named if s.rank not in ("path",)]
    wanted = max(6, round(95 * scale))
    for n in range(wanted * 30):
        if len(found) >= wanted:
            break
        street = shop_streets[rng.integers(len(shop_streets))]
        at = _anywhere(rng, street)
        remote = float(terrain.remoteness(np.array(at.x), np.array(at.y)))
        if rng.random() > math.exp(-((remote / 0.55) ** 2)) or terrain.country.contains(at):
            continue
        name = shops[n % len(shops)]
        generic = (
            name[-3:]
            if name.endswith(("便利店", "理发店", "五金店", "水果店", "修车铺", "火锅店", "加油站", "豆花饭"))
            else name[-2:]
        )
        found.append(Place(name, generic, "shop", at, f"{street.name}{street.door(at)}号"))
    for _ in range(max(4, round(44 * scale))):
        street = wide[rng.integers(len(wide))]
        at = _anywhere(rng, street)
        cross = min(
            (s for s in directory.named if s is not street),
            key=lambda s: min(p.distance(at) for p in s.parts),
        )
        name = f"{cross.name}口站" if rng.random() < 0.6 else f"{street.name}{community(at)[:2]}站"
        if all(place.name != name for place in found):
            found.append(Place(name, f"{name[:-1]}公交站", "stop", at, street.name))
    for name, aliases in names.LANDMARKS:
        at = _anywhere(rng, wide[rng.integers(len(wide))])
        found.append(Place(name, aliases, "landmark", at, directory.nearest(at).name))
    return found


def kerb(rng: np.random.Generator, street: Street, line: LineString, chain: float) -> Point:
    """The point beside the carriageway, on a random side, `chain` metres along a part of the street."""
    here, ahead = line.interpolate(chain - 0.5), line.interpolate(chain + 0.5)
    step = math.dist(here.coords[0], ahead.coords[0])
    off = (WIDTH_M[street.rank] / 2 + 2.5) * (1 if rng.random() < 0.5 else -1) / step
    return Point(here.x - (ahead.y - here.y) * off, here.y + (ahead.x - here.x) * off)


def _anywhere(rng: np.random.Generator, street: Street) -> Point:
    """A random point beside the street."""
    lengths = np.array([line.length for line in street.parts])
    line = street.parts[rng.choice(len(lengths), p=lengths / lengths.sum())]
    return kerb(rng, street, line, rng.uniform(0.08, 0.92) * line.length)


def _bridges(directory: Directory) -> list[Place]:
    found = []
    called = (("淙溪大桥", "大桥;宗溪大桥"), ("状元桥", "老桥;壮元桥"))
    bridges = sorted((s for s in directory.streets if s.bridge), key=lambda s: -WIDTH_M[s.rank])
    for street, (name, aliases) in zip(bridges, called, strict=False):
        middle = street.parts[0].interpolate(0.5, normalized=True)
        found.append(Place(name, aliases, "bridge", middle, street.name))
    return found


def _doors(found: list[Place], estates: list[Estate]) -> list[Place]:
    """A door plate for every address in use."""
    plates: dict[str, Point] = {}
    for estate in estates:
        plates.setdefault(estate.address, estate.gate)
    for place in found:
        if place.address.endswith("号"):
            plates.setdefault(place.address, place.at)
    return [Place(address, "", "address", at) for address, at in plates.items()]
