"""The doors for coordinates, boxes, periods, codes and hours."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.errors import InputError
from gridmap.types import CHINA_TIME, AreaCode, Bbox, Level, OpeningHours, Period, Point


def test_point_takes_longitude_first():
    assert Point.parse(" 107.86", "31.08") == Point(107.86, 31.08)


@pytest.mark.parametrize(
    ("lng", "lat", "words"),
    [
        ("31.08", "107.86", "swapped"),
        ("nan", "31", "not finite"),
        ("inf", "31", "not finite"),
        ("200", "31", "outside"),
        ("", "31", "lng is missing"),
        ("107", None, "lat is missing"),
        ("107°", "31", "lng is not a number"),
    ],
)
def test_point_says_what_is_wrong(lng, lat, words):
    with pytest.raises(InputError, match=words):
        Point.parse(lng, lat)


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "3,2,1,4", "1,4,3,2", "", "1,2,3,nan"])
def test_bbox_refuses(text):
    with pytest.raises(InputError):
        Bbox.parse(text)


def test_bbox_reads_west_south_east_north():
    assert Bbox.parse("107.5,31,108.5,32").center == Point(108, 31.5)


def test_period_includes_both_days_on_the_clock_of_china():
    period = Period.parse("2026-11-01", "2026-11-30")
    assert period.start == datetime(2026, 11, 1, tzinfo=CHINA_TIME)
    assert period.stop == datetime(2026, 12, 1, tzinfo=CHINA_TIME)
    assert Period.parse("", None) == Period(None, None)
    with pytest.raises(InputError, match="ends"):
        Period(date(2026, 2, 1), date(2026, 1, 1))
    with pytest.raises(InputError, match="since"):
        Period.parse("yesterday", None)


@pytest.mark.parametrize(
    ("text", "level", "parent"),
    [
        ("511723", Level.COUNTY, None),
        ("511723001", Level.STREET, "511723"),
        ("511723001002", Level.COMMUNITY, "511723001"),
        ("511723001002003", Level.GRID, "511723001002"),
        ("51172300100212", Level.GRID, "511723001002"),
        ("51172300100200300017", Level.BUILDING, "511723001002003"),
    ],
)
def test_a_parent_is_a_prefix(text, level, parent):
    code = AreaCode.parse(text, level)
    assert code.parent == parent
    assert parent is None or text.startswith(parent)


def test_the_statistics_office_pads_with_zeros():
    assert AreaCode.parse("511723001000", Level.STREET).text == "511723001"
    assert AreaCode.parse("511723000000", Level.COUNTY).text == "511723"


@pytest.mark.parametrize(
    ("text", "level"), [("51172", Level.COUNTY), ("５１１７２３", Level.COUNTY), ("x", Level.GRID)]
)
def test_codes_of_another_form_are_refused(text, level):
    with pytest.raises(InputError, match="expected"):
        AreaCode.parse(text, level)


MONDAY = datetime(2026, 11, 23, tzinfo=CHINA_TIME)


@pytest.mark.parametrize(
    ("hours", "hour", "answer"),
    [
        ("24/7", 3, True),
        ("Mo-Fr 08:00-18:00", 8, True),
        ("Mo-Fr 08:00-18:00", 18, False),
        ("Tu-Su 08:00-18:00", 9, False),
        ("08:00-12:00,14:00-18:00", 13, False),
        ("Su 20:00-02:00", 1, True),  # Sunday's night runs into Monday
        ("Mo-Su 08:00-20:00; Mo off", 9, False),
        ("", 9, None),
    ],
)
def test_opening_hours(hours, hour, answer):
    assert OpeningHours.parse(hours).open_at(MONDAY.replace(hour=hour)) is answer


@given(st.text(max_size=40))
def test_opening_hours_are_read_or_refused(text):
    try:
        week = OpeningHours.parse(text).spans
    except InputError:
        return
    assert len(week) == 7
    assert all(opens < closes <= 2880 for day in week for opens, closes in day)
