"""Streets by name: their parts, door numbers, and which of them is near."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.ops import linemerge

from gridmap.demo import names
from gridmap.demo.streets import RANKS, WIDTH_M, Network
from gridmap.demo.terrain import Road

# So much street for one door number; odd numbers stand on the left.
DOOR_M = 9.0
# Shorter alleys have no name.
NAMELESS_M = 120.0
FRONT_M = 45.0


@dataclass(frozen=True, slots=True)
class Street:
    """All of one street. `parts` run from west to east or from south to north, one after the other.

    Their lines keep a vertex at every junction.
    """

    name: str
    alias: str
    rank: str
    parts: list[Road]

    def door(self, at: Point) -> int:
        """The door number at a point beside the street."""
        nearest = min(range(len(self.parts)), key=lambda k: self.parts[k].line.distance(at))
        line = self.parts[nearest].line
        before = sum(part.line.length for part in self.parts[:nearest])
        chain = line.project(at)
        here, ahead = line.interpolate(max(0, chain - 0.5)), line.interpolate(chain + 0.5)
        left = (ahead.x - here.x) * (at.y - here.y) - (ahead.y - here.y) * (at.x - here.x) > 0
        return 2 * int((before + chain) / DOOR_M / 2) + (1 if left else 2)

    def somewhere(self, rng: np.random.Generator) -> Point:
        """A random point beside the street."""
        lengths = np.array([part.line.length for part in self.parts])
        part = self.parts[rng.choice(len(lengths), p=lengths / lengths.sum())]
        return kerb(rng, part, rng.uniform(0.08, 0.92) * part.line.length)


def kerb(rng: np.random.Generator, part: Road, chain: float) -> Point:
    """The point beside the carriageway, on a random side, `chain` metres along a part of a street."""
    here, ahead = part.line.interpolate(max(0, chain - 0.5)), part.line.interpolate(chain + 0.5)
    step = math.dist((here.x, here.y), (ahead.x, ahead.y))
    off = (WIDTH_M[part.rank] / 2 + 2.5) * (1 if rng.random() < 0.5 else -1) / step
    return Point(here.x - (ahead.y - here.y) * off, here.y + (ahead.x - here.x) * off)


class Directory:
    """All streets; `named` are those with a name."""

    def __init__(self, rng: np.random.Generator, network: Network) -> None:
        edges: dict[int, list[Road]] = defaultdict(list)
        for edge in network.edges:
            edges[edge.street].append(edge)
        called = _names(rng, edges)
        aliases = _old_names(rng, sorted(set(called.values()) - {""}))
        self.streets = [
            Street(called[number], aliases.get(called[number], ""), _rank(pieces), _parts(pieces))
            for number, pieces in sorted(edges.items())
        ]
        self.named = [street for street in self.streets if street.name]
        self._parts = [(street, part) for street in self.named for part in street.parts if not part.bridge]
        self._tree = shapely.STRtree([part.line for _, part in self._parts])

    def nearest(self, at: shapely.Geometry) -> Street:
        """The named street nearest to a geometry."""
        return self._parts[int(self._tree.nearest(at))][0]

    def beside(self, land: Polygon) -> tuple[Street, Point]:
        """The street on which premises front, the widest of those near, and the point of their gate."""
        near = self._tree.query(land, predicate="dwithin", distance=FRONT_M).tolist()
        options = [self._parts[k] for k in near or [int(self._tree.nearest(land))]]
        street, part = max(options, key=lambda o: (WIDTH_M[o[1].rank], -o[1].line.distance(land), o[0].name))
        foot = part.line.interpolate(part.line.project(land.centroid))
        return street, land.exterior.interpolate(land.exterior.project(foot))

    def cross_street(self, street: Street, at: Point) -> Street | None:
        """The nearest other street within 200 m, or None."""
        near = self._tree.query(at, predicate="dwithin", distance=200.0).tolist()
        options = [self._parts[k] for k in near if self._parts[k][0] is not street]
        found = min(options, key=lambda option: (option[1].line.distance(at), option[0].name), default=None)
        return found[0] if found else None


def _rank(pieces: list[Road]) -> str:
    return min((piece.rank for piece in pieces), key=RANKS.index)


def _parts(pieces: list[Road]) -> list[Road]:
    """The street's edges joined where rank and bridge stay the same, in order along the street."""
    groups: dict[tuple[str, bool], list[LineString]] = defaultdict(list)
    for piece in pieces:
        groups[piece.rank, piece.bridge].append(piece.line)
    west, south, east, north = shapely.total_bounds([piece.line for piece in pieces])
    axis = 0 if east - west > north - south else 1
    parts = []
    for (rank, bridge), members in sorted(groups.items()):
        merged = linemerge(members) if len(members) > 1 else members[0]
        for line in shapely.get_parts(merged):
            onward = line.coords[0][axis] <= line.coords[-1][axis]
            parts.append(Road(line if onward else line.reverse(), rank, pieces[0].street, bridge))
    return sorted(parts, key=lambda part: part.line.coords[0][axis])


def _names(rng: np.random.Generator, edges: dict[int, list[Road]]) -> dict[int, str]:
    """A name for every street number; paths and short alleys stay nameless."""
    rank = {street: _rank(pieces) for street, pieces in edges.items()}
    length = {street: sum(piece.line.length for piece in pieces) for street, pieces in edges.items()}
    called = dict(names.MAIN_STREETS)
    stems = names.street_stems(rng)
    used = set(called.values())
    for street in sorted(rank, key=lambda s: (-length[s], s)):
        if street in called:
            continue
        if rank[street] == "path" or (rank[street] == "alley" and length[street] < NAMELESS_M):
            called[street] = ""
            continue
        endings = names.RANK_ENDINGS[rank[street]]
        options = (stem + endings[rng.integers(len(endings))] for stem in stems)
        called[street] = next(name for name in options if name not in used)
        used.add(called[street])
    return called


def _old_names(rng: np.random.Generator, called: list[str]) -> dict[str, str]:
    """Old and popular names of about a quarter of the streets."""
    old = {}
    for name in called:
        if rng.random() < 0.25:
            stem = name.removesuffix("大道").rstrip("路街巷弄")
            others = (f"老{name}", f"{stem}老街", f"{stem}口", f"{stem}坝子", f"{stem}横街")
            old[name] = others[rng.integers(len(others))]
    return old
