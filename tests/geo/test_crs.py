from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from gridmap.errors import InputError
from gridmap.geo import crs
from gridmap.geo.datum import convert


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("wgs84", "wgs84"),
        ("WGS-84", "wgs84"),
        (" WGS 84 ", "wgs84"),
        ("CGCS2000", "cgcs2000"),
        ("gcj-02", "gcj02"),
        ("BD_09", "bd09"),
        ("EPSG:4490", "EPSG:4490"),
        ("epsg: 4547", "EPSG:4547"),
    ],
)
def test_declared_names_are_canonical(text, name):
    assert crs.declare(text) == name


@pytest.mark.parametrize(
    "text", [None, "", "  ", "mars", "4326", "EPSG:", "EPSG:999999", "EPSG:5773", "EPSG:4978", "gcj02; drop"]
)
def test_anything_else_is_refused_and_the_accepted_are_named(text):
    with pytest.raises(InputError, match="wgs84, cgcs2000, gcj02, bd09 or EPSG:n"):
        crs.declare(text)


@pytest.mark.parametrize("declared", ["wgs84", "cgcs2000", "EPSG:4490", "EPSG:4326"])
def test_geographic_systems_are_stored_as_they_are(declared):
    points = np.array([[107.87, 31.08], [-74.0, 40.7]])
    np.testing.assert_allclose(crs.to_storage(points, declared), points, atol=1e-9)


@pytest.mark.parametrize("declared", ["gcj02", "bd09"])
def test_shifted_systems_are_unshifted(declared):
    points = np.array([[107.87, 31.08]])
    np.testing.assert_allclose(
        crs.to_storage(convert(points, "wgs84", declared), declared), points, atol=1e-9
    )


def test_projected_coordinates_are_easting_first():
    # EPSG:4545 has northing first by definition; false easting 500 km on the meridian of 108° E.
    [[lng, lat]] = crs.to_storage([[500_000.0, 3_440_000.0]], "EPSG:4545")
    assert lng == pytest.approx(108.0, abs=1e-9)
    assert lat == pytest.approx(31.08, abs=0.02)


def test_what_a_projection_cannot_carry_over_becomes_nan():
    answer = crs.to_storage([[500_000.0, 3_440_000.0], [np.nan, 1.0], [1e30, 1e30]], "EPSG:4545")
    assert np.isfinite(answer).all(axis=1).tolist() == [True, False, False]


def test_nothing_is_stored_as_nothing():
    assert crs.to_storage(np.empty((0, 2)), "EPSG:4545").shape == (0, 2)


def test_geometries_keep_their_form_and_lose_their_heights():
    given = shapely.from_wkt(
        ["POLYGON Z ((108 31 5, 108.1 31 5, 108 31.1 5, 108 31 5))", "POINT (108 31)", None]
    )
    stored = crs.geometries_to_storage(given, "wgs84")
    assert stored[0].wkt == "POLYGON ((108 31, 108.1 31, 108 31.1, 108 31))"
    assert stored[1].wkt == "POINT (108 31)"
    assert stored[2] is None
    assert given[0].has_z


def test_geometries_are_moved_vertex_by_vertex():
    box = shapely.box(107.9, 31.0, 108.0, 31.1)
    shifted = shapely.transform(box, lambda xy: convert(xy, "wgs84", "gcj02"))
    [stored] = crs.geometries_to_storage(np.array([shifted]), "gcj02")
    assert shapely.equals_exact(stored, box, 1e-9)


def test_a_vertex_out_of_reach_is_refused():
    with pytest.raises(InputError, match="outside the reach of EPSG:4545"):
        crs.geometries_to_storage(np.array([shapely.Point(1e30, 1e30)]), "EPSG:4545")


@pytest.mark.parametrize(
    ("place", "lng", "lat", "epsg"),
    [
        ("开江", 107.87, 31.08, 4545),
        ("达拉特", 110.03, 40.41, 4546),
        ("丰城", 115.79, 28.19, 4548),
        ("丽江", 100.23, 26.88, 4542),
        ("隆昌", 105.29, 29.34, 4544),
        ("the western limit", 73.5, 39.0, 4534),
        ("the eastern limit", 136.5, 48.0, 4554),
        ("the border of two zones", 109.5, 31.0, 4546),
        ("New York", -74.0, 40.7, 32618),
        ("Sydney", 151.2, -33.9, 32756),
        ("the date line", 180.0, 10.0, 32660),
        ("Singapore, south of China's latitudes", 103.8, 1.3, 32648),
    ],
)
def test_metric_zone(place, lng, lat, epsg):
    assert crs.metric(lng, lat).to_epsg() == epsg, place


@pytest.mark.parametrize(("lng", "lat"), [(np.nan, 31.0), (107.9, 131.0), (500_000.0, 3_440_000.0)])
def test_metric_refuses_what_is_no_place(lng, lat):
    with pytest.raises(InputError):
        crs.metric(lng, lat)


@pytest.mark.parametrize(("lng", "lat"), [(107.87, 31.08), (109.49, 40.41), (-74.0, 40.7), (24.94, 60.17)])
def test_a_kilometre_is_a_kilometre(lng, lat):
    east, north, _ = Geod(ellps="GRS80").fwd(lng, lat, 60.0, 1000.0)
    line = gpd.GeoDataFrame(geometry=[shapely.LineString([(lng, lat), (east, north)])], crs=crs.STORAGE)
    # 253 ppm at a zone's edge; UTM takes 400 ppm off on its meridian.
    assert crs.project(line).length[0] == pytest.approx(1000.0, rel=5e-4)


def test_frames_must_share_one_declared_system():
    place = [shapely.Point(108, 31)]
    here, there = (gpd.GeoDataFrame(geometry=place, crs=code) for code in (4490, 4326))
    assert crs.require(here, here).to_epsg() == 4490
    with pytest.raises(InputError, match=r"differ.*EPSG:4490 and EPSG:4326"):
        crs.require(here, there)
    with pytest.raises(InputError, match="no coordinate system"):
        crs.require(here, gpd.GeoDataFrame(geometry=place))


def test_a_frame_without_places_can_be_projected():
    assert len(crs.project(gpd.GeoDataFrame(geometry=[], crs=crs.STORAGE))) == 0
