"""Measurements of gridmap.geo: points to areas, and datums."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import prcoords
import shapely
from numpy.typing import NDArray

from gridmap.geo.datum import convert
from gridmap.geo.locate import AreaIndex
from tests.bench.table import Ratio, medians, peak_memory

POINTS = 1_000_000
COLUMNS, ROWS = 50, 40
# Four sides of 15 pieces: 60 vertices for each of 2,000 areas.
PIECES = 15
WEST, SOUTH, EAST, NORTH = 107.87, 31.06, 107.92, 31.10

MEMORY_MB = 100


def crooked_tiling(generator: np.random.Generator) -> gpd.GeoDataFrame:
    """A town of COLUMNS x ROWS areas that share every vertex of their crooked sides."""
    size = np.array([(EAST - WEST) / COLUMNS, (NORTH - SOUTH) / ROWS])
    corners = np.stack(np.meshgrid(np.arange(COLUMNS + 1), np.arange(ROWS + 1)), axis=-1) * size
    corners += [WEST, SOUTH] + generator.uniform(-0.2, 0.2, corners.shape) * size
    share = np.linspace(0, 1, PIECES + 1)[:, None]

    def side(begin: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
        # Bends stay in a lens around the straight line, so that sides meet at their corners alone.
        bend = generator.uniform(-0.25, 0.25, share.shape) * np.minimum(share, 1 - share)
        line: NDArray[np.float64] = begin + (end - begin) * share + bend * (end - begin)[::-1] * [1, -1]
        line[0], line[-1] = begin, end
        return line

    level = [
        [side(*corners[row, column : column + 2]) for column in range(COLUMNS)] for row in range(ROWS + 1)
    ]
    steep = [[side(*corners[row : row + 2, column]) for column in range(COLUMNS + 1)] for row in range(ROWS)]
    outlines = [
        np.concatenate(
            [
                level[row][column][:-1],
                steep[row][column + 1][:-1],
                level[row + 1][column][:0:-1],
                steep[row][column][::-1],
            ]
        )
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
    codes = [f"511723001001{number:03d}" for number in generator.permutation(len(outlines))]
    return gpd.GeoDataFrame({"code": codes}, geometry=[shapely.Polygon(line) for line in outlines], crs=4490)


def hard_points(areas: gpd.GeoDataFrame, generator: np.random.Generator) -> NDArray[np.float64]:
    """Points all over the town and its surroundings, a twentieth of them on corners and sides of areas."""
    vertices = shapely.get_coordinates(areas.geometry.array)
    begin = generator.integers(0, len(vertices) - 1, POINTS // 40)
    on_sides = (vertices[begin] + vertices[begin + 1]) / 2
    on_corners = vertices[generator.integers(0, len(vertices), POINTS // 40)]
    rest = POINTS - len(on_sides) - len(on_corners)
    anywhere = generator.uniform((WEST, SOUTH), (EAST, NORTH), (rest, 2))
    points: NDArray[np.float64] = generator.permutation(np.concatenate([on_sides, on_corners, anywhere]))
    return points


def owners_by_rule(areas: gpd.GeoDataFrame, points: NDArray[np.float64]) -> NDArray[np.int64]:
    """The covering area with the smallest code, found with nothing but GEOS."""
    rank = np.argsort(np.argsort(areas["code"].to_numpy(dtype=str)))
    tree = shapely.STRtree(areas.geometry.array)
    point, area = tree.query(shapely.points(points), predicate="covered_by")
    best = np.full(len(points), len(areas))
    np.minimum.at(best, point, rank[area])
    row_of_rank = np.append(np.argsort(rank), -1)
    owners: NDArray[np.int64] = row_of_rank[best]
    return owners


def locate() -> list[Ratio]:
    """1,000,000 points to 2,000 polygons of 60 vertices, beside geopandas.sjoin."""
    generator = np.random.default_rng(20261122)
    areas = crooked_tiling(generator)
    points = hard_points(areas, generator)
    x, y = points.T.copy()
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=areas.crs)
    AreaIndex(areas.head(1)).locate(x[:1], y[:1])  # loads what numba has compiled

    before = peak_memory(reset=True)
    index = AreaIndex(areas)
    owners = index.locate(x, y)
    memory = (peak_memory() - before) / 1e6
    wrong = int((owners != owners_by_rule(areas, points)).sum())

    query, build, join = medians(
        5,
        lambda: index.locate(x, y),
        lambda: AreaIndex(areas),
        lambda: gpd.sjoin(frame, areas, predicate="within"),
    )
    peer = "geopandas.sjoin(predicate='within')"
    note = f"{wrong} of {POINTS:,} points differ from the owner rule; {memory:.0f} MB above the input"
    sound = wrong == 0 and memory < MEMORY_MB
    return [
        Ratio("points to areas", query, peer, join, goal=20, sound=sound, note=note),
        Ratio("points to areas, with the index", build + query, peer, join, goal=12, sound=sound, note=note),
    ]


def datum() -> list[Ratio]:
    """1,000,000 points WGS-84 to GCJ-02 and back, beside prcoords, which takes them one by one."""
    generator = np.random.default_rng(20261122)
    points = np.column_stack([generator.uniform(75, 132, POINTS), generator.uniform(19, 50, POINTS)])
    sample = [prcoords.Coords(lat, lng) for lng, lat in points[: POINTS // 100].tolist()]

    def ours() -> NDArray[np.float64]:
        return convert(convert(points, "wgs84", "gcj02"), "gcj02", "wgs84")

    def theirs() -> list[prcoords.Coords]:
        return [prcoords.gcj_wgs_bored(prcoords.wgs_gcj(point)) for point in sample]

    error_m = float(np.hypot(*(ours() - points).T).max()) * 111_320
    ours_seconds, sample_seconds = medians(5, ours, theirs)
    peer_seconds = sample_seconds * (POINTS / len(sample))
    speeds = f"{POINTS / ours_seconds:,.0f} points/s beside {POINTS / peer_seconds:,.0f}"
    return [
        Ratio(
            "WGS-84 to GCJ-02 and back",
            ours_seconds,
            f"prcoords, {len(sample):,} points scaled up",
            peer_seconds,
            limit_seconds=1.0,
            sound=error_m <= 1e-4,
            note=f"{speeds}; comes back to {error_m:.0e} m",
        )
    ]
