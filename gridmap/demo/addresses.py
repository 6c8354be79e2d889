"""How people write where something is: full, short, by nickname, miswritten, relative, or not at all."""

from __future__ import annotations

from string import Formatter

import numpy as np
from numpy.typing import NDArray

from gridmap.demo import names
from gridmap.demo.sites import KINDS, Sites

Strings = NDArray[np.object_]
Ints = NDArray[np.int64]

# Kinds of sites → (weight, form). The fields are words of the site (see sites.Sites), its `number` and
# `numeral` (in Chinese), and `unit` and `door` of a home; fields with `wide_` are in full-width digits.
FORMS: dict[tuple[str, ...], tuple[tuple[float, str], ...]] = {
    ("home",): (
        (4, "溪源县淙溪街道{community}{road}{name}{number}栋{unit}单元{door}室"),
        (4, "淙溪街道{community}{name}{number}栋"),
        (13, "{name}{number}栋{unit}单元{door}"),
        (14, "{short}{number}-{unit}-{door}"),
        (8, "{short}{numeral}栋"),
        (8, "{short}{number}号楼{unit}单元"),
        (6, "{name}{number}幢"),
        (6, "{alias}{number}栋"),
        (3, "{traditional}{number}棟{unit}單元"),
        (4, "{slip}{number}栋"),
        (3, "{short}{wide_number}－{wide_unit}－{wide_door}"),
        (2, "{short} {number} 栋 {door} 室"),
        (5, "{road}{short}"),
        (3, "{community}{short}{number}栋"),
        (6, "{name}"),
        (3, "{short}{gate}"),
        (2, "{short}门口"),
        (2, "{alias}旁边"),
        (3, "{relative}"),
    ),
    ("quarter",): (
        (10, "{road}"),
        (4, "淙溪街道{community}{road}"),
        (4, "{road}{unit}楼"),
        (3, "{name}{wide_number}号"),
        (2, "{slip}{number}号"),
        (2, "{traditional}{number}號"),
        (3, "{alias}{number}号"),
        (3, "{name}中段"),
        (3, "{road}隔壁"),
        (4, "{relative}"),
    ),
    ("village",): (
        (8, "{name}"),
        (5, "{village}{numeral}组"),
        (5, "{village}{number}社"),
        (5, "{road}"),
        (5, "{village}{alias}"),
        (4, "{alias}"),
        (3, "淙溪街道{community}{name}"),
        (2, "{village}{alias}旁边"),
        (1, "{slip}"),
        (1, "{traditional}"),
    ),
    ("field",): (
        (5, "{name}田里"),
        (4, "{alias}后面的地"),
        (3, "{village}{number}社{alias}附近"),
        (2, "{village}{numeral}组机耕道边"),
    ),
    ("market", "school", "hospital", "company", "park", "shop"): (
        (10, "{name}"),
        (8, "{alias}"),
        (5, "{name}旁边"),
        (5, "{alias}门口"),
        (3, "{alias}附近"),
        (5, "{road}{name}"),
        (3, "{road}"),
        (2, "{traditional}"),
        (1, "{slip}"),
        (2, "溪源县淙溪街道{road}{name}"),
        (2, "{relative}"),
    ),
    ("road",): (
        (8, "{road}门口"),
        (5, "{road}"),
        (6, "{relative}"),
        (5, "{opposite}"),
        (4, "{name}{near}"),
        (2, "{name}{wide_number}号"),
        (2, "淙溪街道{road}"),
        (2, "{alias}{number}号附近"),
        (3, "{name}"),
    ),
    ("crossing",): (
        (6, "{name}"),
        (6, "{short}"),
        (3, "{alias}"),
        (2, "{relative}"),
    ),
}
# Shares of reports without a usable address: left empty, or "无"; those without GPS are rarer.
EMPTY = {True: 0.06, False: 0.012}
NOTHING = {True: 0.02, False: 0.005}

_FIGURES = np.array([str(k) for k in range(10_000)], dtype=object)
_WIDE = np.array([str(k).translate(names.FULL_WIDTH) for k in range(10_000)], dtype=object)
_NUMERALS = np.array([names.numeral(k) for k in range(100)], dtype=object)


def write(rng: np.random.Generator, sites: Sites, site: Ints, located: NDArray[np.bool_]) -> Strings:
    """An address for each of the reports (n,) at `site`; `located` tells which have GPS."""
    n = len(site)
    unit = rng.integers(1, 4, n)
    floor = np.ceil(rng.random(n) * np.maximum(sites.storeys[site], 1)).astype(np.int64)
    door = np.maximum(floor, 1) * 100 + rng.integers(1, 5, n)
    result = np.full(n, "", dtype=object)
    kind = sites.kind[site]
    for group, forms in FORMS.items():
        mine = np.flatnonzero(np.isin(kind, [KINDS.index(name) for name in group]))
        weight = np.array([weight for weight, _ in forms])
        pick = rng.choice(len(forms), len(mine), p=weight / weight.sum())
        for k, (_, form) in enumerate(forms):
            rows = mine[pick == k]
            number = sites.number[site[rows]]
            figures = {
                "number": _FIGURES[number],
                "numeral": _NUMERALS[np.minimum(number, 99)],
                "wide_number": _WIDE[number],
                "unit": _FIGURES[unit[rows]],
                "wide_unit": _WIDE[unit[rows]],
                "door": _FIGURES[door[rows]],
                "wide_door": _WIDE[door[rows]],
            }
            text = np.full(len(rows), "", dtype=object)
            for literal, field, _, _ in Formatter().parse(form):
                text = text + literal
                if field:
                    text = text + (figures[field] if field in figures else sites.words[field][site[rows]])
            result[rows] = text
    lost = rng.random(n)
    empty = np.where(located, EMPTY[True], EMPTY[False])
    nothing = np.where(located, NOTHING[True], NOTHING[False])
    result[lost < empty] = ""
    result[lost > 1 - nothing] = "无"
    return result
