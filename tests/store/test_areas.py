"""Areas in versions, and the owner rule in SQL against the index."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import box

from gridmap.errors import NotFoundError
from gridmap.operations.owners import Locator
from gridmap.store import areas
from gridmap.types import Level, Point

STREET = "519900001"
COMMUNITY = STREET + "001"


def frame(*rows):
    """Rows of (code, level, kind, geometry)."""
    table = [
        {
            "code": code,
            "level": level,
            "kind": kind,
            "name": f"区{code[-3:]}",
            "parent": {"grid": code[:12], "community": code[:9]}.get(level),
            "households": 400,
            "population": 1000,
            "geometry": shapely.multipolygons([shape]) if shape.geom_type == "Polygon" else shape,
        }
        for code, level, kind, shape in rows
    ]
    return gpd.GeoDataFrame(table, crs="EPSG:4490")


# Four grids around a corner, a dedicated one in a hole, one laid over, one of two parts:
#
#   +-----+-----+
#   | 003 | 004 |      901 is the hole of 001; 902 lies over 002 and 004
#   +-----+-----+      005 is two squares to the east
#   | 001 | 002 |
#   +-----+-----+
W, S, D = 107.86, 31.08, 0.004
HOLE = box(W + 0.001, S + 0.001, W + 0.002, S + 0.002)
OVERLAY = box(W + D + 0.001, S + 0.003, W + D + 0.002, S + D + 0.001)
FAR = shapely.multipolygons([box(W + 3 * D, S, W + 3.5 * D, S + D), box(W + 4 * D, S, W + 4.5 * D, S + D)])
GRIDS = frame(
    (COMMUNITY + "001", "grid", "general", box(W, S, W + D, S + D) - HOLE),
    (COMMUNITY + "002", "grid", "general", box(W + D, S, W + 2 * D, S + D)),
    (COMMUNITY + "003", "grid", "general", box(W, S + D, W + D, S + 2 * D)),
    (COMMUNITY + "004", "grid", "general", box(W + D, S + D, W + 2 * D, S + 2 * D)),
    (COMMUNITY + "005", "grid", "general", FAR),
    (COMMUNITY + "901", "grid", "dedicated", HOLE),
    (COMMUNITY + "902", "grid", "dedicated", OVERLAY),
)
COMMUNITIES = frame((COMMUNITY, "community", "general", box(W, S, W + 5 * D, S + 2 * D)))


@pytest.fixture
def stored(session):
    areas.save(session.connection(), COMMUNITIES, date(2026, 1, 1))
    areas.save(session.connection(), GRIDS, date(2026, 1, 1))
    return session


@pytest.mark.parametrize(
    ("lng", "lat", "owner"),
    [
        (W + 0.003, S + 0.003, "001"),
        (W + D, S + 0.001, "001"),  # the edge of 001 and 002: the smaller code
        (W + D, S + D, "001"),  # the corner of four
        (W + D / 2, S + D, "001"),  # the edge of 001 and 003
        (W + 2 * D, S + D / 2, "002"),  # the outer edge is inside
        (W + 0.0015, S + 0.0015, "901"),  # in the hole
        (W + 0.001, S + 0.0015, "901"),  # on the hole's edge a dedicated area comes first
        (W + D + 0.0015, S + 0.0035, "902"),  # under the overlay
        (W + D + 0.0015, S + D + 0.0005, "902"),
        (W + 4.2 * D, S + 0.001, "005"),  # the second part of a multipolygon
        (W + 2.5 * D, S + 0.001, ""),  # between grids: the community owns it
    ],
)
def test_every_point_has_one_owner(stored, lng, lat, owner):
    found = areas.find_owner(stored, Point(lng, lat))
    assert found is not None
    assert found["code"] == COMMUNITY + owner
    index = Locator.load(stored).locate(np.array([lng]), np.array([lat]))
    assert index.code[0] == found["code"]


def test_a_point_outside_everything_has_none(stored):
    assert areas.find_owner(stored, Point(0, 0)) is None
    nowhere = Locator.load(stored).locate(np.array([0.0, np.nan]), np.array([0.0, 1.0]))
    assert nowhere.code.tolist() == [None, None]
    assert nowhere.id.tolist() == [-1, -1]


def test_sql_and_index_agree_on_edges_corners_and_at_random(stored):
    rng = np.random.default_rng(7)
    corners = shapely.get_coordinates(GRIDS.geometry.to_numpy())
    starts = corners[rng.integers(0, len(corners), 300)]
    middles = (corners[:-1] + corners[1:]) / 2
    anywhere = rng.uniform((W - D, S - D), (W + 6 * D, S + 3 * D), (300, 2))
    points = np.vstack([corners, starts + rng.normal(0, 1e-15, starts.shape), middles, anywhere])
    by_index = Locator.load(stored).locate(points[:, 0].copy(), points[:, 1].copy()).code
    for (lng, lat), code in zip(points, by_index, strict=True):
        owner = areas.find_owner(stored, Point(lng, lat))
        assert (owner["code"] if owner else None) == code, (lng, lat)


def test_the_same_areas_again_change_nothing(stored):
    again = areas.save(stored.connection(), GRIDS, date(2026, 5, 1))
    assert (again.added, again.changed, again.unchanged) == (0, 0, len(GRIDS))


def test_a_moved_boundary_makes_a_version_and_keeps_the_old(stored):
    moved = GRIDS.copy()
    moved.loc[4, "geometry"] = shapely.multipolygons([box(W + 3 * D, S, W + 4 * D, S + D)])
    merged = areas.save(stored.connection(), moved, date(2026, 6, 1))
    assert (merged.added, merged.changed, merged.unchanged) == (0, 1, len(GRIDS) - 1)
    versions = areas.list_versions(stored, COMMUNITY + "005")
    assert versions["valid_from"].tolist() == [date(2026, 1, 1), date(2026, 6, 1)]
    assert versions["valid_to"].tolist() == [date(2026, 6, 1), None]
    assert versions.geometry.iloc[0].equals(FAR)


def test_paths_children_and_extent(stored):
    path = areas.list_path(stored, COMMUNITY + "001")
    assert [row["code"] for row in path] == [COMMUNITY, COMMUNITY + "001"]
    assert areas.list_children(stored, COMMUNITY)["code"].tolist() == GRIDS["code"].tolist()
    extent = areas.extent(stored)
    assert (extent.west, extent.north) == pytest.approx((W, S + 2 * D))
    assert areas.count_by_level(stored) == {"community": 1, "grid": 7}
    assert len(areas.list_areas(stored, Level.GRID)) == 7
    with pytest.raises(NotFoundError):
        areas.get_area(stored, "no such")
