"""Provinces, cities and counties of the country: which are named at the head of an address, and where they lie."""

from __future__ import annotations

import csv
from functools import cache
from typing import Final, NamedTuple

from gridmap.config import ROOT
from gridmap.geocode import address

_FILE: Final = ROOT / "geodata" / "divisions.csv"
_LONGEST: Final = 15
# What makes the name of a division that of a road or a station (丰县路, 城区站).
_NO_DIVISION: Final = (
    *tuple("路街巷道弄站口"),
    "大道",
    "大街",
    "大桥",
    "中路",
    "中学",
    "小学",
    "小区",
    "社区",
)
# Counties called as parts of any town are called; they count only after their city's name.
_ANYWHERE: Final = frozenset({"市中区", "新城区", "新市区", "东城区", "西城区", "经开区", "高新区", "开发区"})


class Division(NamedTuple):
    """A unit of the table: `code` of GB/T 2260, `parent` its code or "", centre in degrees (about 1 km)."""

    code: str
    name: str
    level: str
    parent: str
    lng: float
    lat: float


def find(name: str) -> tuple[Division, ...]:
    """Those of a canonical name, 四川省 or 四川; several counties may share one name."""
    return _by_name().get(name, ())


def is_city(name: str) -> bool:
    """Whether a name without its 市 is that of a city or a province: 成都, 北京."""
    return name in _short_names()


def get(code: str) -> Division | None:
    """The unit of a code, or None."""
    return _by_code().get(code)


def peel(text: str) -> tuple[list[str], str]:
    """The names of provinces, cities and counties at the head of a canonical text, and what follows them.

    Only full names are peeled (四川省, not 四川), since 上海路 is a road; short ones such as 东区 or 丰县 only
    after a wider one.
    """
    names: list[str] = []
    full = _full_names()
    while True:
        for length in range(min(_LONGEST, len(text)), 1, -1):
            if text[:length] in full and _stands(text, length, names):
                names.append(text[:length])
                text = text[length:].lstrip(",")
                break
        else:
            return names, text


def _stands(text: str, length: int, before: list[str]) -> bool:
    """Whether a name at the head of a text is meant: not 丰县 in 丰县路, nor 东区 in 东区3栋."""
    if text.startswith(_NO_DIVISION, length):
        return False
    return bool(before) or (length > 2 and text[:length] not in _ANYWHERE)


@cache
def _table() -> tuple[Division, ...]:
    with _FILE.open(encoding="utf-8", newline="") as stream:
        return tuple(
            Division(
                row["code"],
                address.canonical(row["name"]),
                row["level"],
                row["parent"],
                float(row["lng"]),
                float(row["lat"]),
            )
            for row in csv.DictReader(stream)
        )


@cache
def _by_code() -> dict[str, Division]:
    return {unit.code: unit for unit in _table()}


@cache
def _by_name() -> dict[str, tuple[Division, ...]]:
    found: dict[str, list[Division]] = {}
    for unit in _table():
        found.setdefault(unit.name, []).append(unit)
        if unit.level == "province":
            found.setdefault(_short(unit.name), []).append(unit)
    return {name: tuple(units) for name, units in found.items()}


@cache
def _short_names() -> frozenset[str]:
    cities = {
        unit.name.removesuffix("市") for unit in _table() if unit.level == "city" and unit.name.endswith("市")
    }
    return frozenset(cities | {_short(unit.name) for unit in _table() if unit.level == "province"})


@cache
def _full_names() -> frozenset[str]:
    return frozenset(unit.name for unit in _table())


def near(lng: float, lat: float, reach_deg: float) -> list[Division]:
    """Counties whose centre lies within so many degrees of latitude (and as far in longitude)."""
    return [
        unit
        for unit in _table()
        if unit.level == "county" and abs(unit.lat - lat) <= reach_deg and abs(unit.lng - lng) <= reach_deg
    ]


def _short(province: str) -> str:
    for ending in ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "特别行政区", "省", "市"):
        if province.endswith(ending):
            return province.removesuffix(ending)
    return province
