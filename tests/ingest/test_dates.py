"""Dates as people and programs write them. 14:05 in China is 06:05 UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.ingest.dates import Order, order, parse
from gridmap.types import CHINA_TIME

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def read(*texts: str, slashes: Order | None = None) -> tuple[list[str], list[str]]:
    column = pd.Series(texts, dtype="str")
    moments, reasons = parse(column, slashes or order([column]), NOW)
    return [moment.strftime("%F %T") if moment is not pd.NaT else "" for moment in moments], list(reasons)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-20", "2026-11-19 16:00:00"),
        ("2026/11/20", "2026-11-19 16:00:00"),
        ("2026.11.20", "2026-11-19 16:00:00"),
        ("20261120", "2026-11-19 16:00:00"),
        ("2026年11月20日", "2026-11-19 16:00:00"),
        ("2026-1-2", "2026-01-01 16:00:00"),
        ("2026-11-20 14:05", "2026-11-20 06:05:00"),
        ("2026/11/20 14:05:09", "2026-11-20 06:05:09"),
        ("2026-11-20T14:05:09", "2026-11-20 06:05:09"),
        ("2026-11-20T14:05:09.123456", "2026-11-20 06:05:09"),
        ("2026-11-20T06:05:09Z", "2026-11-20 06:05:09"),
        ("2026-11-20T14:05:09+08:00", "2026-11-20 06:05:09"),
        ("2026-11-20 01:05:09-0500", "2026-11-20 06:05:09"),
        ("20261120140509", "2026-11-20 06:05:09"),
        ("20261120T140509Z", "2026-11-20 14:05:09"),
        ("2026年11月20日 14时5分", "2026-11-20 06:05:00"),
        ("2026年11月20日14点05分09秒", "2026-11-20 06:05:09"),
        ("2026年11月20日 下午2:05", "2026-11-20 06:05:00"),
        ("11/20/2026 02:05:09 PM", "2026-11-20 06:05:09"),
        ("11/20/2026 12:05:00 AM", "2026-11-19 16:05:00"),
        ("20/11/2026 14:05", "2026-11-20 06:05:00"),
        ("20.11.2026", "2026-11-19 16:00:00"),
        ("46346", "2026-11-19 16:00:00"),
        ("46346.586805556", "2026-11-20 06:05:00"),
    ],
)
def test_forms(text, utc):
    assert read(text) == ([utc], [""])


@pytest.mark.parametrize(
    "text", ["", "1900-01-01", "1900-01-01 00:00:00", "01/01/1900 12:00:00 AM", "1899-12-30"]
)
def test_no_date(text):
    assert read(text) == ([""], [""])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("yesterday", "cannot be read as a date: write 2026-11-20 14:05"),
        ("26-11-20", "cannot be read as a date: write 2026-11-20 14:05"),
        ("2026-11", "cannot be read as a date: write 2026-11-20 14:05"),
        ("2026-02-30", "is no day or time of the calendar: write 2026-11-20 14:05"),
        ("2025-02-29", "is no day or time of the calendar: write 2026-11-20 14:05"),
        ("2026-13-01", "is no day or time of the calendar: write 2026-11-20 14:05"),
        ("2026-11-20 24:00", "is no day or time of the calendar: write 2026-11-20 14:05"),
        ("11/20/2026 13:00 PM", "is no day or time of the calendar: write 2026-11-20 14:05"),
        ("1989-12-31", "is before 1990: write 2026-11-20 14:05"),
        ("2028-01-01", "is after 2027: write 2026-11-20 14:05"),
        ("9999-12-31", "is after 2027: write 2026-11-20 14:05"),
        ("99999", "is after 2027: write 2026-11-20 14:05"),
    ],
)
def test_refused(text, reason):
    assert read(text) == ([""], [reason])


class TestYearLast:
    """Which of the first two numbers is the day is decided by the whole file, never row by row by luck."""

    def test_a_part_above_twelve_decides_for_all(self):
        assert read("02/03/2020", "02/17/2020")[0] == ["2020-02-02 16:00:00", "2020-02-16 16:00:00"]
        assert read("02/03/2020", "17/02/2020")[0] == ["2020-03-01 16:00:00", "2020-02-16 16:00:00"]

    def test_nothing_decides(self):
        moments, reasons = read("05/06/2020", "05/05/2020")
        assert moments == ["", "2020-05-04 16:00:00"]
        assert reasons[0] == (
            "may be read in two ways, and no row of the file shows whether day or month comes first: "
            "write 2026-11-20 14:05"
        )

    def test_rows_that_contradict_each_other(self):
        moments, reasons = read("17/02/2020", "02/17/2020", "02/03/2020")
        assert moments == ["2020-02-16 16:00:00", "2020-02-16 16:00:00", ""]
        assert "some rows of the file put the day first, others the month" in reasons[2]

    def test_one_column_decides_for_another(self):
        columns = [pd.Series(["02/17/2020"], dtype="str"), pd.Series(["02/03/2020"], dtype="str")]
        assert order(columns) is Order.MONTH_FIRST
        assert read("02/03/2020", slashes=order(columns))[0] == ["2020-02-02 16:00:00"]


def test_five_forms_in_one_column():
    texts = ["2026-11-20", "2026/11/20 00:00", "20261120", "2026年11月20日", "11/20/2026 12:00:00 AM"]
    assert read(*texts) == (["2026-11-19 16:00:00"] * 5, [""] * 5)


def test_the_last_summer_time_of_china():
    """Summer time ended on 1991-09-15 at 02:00: at noon of 1991-07-01 China was nine hours ahead."""
    assert read("1991-07-01 12:00")[0] == ["1991-07-01 03:00:00"]


@given(
    st.lists(
        st.datetimes(min_value=datetime(1992, 1, 1), max_value=datetime(2027, 12, 30)).map(
            lambda moment: moment.replace(microsecond=0)
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y/%m/%dT%H:%M:%S", "%Y%m%d%H%M%S", "%Y年%m月%d日 %H时%M分%S秒"]),
)
def test_what_is_written_is_read(moments, form):
    column = pd.Series([moment.strftime(form) for moment in moments], dtype="str")
    found, reasons = parse(column, Order.UNKNOWN, NOW)
    assert not np.any(reasons != "")
    assert found.dt.tz_convert(CHINA_TIME).dt.tz_localize(None).dt.to_pydatetime().tolist() == moments


@given(st.lists(st.text(alphabet="0123456789-/.: TZ年月日时分APM+", max_size=24), max_size=10))
def test_any_text_is_read_or_refused(texts):
    column = pd.Series(texts, dtype="str")
    moments, reasons = parse(column, order([column]), NOW)
    assert (moments.notna().to_numpy() <= (reasons == "")).all()
