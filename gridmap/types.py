"""The only doors for coordinates, boxes, times and codes that come from outside.

Longitude comes before latitude everywhere, in degrees. A value that has passed one of these
constructors need not be checked again.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from gridmap.errors import InputError

# Days outside these years are slips of the pen, and would overflow the arithmetic of dates.
_YEARS = (1900, 2199)
# One clock for the whole country; no daylight saving since 1992.
CHINA_TIME = ZoneInfo("Asia/Shanghai")


class Crs(StrEnum):
    """Systems in which coordinates may be declared without an EPSG code."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class Level(StrEnum):
    """The five levels of areas, from the county down."""

    COUNTY = "county"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    BUILDING = "building"

    @property
    def label(self) -> str:
        """The level's name in the interface."""
        return {"county": "区县", "street": "街道", "community": "社区", "grid": "网格", "building": "楼栋"}[
            self.value
        ]

    @property
    def parent(self) -> Level | None:
        """The level above, or None for the county."""
        order = list(Level)
        position = order.index(self)
        return order[position - 1] if position else None


class AreaKind(StrEnum):
    """综合网格 (general) or 专属网格 (dedicated: one sizeable unit with premises of its own)."""

    GENERAL = "general"
    DEDICATED = "dedicated"

    @property
    def label(self) -> str:
        return {"general": "综合", "dedicated": "专属"}[self.value]


@dataclass(frozen=True, slots=True)
class Point:
    """One position: `lng` east, `lat` north, in degrees of the system that the caller declares."""

    lng: float
    lat: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lng) and math.isfinite(self.lat)):
            raise InputError(f"coordinates ({self.lng}, {self.lat}) are not finite numbers")
        if -180 <= self.lng <= 180 and -90 <= self.lat <= 90:
            return
        if -90 <= self.lng <= 90 and -180 <= self.lat <= 180:
            raise InputError(
                f"coordinates ({self.lng}, {self.lat}) look swapped: give longitude first, then latitude"
            )
        raise InputError(
            f"coordinates ({self.lng}, {self.lat}) lie outside longitude -180..180, latitude -90..90"
        )

    @classmethod
    def parse(cls, lng: str | float | None, lat: str | float | None) -> Self:
        """Read two texts or numbers; raises InputError that names the one that cannot be read."""
        values = []
        for name, value in (("lng", lng), ("lat", lat)):
            if value is None or value == "":
                raise InputError(f"{name} is missing: give both lng and lat in degrees")
            try:
                values.append(float(value))
            except ValueError:
                raise InputError(f"{name} is not a number: {str(value)[:40]!r}") from None
        return cls(values[0], values[1])


@dataclass(frozen=True, slots=True)
class Bbox:
    """West, south, east, north in degrees; west < east and south < north (no antimeridian)."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        Point(self.west, self.south)
        Point(self.east, self.north)
        if self.west >= self.east or self.south >= self.north:
            raise InputError("bbox is empty: give west,south,east,north with west < east and south < north")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `west,south,east,north`."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise InputError(f"bbox must be four numbers west,south,east,north, not {text[:60]!r}") from None
        return cls(west, south, east, north)

    @property
    def center(self) -> Point:
        return Point((self.west + self.east) / 2, (self.south + self.north) / 2)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included, on the clock of China. None leaves a side open."""

    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        for day in (self.first, self.last):
            if day and not _YEARS[0] <= day.year <= _YEARS[1]:
                raise InputError(f"{day} is not a day of the years {_YEARS[0]} to {_YEARS[1]}")
        if self.first and self.last and self.first > self.last:
            raise InputError(f"period ends ({self.last}) before it begins ({self.first})")

    @classmethod
    def parse(cls, first: str | None, last: str | None) -> Self:
        """Read two ISO days (2026-11-22), either of them empty."""
        days: list[date | None] = []
        for name, value in (("since", first), ("until", last)):
            try:
                days.append(date.fromisoformat(value) if value else None)
            except ValueError:
                raise InputError(
                    f"{name} must be a day such as 2026-11-22, not {str(value)[:40]!r}"
                ) from None
        return cls(days[0], days[1])

    @property
    def start(self) -> datetime | None:
        """The first moment of the period."""
        return datetime.combine(self.first, time.min, CHINA_TIME) if self.first else None

    @property
    def stop(self) -> datetime | None:
        """The first moment after the period."""
        return datetime.combine(self.last + timedelta(days=1), time.min, CHINA_TIME) if self.last else None


_DIGITS = {
    Level.COUNTY: (6, 6),
    Level.STREET: (9, 9),
    Level.COMMUNITY: (12, 12),
    Level.GRID: (14, 18),
    Level.BUILDING: (19, 23),
}
_BUILDING_DIGITS = 5


@dataclass(frozen=True, slots=True)
class AreaCode:
    """A code of GB/T 2260 (6) + street (3) + community (3) + grid number (2..6) + building (5).

    A parent's code is a prefix of its children's. `parse` also takes the 12-digit form of counties
    and streets that ends in zeros, as the statistics office prints it.
    """

    text: str
    level: Level

    @classmethod
    def parse(cls, text: str, level: Level) -> Self:
        """Read a code of the given level; raises InputError with the expected form."""
        code = text.strip()
        low, high = _DIGITS[level]
        if (
            level in (Level.COUNTY, Level.STREET)
            and len(code) == 12
            and code.isdigit()
            and not code[low:].strip("0")
        ):
            code = code[:low]
        if not re.fullmatch(rf"[0-9]{{{low},{high}}}", code):
            size = str(low) if low == high else f"{low} to {high}"
            raise InputError(f"code {text[:40]!r} is not a {level} code: expected {size} digits")
        return cls(code, level)

    @property
    def parent(self) -> str | None:
        """The code of the area above, or None for a county."""
        if self.level is Level.COUNTY:
            return None
        if self.level is Level.BUILDING:
            return self.text[:-_BUILDING_DIGITS]
        return self.text[: {Level.STREET: 6, Level.COMMUNITY: 9, Level.GRID: 12}[self.level]]


_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_RULE = re.compile(
    r"(?:(?P<days>(?:Mo|Tu|We|Th|Fr|Sa|Su)(?:[-,](?:Mo|Tu|We|Th|Fr|Sa|Su))*)\s+)?"
    r"(?P<hours>\d{1,2}:\d{2}-\d{1,2}:\d{2}(?:,\d{1,2}:\d{2}-\d{1,2}:\d{2})*|off)"
)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Weekly hours in the syntax of OpenStreetMap's `opening_hours`: days, times, `24/7`, `off`.

    `spans[d]` holds (opens, closes) in minutes of weekday d (0 = Monday); closes may exceed 1440
    when the span runs past midnight. An empty text means that the hours are not known.
    """

    text: str
    spans: tuple[tuple[tuple[int, int], ...], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read e.g. `Mo-Fr 08:00-18:00; Sa 09:00-12:00`; a later rule replaces an earlier one."""
        source = text.strip()
        week: list[tuple[tuple[int, int], ...]] = [()] * 7
        if source == "24/7":
            return cls(source, tuple(((0, 1440),) for _ in range(7)))
        for rule in filter(None, (part.strip() for part in source.split(";"))):
            match = _RULE.fullmatch(rule)
            if not match:
                raise InputError(
                    f"opening hours {rule[:60]!r} cannot be read: write Mo-Fr 08:00-18:00; Sa 09:00-12:00, or 24/7"
                )
            spans: list[tuple[int, int]] = []
            if match["hours"] != "off":
                for span in match["hours"].split(","):
                    opens, closes = (cls._minutes(part) for part in span.split("-"))
                    spans.append((opens, closes if closes > opens else closes + 1440))
            for day in cls._weekdays(match["days"]):
                week[day] = tuple(spans)
        return cls(source, tuple(week))

    @staticmethod
    def _minutes(text: str) -> int:
        hours, minutes = (int(part) for part in text.split(":"))
        if hours > 24 or minutes > 59 or hours * 60 + minutes > 1440:
            raise InputError(f"{text} is not a time of day")
        return hours * 60 + minutes

    @staticmethod
    def _weekdays(text: str | None) -> list[int]:
        if not text:
            return list(range(7))
        days: list[int] = []
        for part in text.split(","):
            first, _, last = part.partition("-")
            begin, end = _DAYS.index(first), _DAYS.index(last or first)
            days += [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
        return days

    def open_at(self, moment: datetime) -> bool | None:
        """Whether the place is open at that moment; None when its hours are not known."""
        if not self.text:
            return None
        minute = moment.hour * 60 + moment.minute
        today, yesterday = self.spans[moment.weekday()], self.spans[(moment.weekday() - 1) % 7]
        return any(a <= minute < b for a, b in today) or any(a <= minute + 1440 < b for a, b in yesterday)
