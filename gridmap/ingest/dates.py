"""Dates and times as people and programs write them, a column at a time.

Read are 2026-11-20, 2026/11/20 14:05(:09), 2026.11.20, 20261120(140509), 2026年11月20日 14时5分, ISO 8601 with T
and zone, 11/20/2026 02:05:09 PM, 20/11/2026, and the day numbers of spreadsheets. Without a zone a time is
China's. Results are in UTC. Two-digit years are not read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gridmap.ingest.source import arrow
from gridmap.types import CHINA_TIME

EXPECTED: Final = "write 2026-11-20 14:05"
EARLIEST_YEAR: Final = 1990
_NO_SUCH: Final = f"is no day or time of the calendar: {EXPECTED}"

_TIME: Final = (
    r"(?:[T\s]\s*(?P<half_before>上午|下午)?\s*(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2}))?(?::(?P<second>\d{1,2}))?"
    r"(?:[.,]\d+)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_YEAR_FIRST: Final = rf"^(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_TIME}"
_YEAR_LAST: Final = rf"^(?P<a>\d{{1,2}})[-/.](?P<b>\d{{1,2}})[-/.](?P<year>\d{{4}}){_TIME}"
_COMPACT: Final = (
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[T\s]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?)?(?P<zone>Z)?$"
)
_SERIAL: Final = r"^\d{5}(?:\.\d+)?$"
# What databases and spreadsheets write for "no date".
_NO_DATE: Final = r"^(?:1900-0?1-0?[01]|1899-12-3[01]|0001-01-01|(?:0?1/){2}1900|1900/0?1/0?1)(?:[T\s]|$)"
_MARKS: Final = {4: b"-/", 7: b"-/", 10: b" T", 13: b":", 16: b":"}
_Whole: TypeAlias = NDArray[np.int64]
_NOTHING: Final = pa.scalar("", pa.large_string())


class Order(Enum):
    """What the rows of a file show about dates whose year comes last."""

    UNKNOWN = "no row of the file shows whether day or month comes first"
    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    MIXED = "some rows of the file put the day first, others the month"


def order(columns: Iterable[pd.Series]) -> Order:
    """The order of day and month, from the parts above 12 in all the date columns of a file."""
    first = second = False
    for column in columns:
        array = _arrow(column)
        parts, _ = _extract(array.filter(pc.match_substring_regex(array, r"^\d{1,2}[-/.]")), _YEAR_LAST)
        first |= bool((_whole(parts, "a") > 12).any())
        second |= bool((_whole(parts, "b") > 12).any())
    return {(True, True): Order.MIXED, (True, False): Order.DAY_FIRST, (False, True): Order.MONTH_FIRST}.get(
        (first, second), Order.UNKNOWN
    )


def parse(texts: pd.Series, slash_order: Order, now: datetime) -> tuple[pd.Series, NDArray[np.object_]]:
    """Moments in UTC (NaT where there is none) and reasons ("" where the cell is empty or was read).

    A date with its year last is read when only one reading of it is possible, or when `slash_order` decides.
    Refused are years before 1990 and after the next. Placeholders for "no date" (1900-01-01) count as empty.
    """
    array = _arrow(texts)
    naive = np.full(len(array), "NaT", dtype="datetime64[us]")
    shift = np.full(len(array), np.nan)
    reasons = np.full(len(array), "", dtype=object)
    empty = _matches(array, rf"^$|{_NO_DATE}")
    moments, exists, plain = _plain(array)
    plain &= ~empty
    naive[plain] = moments[plain]
    reasons[plain & ~exists] = _NO_SUCH
    left = np.flatnonzero(~empty & ~plain)
    for pattern in (_YEAR_FIRST, _COMPACT, _YEAR_LAST):
        parts, found = _extract(array.take(pa.array(left)), pattern)
        rows, left = left[found], left[~found]
        parts = parts.filter(pa.array(found))
        if not len(rows):
            continue
        if pattern is _YEAR_LAST:
            a, b = _whole(parts, "a"), _whole(parts, "b")
            day_first = (a > 12) | (slash_order is Order.DAY_FIRST)
            decided = day_first | (b > 12) | (slash_order is Order.MONTH_FIRST) | (a == b)
            month, day = np.where(day_first, b, a), np.where(day_first, a, b)
        else:
            month, day = _whole(parts, "month"), _whole(parts, "day")
            decided = np.ones(len(rows), dtype=bool)
        hour, twelve = _hours(parts)
        moments, exists = _assemble(
            _whole(parts, "year"), month, day, hour, _whole(parts, "minute"), _whole(parts, "second")
        )
        exists &= twelve
        naive[rows[decided]] = moments[decided]
        shift[rows] = _shift(parts)
        reasons[rows[~exists]] = _NO_SUCH
        reasons[rows[~decided]] = f"may be read in two ways, and {slash_order.value}: {EXPECTED}"
    days = _matches(array.take(pa.array(left)), _SERIAL)
    seconds = np.round(array.take(pa.array(left[days])).cast(pa.float64()).to_numpy() * 86_400)
    naive[left[days]] = np.datetime64("1899-12-30", "us") + seconds.astype("timedelta64[s]")
    reasons[left[~days]] = f"cannot be read as a date: {EXPECTED}"
    result = _localized(naive, shift)
    years = result.dt.tz_convert(CHINA_TIME).dt.year.to_numpy(float)
    reasons[years < EARLIEST_YEAR] = f"is before {EARLIEST_YEAR}: {EXPECTED}"
    reasons[years > now.year + 1] = f"is after {now.year + 1}: {EXPECTED}"
    result[reasons != ""] = pd.NaT
    result.index = texts.index
    return result, reasons


def _arrow(texts: pd.Series) -> Any:
    """The texts with 年, 月, 日, 时, 分, 秒 turned into punctuation."""
    array = arrow(texts)
    if pc.any(pc.match_substring(array, "年")).as_py():
        for pattern, mark in (
            (r"\s*[年月]\s*", "-"),
            (r"\s*日\s*", " "),
            (r"\s*[时時点點分]\s*", ":"),
            ("秒", ""),
        ):
            array = pc.replace_substring_regex(array, pattern, mark)
        array = pc.utf8_rtrim(array, " :")
    return array


def _extract(array: Any, pattern: str) -> tuple[Any, NDArray[np.bool_]]:
    parts = pc.extract_regex(array, pattern)
    return parts, np.asarray(parts.is_valid())


def _matches(array: Any, pattern: str) -> NDArray[np.bool_]:
    return np.asarray(pc.match_substring_regex(array, pattern))


def _part(parts: Any, field: str) -> Any:
    names = [parts.type.field(i).name for i in range(parts.type.num_fields)]
    if field not in names:
        return pa.array([""] * len(parts), pa.large_string())
    return parts.field(field).fill_null("")


def _whole(parts: Any, field: str) -> _Whole:
    text = _part(parts, field)
    return np.asarray(pc.if_else(pc.equal(text, ""), "0", text).cast(pa.int64()))


def _plain(array: Any) -> tuple[NDArray[np.datetime64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Moments, whether they exist, and which rows are of the form `2026-11-20 14:05:09` or a part of it.

    Read as bytes, since nearly all dates look so and a regular expression takes twenty times as long.
    """
    moments = np.full(len(array), "NaT", dtype="datetime64[us]")
    exists, plain = np.zeros(len(array), dtype=bool), np.zeros(len(array), dtype=bool)
    lengths = np.asarray(pc.binary_length(array))
    for size in (10, 16, 19):
        rows = np.flatnonzero(lengths == size)
        if not len(rows):
            continue
        data = array.take(pa.array(rows)).buffers()[2]
        text = np.frombuffer(data, np.uint8, len(rows) * size).reshape(-1, size)
        fits = np.ones(len(rows), dtype=bool)
        for at in range(size):
            fits &= np.isin(text[:, at], np.frombuffer(_MARKS.get(at, b"0123456789"), np.uint8))
        rows, digits = rows[fits], text[fits] - np.uint8(ord("0"))
        century, *parts = (
            digits[:, at].astype(np.int64) * 10 + digits[:, at + 1]
            for at in (0, 2, 5, 8, 11, 14, 17)
            if at < size
        )
        parts[0] += century * 100
        parts += [np.zeros(len(rows), dtype=np.int64)] * (6 - len(parts))
        moments[rows], exists[rows] = _assemble(*parts)
        plain[rows] = True
    return moments, exists, plain


def _assemble(
    year: _Whole, month: _Whole, day: _Whole, hour: _Whole, minute: _Whole, second: _Whole
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Moments without zone, and whether the calendar and the clock have them."""
    exists = (year >= 1) & (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second < 60)
    first = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    exists &= (day >= 1) & (days < (first + np.timedelta64(1, "M")).astype("datetime64[D]"))
    seconds = (hour * 3600 + minute * 60 + second).astype("timedelta64[s]")
    return np.where(exists, (days + seconds).astype("datetime64[us]"), np.datetime64("NaT", "us")), exists


def _hours(parts: Any) -> tuple[_Whole, NDArray[np.bool_]]:
    """Hours of the day, and whether the clock of twelve hours has them where it is used."""
    hour = _whole(parts, "hour")
    half = pc.utf8_upper(
        pc.binary_join_element_wise(_part(parts, "half_before"), _part(parts, "half"), _NOTHING)
    )
    afternoon = _matches(half, "^[P下]")
    morning = _matches(half, "^[A上]")
    twelve = ~(afternoon | morning) | (hour <= 12)
    return np.where(afternoon & (hour < 12), hour + 12, np.where(morning & (hour == 12), 0, hour)), twelve


def _shift(parts: Any) -> NDArray[np.float64]:
    """Minutes east of Greenwich, NaN where no zone is written."""
    zone = _part(parts, "zone")
    minutes = np.full(len(zone), np.nan)
    for text in pc.unique(zone).to_pylist():
        if text:
            digits = text[1:].replace(":", "")
            value = int(digits[:2]) * 60 + int(digits[2:] or 0) if digits.isdigit() else 0
            minutes[np.asarray(pc.equal(zone, text))] = -value if text[0] == "-" else value
    return minutes


def _localized(naive: NDArray[np.datetime64], shift: NDArray[np.float64]) -> pd.Series:
    zoned = ~np.isnan(shift)
    # China's last summer times were those of 1990 and 1991.
    china = pd.DatetimeIndex(naive).tz_localize(
        CHINA_TIME, ambiguous=np.zeros(len(naive), dtype=bool), nonexistent="shift_forward"
    )
    moments = pd.Series(china.tz_convert("UTC"))
    if zoned.any():
        utc = naive[zoned] - shift[zoned].astype("timedelta64[m]")
        moments[zoned] = pd.DatetimeIndex(utc).tz_localize("UTC")
    return moments
