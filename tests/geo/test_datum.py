from __future__ import annotations

import warnings

import numpy as np
import prcoords
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.errors import InputError
from gridmap.geo.datum import CHINA_BOX, convert
from gridmap.types import Crs

SYSTEMS = ("wgs84", "gcj02", "bd09")
# Metres in a degree of latitude: enough to compare offsets that agree to a fraction of a millimetre.
DEGREE_M = 111_320.0


def metres(a, b):
    """Distances between positions that lie close together."""
    east, north = (np.asarray(b) - np.asarray(a)).T * DEGREE_M
    return np.hypot(east * np.cos(np.radians(np.asarray(a)[:, 1])), north)


@pytest.fixture(scope="module")
def china():
    generator = np.random.default_rng(20261122)
    return np.column_stack([generator.uniform(75, 132, 20_000), generator.uniform(19, 50, 20_000)])


def oracle(points, function):
    return np.array([function(prcoords.Coords(lat, lng))[::-1] for lng, lat in points.tolist()])


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        # The pairs that eviltransform's own tests have carried since 2015: Shanghai, Shenzhen, Beijing.
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ],
)
def test_golden_points(wgs84, gcj02):
    assert convert([wgs84], "wgs84", "gcj02")[0] == pytest.approx(gcj02, abs=1e-11)
    assert convert([gcj02], "gcj02", "wgs84")[0] == pytest.approx(wgs84, abs=1e-9)


@pytest.mark.parametrize(
    ("source", "target", "function"),
    [
        ("wgs84", "gcj02", prcoords.wgs_gcj),
        ("gcj02", "bd09", prcoords.gcj_bd),
        ("wgs84", "bd09", prcoords.wgs_bd),
    ],
)
def test_agrees_with_prcoords_to_the_last_digits(china, source, target, function):
    points = china[:3000]
    assert metres(convert(points, source, target), oracle(points, function)).max() < 1e-7


@pytest.mark.parametrize(
    ("source", "target", "function"),
    [
        ("gcj02", "wgs84", prcoords.gcj_wgs_bored),
        ("bd09", "gcj02", prcoords.bd_gcj_bored),
        ("bd09", "wgs84", prcoords.bd_wgs_bored),
    ],
)
def test_inverse_agrees_with_prcoords(china, source, target, function):
    # prcoords stops when a step is shorter than 1e-5°; its last step leaves about a centimetre.
    points = china[:1000]
    assert metres(convert(points, source, target), oracle(points, function)).max() < 0.02


@pytest.mark.parametrize("source", SYSTEMS)
@pytest.mark.parametrize("target", SYSTEMS)
def test_round_trip_is_better_than_a_tenth_of_a_millimetre(china, source, target):
    back = convert(convert(china, source, target), target, source)
    assert metres(china, back).max() < 1e-5


@given(
    st.lists(
        st.tuples(st.floats(CHINA_BOX[0], CHINA_BOX[2]), st.floats(CHINA_BOX[1], CHINA_BOX[3])), max_size=20
    ),
    st.sampled_from(SYSTEMS[1:]),
)
def test_round_trip_anywhere_in_the_box(points, system):
    # A corner of the box itself may come back from just outside it, by the last bit.
    west, south, east, north = CHINA_BOX
    points = np.clip(
        np.array(points).reshape(-1, 2), [west + 0.02, south + 0.02], [east - 0.02, north - 0.02]
    )
    back = convert(convert(points, "wgs84", system), system, "wgs84")
    assert (metres(points, back) <= 1e-4).all()


@pytest.mark.parametrize(
    ("place", "lng", "lat", "gcj02_m", "bd09_m"),
    [
        # Measured at the county seats with the public algorithm.
        ("开江", 107.87, 31.08, 496, 1110),
        ("达拉特", 110.03, 40.41, 522, 1339),
        ("丰城", 115.79, 28.19, 618, 1170),
        ("丽江", 100.23, 26.88, 409, 804),
        ("隆昌", 105.29, 29.34, 449, 1016),
    ],
)
def test_magnitude_at_county_seats(place, lng, lat, gcj02_m, bd09_m):
    point = np.array([[lng, lat]])
    assert metres(point, convert(point, "wgs84", "gcj02"))[0] == pytest.approx(gcj02_m, abs=2), place
    assert metres(point, convert(point, "wgs84", "bd09"))[0] == pytest.approx(bd09_m, abs=2), place


def test_magnitudes_over_china(china):
    gcj = metres(china, convert(china, "wgs84", "gcj02"))
    assert gcj.mean() == pytest.approx(404, abs=5)
    assert gcj.min() > 20
    assert gcj.max() < 705
    bd = metres(china, convert(china, "wgs84", "bd09"))
    assert bd.min() > 600
    assert bd.max() < 1600


@pytest.mark.parametrize("source", SYSTEMS)
@pytest.mark.parametrize("target", SYSTEMS)
@pytest.mark.parametrize(
    "point",
    [(-74.0, 40.7), (72.0, 30.0), (138.0, 35.0), (110.0, 0.5), (110.0, 56.0), (0.0, 0.0), (105.0, -90.0)],
)
def test_points_outside_china_are_left_unshifted(source, target, point):
    assert convert([point], source, target).tolist() == [list(point)]


def test_rows_that_are_not_finite_stay_as_they_are_and_others_are_converted():
    points = np.array([[np.nan, 31.0], [107.9, 31.1], [np.inf, 31.0], [107.9, np.nan], [107.9, -np.inf]])
    for source in SYSTEMS:
        for target in SYSTEMS:
            answer = convert(points, source, target)
            expected = points.copy()
            expected[1] = convert(points[1:2], source, target)[0]
            np.testing.assert_array_equal(answer, expected)


def test_input_is_never_modified_and_the_answer_is_new():
    points = np.array([[107.9, 31.1], [-74.0, 40.7]])
    before = points.copy()
    for target in SYSTEMS:
        answer = convert(points, "wgs84", target)
        assert not np.shares_memory(answer, points)
        assert answer.flags.writeable
    np.testing.assert_array_equal(points, before)


def test_blocks_leave_no_seam(china):
    whole = convert(china, "wgs84", "bd09")
    pieces = np.concatenate([convert(piece, "wgs84", "bd09") for piece in np.array_split(china, 7)])
    assert metres(whole, pieces).max() < 1e-8


def test_systems_may_be_given_as_members_and_cgcs2000_counts_as_wgs84():
    points = [[107.9, 31.1]]
    gcj = convert(points, "wgs84", "gcj02").tolist()
    assert convert(points, Crs.CGCS2000, Crs.GCJ02).tolist() == gcj
    assert convert(points, "WGS84", "GCJ02").tolist() == gcj
    assert convert(points, "cgcs2000", "wgs84").tolist() == points


def test_integers_and_columns_of_a_frame_are_taken():
    swapped = np.array([[31, 108], [30, 104]])[:, ::-1]
    assert convert(swapped, "wgs84", "gcj02").dtype == np.float64
    assert convert(np.empty((0, 2)), "wgs84", "bd09").shape == (0, 2)


@pytest.mark.parametrize("xy", [[107.9, 31.1], [[107.9, 31.1, 5.0]], 3.0, np.zeros((2, 2, 2)), []])
def test_other_shapes_are_refused(xy):
    with pytest.raises(InputError, match=r"shape \(n, 2\)"):
        convert(xy, "wgs84", "gcj02")


def test_what_is_no_number_is_refused():
    with pytest.raises(InputError, match="numbers"):
        convert([["107.9", "north"]], "wgs84", "gcj02")


@pytest.mark.parametrize(("source", "target"), [("wgs84", "mars"), ("EPSG:4490", "gcj02")])
def test_unknown_systems_are_refused(source, target):
    with pytest.raises(InputError, match="use wgs84, gcj02 or bd09"):
        convert([[107.9, 31.1]], source, target)


def test_says_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = convert([[np.nan, np.inf], [180.0, 90.0], [1e308, -1e308]], "bd09", "wgs84")
    assert np.isnan(found[0, 0])
    assert found[1].tolist() == [180.0, 90.0]
