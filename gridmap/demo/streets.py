"""The street network and the blocks between: main roads first, then cuts through what they enclose."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely import LinearRing, LineString, Point, Polygon
from shapely.ops import substring

from gridmap.demo.terrain import FIRST_CUT, Floats, Road, Terrain

Segment = frozenset[tuple[float, float]]

# Every vertex of streets and blocks lies on a lattice of this size: small enough not to be seen, large
# enough for neighbours to stay apart when degrees are rounded to 6 decimals (0.1 m).
NODE_M = 0.5
WIDTH_M = {
    "primary": 30.0,
    "secondary": 22.0,
    "tertiary": 15.0,
    "residential": 10.0,
    "alley": 6.0,
    "path": 3.5,
}
RANKS = tuple(WIDTH_M)
# A new street ends at a junction that is nearer than this rather than beside it.
SNAP_M = 34.0
# Streets that would end on the rails stop so far from them.
STUB_M = 18.0


@dataclass(frozen=True, slots=True)
class Network:
    """One connected network of noded edges, and all the faces of the town.

    Junctions are ends of edges, and vertices of the faces. `barrier` holds the segments of river and
    railway, which no grid crosses.
    """

    edges: list[Road]
    faces: list[Polygon]
    barrier: set[Segment]


def build(rng: np.random.Generator, terrain: Terrain) -> Network:
    """Cut the land between the main roads into blocks, and node everything against everything."""
    frame = [LineString(terrain.outline.exterior.coords), terrain.current, terrain.railway, *terrain.cuts]
    faces, pieces = _faces([*frame, *(road.line for road in terrain.roads)])
    trunk = _attributed(pieces, terrain.roads)
    anchors = Anchors(shapely.get_coordinates(pieces))
    cuts: list[Road] = []
    for face in faces:
        middle = face.representative_point()
        if terrain.outline.contains(middle) and not terrain.corridor.contains(middle):
            cuts += _subdivide(rng, face, terrain, anchors)
    roads = trunk + _continued(cuts)
    faces, pieces = _faces([*frame, *(road.line for road in roads)])
    inside = [face for face in faces if terrain.outline.contains(face.representative_point())]
    return Network(_connected(_attributed(pieces, roads), terrain), inside, _barrier(pieces, terrain))


def _faces(edges: list[LineString]) -> tuple[list[Polygon], NDArray[np.object_]]:
    """The faces between lines, and the noded pieces that bound them: dead ends are dropped."""
    noded = shapely.union_all(edges, grid_size=NODE_M)
    faces, _, dangles, _ = shapely.polygonize_full([noded])
    dead = {line.wkb for line in shapely.get_parts(dangles)}
    pieces = shapely.get_parts(noded)
    polygons = [face for face in shapely.get_parts(faces) if isinstance(face, Polygon)]
    return polygons, pieces[[piece.wkb not in dead for piece in pieces]]


class Anchors:
    """Junctions by place, in cells of SNAP_M."""

    def __init__(self, points: Floats) -> None:
        self.cells: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
        for x, y in points.tolist():
            self.add(x, y)

    def add(self, x: float, y: float) -> None:
        self.cells[int(x // SNAP_M), int(y // SNAP_M)].append((x, y))

    def near(self, x: float, y: float) -> list[tuple[float, float]]:
        """Junctions within SNAP_M, the nearest first."""
        i, j = int(x // SNAP_M), int(y // SNAP_M)
        cells = (self.cells.get((i + di, j + dj), []) for di in (-1, 0, 1) for dj in (-1, 0, 1))
        found = [(math.dist(point, (x, y)), point) for cell in cells for point in cell]
        return [point for distance, point in sorted(found) if distance < SNAP_M]


def block_size(remoteness: float, country: bool) -> float:
    """The size of block, in m², at which cutting stops."""
    if country:
        return 62_000.0
    rise = min(1.0, max(0.0, remoteness - 0.12) / 0.8)
    return 17_000.0 + 42_000.0 * math.pow(rise, 1.1)


def _subdivide(rng: np.random.Generator, face: Polygon, terrain: Terrain, anchors: Anchors) -> list[Road]:
    """Streets that cut a face again and again across its longer side."""
    cuts: list[Road] = []
    stack = [face]
    while stack:
        block = stack.pop()
        middle = block.representative_point()
        remote = terrain.remoteness(middle.x, middle.y)
        country = terrain.country.contains(middle)
        if block.area < block_size(remote, country) * rng.uniform(1.15, 2.0):
            continue
        cut = _cut(rng, block, anchors)
        if cut is None:
            continue
        line, pieces = cut
        rank = "residential"
        if block.area > 260_000 and not country:
            rank = "tertiary"
        elif country and block.area < 300_000:
            rank = "path"
        elif remote < 0.42 and block.area < 52_000:
            rank = "alley"
        cuts.append(Road(line, rank, 0))
        for end in (line.coords[0], line.coords[-1]):
            anchors.add(end[0], end[1])
        stack += pieces
    return cuts


def _cut(
    rng: np.random.Generator, block: Polygon, anchors: Anchors
) -> tuple[LineString, tuple[Polygon, Polygon]] | None:
    """A line across the block's longer side with the two pieces it leaves, or None if none is decent."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(block))[:4]
    sides = np.diff(box[:3], axis=0)
    lengths = np.linalg.norm(sides, axis=1)
    longer = int(lengths[1] > lengths[0])
    along, length = sides[longer] / lengths[longer], float(lengths[longer])
    normal = np.array([-along[1], along[0]])
    ring = LinearRing(block.exterior.coords)
    for attempt in range(10):
        turn = rng.normal(0, 0.09 + 0.02 * attempt)
        base = box.mean(axis=0) + along * length * rng.uniform(-0.13, 0.13)
        across = normal * math.cos(turn) + along * math.sin(turn)
        ray = LineString([base - across * length * 2, base + across * length * 2])
        chords = [part for part in shapely.get_parts(ray.intersection(block)) if part.length > 20]
        if not chords:
            continue
        chord = max(chords, key=lambda part: float(part.length))
        first, last = (_landed(chord.coords[k], ring, anchors) for k in (0, -1))
        if math.dist(first, last) < 30:
            continue
        line = _bowed(rng, first, last)
        pieces = _halves(block, ring, line)
        if pieces is not None and _decent(pieces[0]) and _decent(pieces[1]):
            return line, pieces
    return None


def _landed(point: tuple[float, ...], ring: LinearRing, anchors: Anchors) -> tuple[float, float]:
    """The junction on the ring that is near, or the point itself on the lattice."""
    for anchor in anchors.near(point[0], point[1]):
        if ring.distance(Point(anchor)) < 0.01:
            return anchor
    return round(point[0] / NODE_M) * NODE_M, round(point[1] / NODE_M) * NODE_M


def _bowed(rng: np.random.Generator, a: tuple[float, float], b: tuple[float, float]) -> LineString:
    """A gentle arc from a to b; short lanes stay straight."""
    start, span = np.array(a), np.array(b) - np.array(a)
    length = float(np.hypot(*span))
    bend = rng.normal(0, 0.045) * length
    if length < 90:
        return LineString([a, b])
    t = np.linspace(0, 1, 2 + min(6, int(length // 70)))[:, None]
    points = start + t * span + 4 * t * (1 - t) * bend * np.array([-span[1], span[0]]) / length
    points[1:-1] = np.round(points[1:-1] / NODE_M) * NODE_M
    return LineString(points)


def _halves(block: Polygon, ring: LinearRing, line: LineString) -> tuple[Polygon, Polygon] | None:
    """The two sides of the block along a line between two points of its ring; None if they are not sound."""
    coords = list(line.coords)
    first, last = ring.project(Point(coords[0])), ring.project(Point(coords[-1]))
    if first > last:
        first, last, coords = last, first, coords[::-1]
    measured = list(zip(_measures(ring), ring.coords, strict=True))[:-1]
    between = [point for at, point in measured if first + 0.01 < at < last - 0.01]
    outside = [point for at, point in measured if at > last + 0.01]
    outside += [point for at, point in measured if at < first - 0.01]
    one, other = [*between, *coords[::-1]], [*outside, *coords]
    if min(len(one), len(other)) < 3:
        return None
    pieces = Polygon(one), Polygon(other)
    sound = pieces[0].is_valid and pieces[1].is_valid
    return pieces if sound and abs(pieces[0].area + pieces[1].area - block.area) < 0.02 * block.area else None


def _measures(ring: LinearRing) -> list[float]:
    """The distance of every vertex along the ring, in metres."""
    steps = np.hypot(*np.diff(shapely.get_coordinates(ring), axis=0).T)
    return [0.0, *np.cumsum(steps).tolist()]


def _decent(piece: Polygon) -> bool:
    """Neither tiny nor thin."""
    return piece.area > 4500 and 4 * math.pi * piece.area / piece.length**2 > 0.32


def _continued(cuts: list[Road]) -> list[Road]:
    """The cuts with numbers from FIRST_CUT on, the same for those that run on into each other at a junction."""
    ends: dict[tuple[float, ...], list[tuple[int, float]]] = defaultdict(list)
    for i, road in enumerate(cuts):
        coords = list(road.line.coords)
        for here, there in ((coords[0], coords[1]), (coords[-1], coords[-2])):
            ends[here].append((i, math.atan2(there[1] - here[1], there[0] - here[0])))
    joined = []
    for meeting in ends.values():
        for n, (i, a) in enumerate(meeting):
            joined += [(i, k) for k, b in meeting[n + 1 :] if math.cos(a - b) < -0.92]
    pairs = np.array(joined, dtype=np.int64).reshape(-1, 2)
    links = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(cuts), len(cuts)))
    number = connected_components(links, directed=False)[1]
    return [replace(road, street=FIRST_CUT + int(k)) for road, k in zip(cuts, number, strict=True)]


def _attributed(pieces: NDArray[np.object_], roads: list[Road]) -> list[Road]:
    """The noded pieces that lie on a road, with that road's attributes; the widest of several."""
    tree = shapely.STRtree([road.line for road in roads])
    edges = []
    for piece in pieces:
        middle = piece.interpolate(0.5, normalized=True)
        near = tree.query(middle, predicate="dwithin", distance=0.8)
        if len(near):
            on = min(
                near, key=lambda k: (round(roads[k].line.distance(middle), 1), RANKS.index(roads[k].rank), k)
            )
            edges.append(replace(roads[on], line=piece))
    return edges


def _connected(edges: list[Road], terrain: Terrain) -> list[Road]:
    """The largest connected part; its stubs end some metres short of the railway."""
    ends = np.array([[edge.line.coords[0], edge.line.coords[-1]] for edge in edges])
    node = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)[1].reshape(-1, 2)
    links = coo_matrix((np.ones(len(edges)), node.T), shape=(node.max() + 1, node.max() + 1))
    part = connected_components(links, directed=False)[1][node[:, 0]]
    degree = np.bincount(node.ravel())
    kept = []
    for i in np.flatnonzero(part == np.bincount(part).argmax()):
        line = edges[i].line
        stub = [degree[node[i, k]] == 1 and terrain.railway.distance(Point(ends[i, k])) < 1 for k in (0, 1)]
        if any(stub) and line.length > 2 * STUB_M:
            short = substring(line, STUB_M * stub[0], line.length - STUB_M * stub[1])
            line = LineString(short.coords)
        kept.append(replace(edges[i], line=line))
    return kept


def _barrier(pieces: NDArray[np.object_], terrain: Terrain) -> set[Segment]:
    lines = shapely.union_all([terrain.current, terrain.railway])
    shapely.prepare(lines)
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    on_it = pieces[shapely.dwithin(lines, middles, 0.8)]
    return {segment for piece in on_it for segment in segments(piece)}


def segments(line: LineString | LinearRing) -> list[Segment]:
    """The line's segments, each as the set of its two ends."""
    return [frozenset(pair) for pair in pairwise((x, y) for x, y in line.coords)]
