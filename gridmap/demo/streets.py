"""The street network and the blocks between: main roads first, then cuts of what they enclose."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely import LineString, Polygon
from shapely.ops import substring

from gridmap.demo.terrain import Floats, Road, Terrain

NODE_M = 0.5
WIDTH_M = {
    "primary": 30.0,
    "secondary": 22.0,
    "tertiary": 15.0,
    "residential": 10.0,
    "alley": 6.0,
    "path": 3.5,
}
RANKS = list(WIDTH_M)
SNAP_M = 34.0
STUB_M = 18.0


@dataclass(frozen=True, slots=True)
class Network:
    """Noded edges of one connected street network, and all the faces of the town.

    `edges` are two or more vertices on a grid of 0.5 m; every junction is an end of its edges.
    `barrier` holds the segments (as pairs of vertices) of river and railway that no grid crosses.
    """

    edges: list[Road]
    faces: list[Polygon]
    barrier: set[frozenset[tuple[float, float]]]


def build(rng: np.random.Generator, terrain: Terrain) -> Network:
    """Cut the land between the main roads into blocks and node everything against everything."""
    frame = [
        shapely.LinearRing(terrain.outline.exterior.coords),
        terrain.current,
        terrain.railway,
        *terrain.cuts,
    ]
    main = shapely.union_all([*frame, *(road.line for road in terrain.roads)], grid_size=NODE_M)
    faces, pieces = _faces(main)
    trunk = _attributed(pieces, terrain.roads)
    cuts: list[Road] = []
    anchors = Anchors(shapely.get_coordinates(main))
    for face in faces:
        middle = face.representative_point()
        if terrain.corridor.contains(middle) or not terrain.outline.contains(middle):
            continue
        cuts += _subdivide(rng, face, terrain, anchors)
    cuts = _continued(cuts)

    roads = trunk + cuts
    noded = shapely.union_all([*frame, *(road.line for road in roads)], grid_size=NODE_M)
    faces, pieces = _faces(noded)
    faces = [face for face in faces if terrain.outline.contains(face.representative_point())]
    return Network(_connected(_attributed(pieces, roads), terrain), faces, _barrier(pieces, terrain))


def _faces(noded: shapely.Geometry) -> tuple[list[Polygon], NDArray[np.object_]]:
    """The faces of noded lines, and the pieces of line that bound one: dead ends are dropped."""
    faces, _, dangles, _ = shapely.polygonize_full([noded])
    dead = {line.wkb for line in dangles.geoms}
    pieces = shapely.get_parts(noded)
    return list(faces.geoms), pieces[[piece.wkb not in dead for piece in pieces]]


class Anchors:
    """Junctions to which a new street would rather run than miss by a few metres."""

    def __init__(self, points: Floats) -> None:
        self.cells: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
        for x, y in points.tolist():
            self.add(x, y)

    def add(self, x: float, y: float) -> None:
        self.cells[int(x // SNAP_M), int(y // SNAP_M)].append((x, y))

    def near(self, x: float, y: float) -> list[tuple[float, float]]:
        i, j = int(x // SNAP_M), int(y // SNAP_M)
        found = [p for di in (-1, 0, 1) for dj in (-1, 0, 1) for p in self.cells.get((i + di, j + dj), ())]
        return sorted((p for p in found if math.dist(p, (x, y)) < SNAP_M), key=lambda p: math.dist(p, (x, y)))


def block_target(remoteness: float, country: bool) -> float:
    """The size of block, in m², at which cutting stops."""
    if country:
        return 62_000.0
    return 17_000.0 + 42_000.0 * min(1.0, max(0.0, remoteness - 0.12) / 0.8) ** 1.1


def _subdivide(rng: np.random.Generator, face: Polygon, terrain: Terrain, anchors: Anchors) -> list[Road]:
    cuts: list[Road] = []
    stack = [face]
    while stack:
        block = stack.pop()
        middle = block.representative_point()
        remote = float(terrain.remoteness(np.array(middle.x), np.array(middle.y)))
        rural = terrain.country.contains(middle)
        if block.area < block_target(remote, rural) * rng.uniform(1.15, 2.0):
            continue
        cut = _cut(rng, block, anchors)
        if cut is None:
            continue
        line, pieces = cut
        if block.area > 260_000 and not rural:
            rank = "tertiary"
        elif rural and block.area < 300_000:
            rank = "path"
        elif remote < 0.42 and block.area < 52_000:
            rank = "alley"
        else:
            rank = "residential"
        cuts.append(Road(line, rank, 1000 + len(cuts)))
        for x, y in (line.coords[0], line.coords[-1]):
            anchors.add(x, y)
        stack += pieces
    return cuts


def _cut(
    rng: np.random.Generator, block: Polygon, anchors: Anchors
) -> tuple[LineString, list[Polygon]] | None:
    """A line across the block's long side and the two pieces it leaves, or None if none is decent."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(block))[:4]
    sides = np.diff(np.vstack([box, box[:1]]), axis=0)[:2]
    lengths = np.linalg.norm(sides, axis=1)
    long = int(lengths[1] > lengths[0])
    along, length = sides[long] / lengths[long], float(lengths[long])
    centre = box.mean(axis=0)
    ring = shapely.LinearRing(block.exterior.coords)
    for attempt in range(10):
        turn = rng.normal(0, 0.09 + 0.02 * attempt)
        base = centre + along * length * rng.uniform(-0.13, 0.13)
        across = np.array([-along[1], along[0]])
        across = across * math.cos(turn) + along * math.sin(turn)
        ray = LineString([base - across * 5000, base + across * 5000])
        inside = [part for part in shapely.get_parts(ray.intersection(block)) if part.length > 20]
        if not inside:
            continue
        chord = max(inside, key=lambda part: part.length)
        ends = [_landed(point, ring, anchors) for point in (chord.coords[0], chord.coords[-1])]
        if math.dist(*ends) < 30:
            continue
        line = _bowed(rng, *ends)
        pieces = _halves(block, ring, line)
        if pieces and all(_decent(piece) for piece in pieces):
            return line, pieces
    return None


def _landed(point: tuple[float, ...], ring: shapely.LinearRing, anchors: Anchors) -> tuple[float, float]:
    for anchor in anchors.near(point[0], point[1]):
        if ring.distance(shapely.Point(anchor)) < 0.01:
            return anchor
    return round(point[0] / NODE_M) * NODE_M, round(point[1] / NODE_M) * NODE_M


def _bowed(rng: np.random.Generator, a: tuple[float, float], b: tuple[float, float]) -> LineString:
    """A gentle arc from a to b; short lanes stay straight."""
    start, end = np.array(a), np.array(b)
    span = end - start
    length = float(np.hypot(*span))
    bend = rng.normal(0, 0.045) * length
    if length < 90:
        return LineString([a, b])
    t = np.linspace(0, 1, 2 + min(6, int(length // 70)))[:, None]
    normal = np.array([-span[1], span[0]]) / length
    points = start + t * span + 4 * t * (1 - t) * bend * normal
    points[1:-1] = np.round(points[1:-1] / NODE_M) * NODE_M
    return LineString(points)


def _halves(block: Polygon, ring: shapely.LinearRing, line: LineString) -> list[Polygon] | None:
    """The two sides of the block along a line between two points of its ring."""
    first, last = (ring.project(shapely.Point(line.coords[k])) for k in (0, -1))
    coords = list(line.coords)
    if first > last:
        first, last, coords = last, first, coords[::-1]
    between = [c for c, d in zip(ring.coords, _measures(ring), strict=True) if first + 0.01 < d < last - 0.01]
    outside = [c for c, d in zip(ring.coords, _measures(ring), strict=True) if d > last + 0.01]
    outside += [c for c, d in zip(ring.coords, _measures(ring), strict=True) if d < first - 0.01]
    rings = [[*between, *coords[::-1]], [*outside, *coords]]
    if any(len(points) < 3 for points in rings):
        return None
    pieces = [Polygon(points) for points in rings]
    if not all(piece.is_valid for piece in pieces):
        return None
    return pieces if abs(sum(piece.area for piece in pieces) - block.area) < 0.02 * block.area else None


def _measures(ring: shapely.LinearRing) -> list[float]:
    steps = np.hypot(*np.diff(shapely.get_coordinates(ring), axis=0).T)
    measures: list[float] = [0.0, *np.cumsum(steps).tolist()]
    measures[-1] = math.inf
    return measures


def _decent(piece: Polygon) -> bool:
    return piece.area > 4500 and 4 * math.pi * piece.area / piece.length**2 > 0.32


def _continued(cuts: list[Road]) -> list[Road]:
    """Give cuts that run on into each other across a junction one street number."""
    cuts = [Road(road.line, road.rank, 1000 + i) for i, road in enumerate(cuts)]
    ends: dict[tuple[float, float], list[tuple[int, float]]] = defaultdict(list)
    for i, road in enumerate(cuts):
        points = shapely.get_coordinates(road.line)
        for here, there in ((0, 1), (-1, -2)):
            step = points[there] - points[here]
            ends[tuple(points[here])].append((i, math.atan2(step[1], step[0])))
    owner = list(range(len(cuts)))

    def root(i: int) -> int:
        while owner[i] != i:
            i = owner[i]
        return i

    for meeting in ends.values():
        for (i, a), (k, b) in ((p, q) for n, p in enumerate(meeting) for q in meeting[n + 1 :]):
            if abs(abs((a - b + math.pi) % (2 * math.pi) - math.pi) - math.pi) < 0.4:
                owner[root(i)] = root(k)
    return [Road(road.line, road.rank, 1000 + root(i)) for i, road in enumerate(cuts)]


def _attributed(pieces: NDArray[np.object_], roads: list[Road]) -> list[Road]:
    """The noded pieces that lie on a road, with that road's attributes."""
    tree = shapely.STRtree([road.line for road in roads])
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    edges = []
    for piece, middle in zip(pieces, middles, strict=True):
        near = tree.query(middle, predicate="dwithin", distance=0.8)
        if len(near):
            road = min(
                (roads[k] for k in near),
                key=lambda r: (round(r.line.distance(middle), 1), RANKS.index(r.rank)),
            )
            edges.append(Road(piece, road.rank, road.street, road.bridge))
    return edges


def _connected(edges: list[Road], terrain: Terrain) -> list[Road]:
    """The largest connected part; its stubs end some metres short of the railway."""
    ends = np.array([[edge.line.coords[0], edge.line.coords[-1]] for edge in edges])
    _, node = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    node = node.reshape(-1, 2)
    links = coo_matrix((np.ones(len(edges)), (node[:, 0], node[:, 1])), shape=(node.max() + 1,) * 2)
    part = connected_components(links, directed=False)[1][node[:, 0]]
    degree = np.bincount(node.ravel())
    kept = []
    for i in np.flatnonzero(part == np.bincount(part).argmax()):
        line = edges[i].line
        if line.length > 2 * STUB_M:
            touches = [
                degree[node[i, k]] == 1 and terrain.railway.distance(shapely.Point(ends[i, k])) < 1
                for k in (0, 1)
            ]
            line = substring(line, STUB_M * touches[0], line.length - STUB_M * touches[1])
        kept.append(Road(line, edges[i].rank, edges[i].street, edges[i].bridge))
    return kept


def _barrier(pieces: NDArray[np.object_], terrain: Terrain) -> set[frozenset[tuple[float, float]]]:
    barrier = set()
    lines = shapely.union_all([terrain.current, terrain.railway])
    shapely.prepare(lines)
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    for piece in pieces[shapely.dwithin(lines, middles, 0.8)]:
        coords = [(x, y) for x, y in piece.coords]
        barrier |= {frozenset(pair) for pair in zip(coords, coords[1:], strict=False)}
    return barrier
