"""How often, when and where each category of report comes up, and the hot spots planted on top."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

FIRST = date(2024, 11, 22)
LAST = date(2026, 11, 21)
DAYS = (LAST - FIRST).days + 1
# The day on which the second year begins.
SECOND_YEAR = (date(2025, 11, 22) - FIRST).days
# The size for which numbers are given.
STANDARD = 20_000


@dataclass(frozen=True, slots=True)
class Pattern:
    """How one category behaves.

    `years`: reports in the first and the second year of a standard town. `where`: share of each kind of
    site. `months`: weights from January on. `hours`: the name of a curve of HOURS. `limit_hours`: time to
    settle it, 0 for none. `moment`: whether it has a moment of its own, before it is reported.
    """

    years: tuple[int, int]
    where: dict[str, float]
    months: tuple[float, ...]
    hours: str
    limit_hours: int
    moment: bool = False


def _curve(weights: str) -> tuple[int, ...]:
    return tuple(int(weight) for weight in weights.split())


EVEN = (1.0,) * 12
WINTER = (1.8, 1.4, 1.0, 0.8, 0.7, 0.6, 0.6, 0.7, 0.8, 1.0, 1.4, 1.8)
SUMMER = (0.6, 0.6, 0.8, 1.0, 1.2, 1.5, 1.7, 1.6, 1.2, 0.9, 0.7, 0.6)
SPRING = (0.7, 0.9, 2.0, 2.1, 1.4, 0.9, 0.8, 0.8, 1.1, 1.0, 0.7, 0.6)
RAINY = (0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 2.2, 1.7, 1.2, 0.7, 0.5, 0.4)
TERM = (0.7, 0.6, 1.3, 1.3, 1.3, 1.2, 0.4, 0.4, 1.6, 1.3, 1.3, 1.1)
YEAR_END = (2.0, 1.4, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.9, 0.9, 1.1, 1.6)
NEW_YEAR = (1.2, 1.6, 1.0, 0.9, 0.9, 0.9, 1.0, 1.0, 0.9, 1.0, 0.9, 1.0)
HOMES = {"home": 0.86, "quarter": 0.1, "village": 0.04}
TRADE = {"market": 0.25, "shop": 0.4, "company": 0.15, "home": 0.2}
ROADS = {"road": 0.5, "crossing": 0.3, "home": 0.15, "quarter": 0.05}

# The four kinds of disputes whose fall is known: −45 %, −36 %, −19 %, −27 %, together −32 %.
PATTERNS: dict[str, Pattern] = {
    "property": Pattern((1287, 708), {"home": 1.0}, EVEN, "day", 168),
    "family": Pattern((741, 474), HOMES, NEW_YEAR, "evening", 72),
    "commerce": Pattern((1053, 853), TRADE, EVEN, "day", 168),
    "new_economy": Pattern(
        (819, 598), {"market": 0.25, "shop": 0.3, "home": 0.3, "road": 0.15}, EVEN, "meals", 72
    ),
    "neighbour": Pattern((480, 470), HOMES, EVEN, "evening", 72),
    "school": Pattern((116, 110), {"school": 0.85, "home": 0.15}, TERM, "day", 72),
    "romance": Pattern((116, 112), HOMES, EVEN, "evening", 24, True),
    "labour": Pattern((235, 222), {"company": 0.6, "shop": 0.25, "home": 0.15}, YEAR_END, "day", 168),
    "land": Pattern((250, 241), {"field": 0.55, "village": 0.45}, SPRING, "day", 480),
    "partnership": Pattern((72, 68), TRADE, EVEN, "day", 480),
    "lending": Pattern((133, 130), {"home": 0.8, "shop": 0.2}, YEAR_END, "day", 168),
    "tort": Pattern((184, 184), ROADS, EVEN, "day", 168, True),
    "security": Pattern(
        (500, 509), {"home": 0.62, "quarter": 0.12, "village": 0.04, "road": 0.22}, EVEN, "night", 24, True
    ),
    "fire": Pattern((405, 428), {"home": 0.7, "quarter": 0.14, "market": 0.16}, WINTER, "day", 24),
    "ebike": Pattern((415, 462), {"home": 0.8, "quarter": 0.2}, SUMMER, "evening", 24),
    "lighting": Pattern(
        (500, 509), {"road": 0.55, "crossing": 0.15, "quarter": 0.2, "village": 0.1}, WINTER, "evening", 72
    ),
    "lift": Pattern((223, 233), {"home": 1.0}, EVEN, "day", 24, True),
    "parking": Pattern(
        (730, 761), {"home": 0.55, "road": 0.25, "market": 0.12, "school": 0.08}, EVEN, "rush", 24
    ),
    "road": Pattern((330, 328), {"road": 0.6, "crossing": 0.4}, RAINY, "day", 168),
    "drainage": Pattern(
        (330, 328), {"road": 0.4, "quarter": 0.2, "home": 0.35, "village": 0.05}, RAINY, "day", 72
    ),
    "litter": Pattern(
        (660, 656),
        {"home": 0.45, "quarter": 0.1, "road": 0.25, "market": 0.15, "park": 0.05},
        SUMMER,
        "day",
        24,
    ),
    "noise": Pattern(
        (600, 628), {"home": 0.7, "quarter": 0.08, "park": 0.1, "market": 0.12}, SUMMER, "night", 24, True
    ),
    "other": Pattern(
        (385, 404), {"home": 0.7, "quarter": 0.08, "village": 0.04, "road": 0.18}, EVEN, "day", 0
    ),
}

# Weights of the hours from 0 to 23.
HOURS = {
    "day": _curve("1 1 1 1 1 1 6 16 34 42 40 30 18 19 32 36 33 26 18 16 12 8 4 2"),
    "evening": _curve("6 3 1 1 1 1 5 12 15 16 16 15 17 13 12 14 18 26 38 46 44 36 22 12"),
    "night": _curve("30 18 9 5 3 4 8 10 10 9 8 8 11 10 8 8 10 12 18 28 38 50 54 44"),
    "rush": _curve("2 2 2 2 2 2 12 46 48 22 16 24 26 16 15 17 28 48 48 30 18 10 5 3"),
    "meals": _curve("3 3 3 3 3 3 3 6 10 14 22 46 50 30 16 13 16 32 48 42 26 18 10 5"),
}
# Weights of the days from Monday on: what is reported in office hours, and what at home.
WEEKDAYS = {"day": (1.15, 1.08, 1.05, 1.04, 1.08, 0.85, 0.75), "rush": (1.2, 1.1, 1.08, 1.08, 1.2, 0.75, 0.6)}
WEEK_AT_HOME = (0.92, 0.9, 0.92, 0.95, 1.08, 1.15, 1.12)

# source: (share of the reports, share of them with GPS)
SOURCES = {
    "resident": (0.355, 0.93),
    "qr": (0.06, 0.9),
    "part_time": (0.075, 0.97),
    "grid_worker": (0.27, 0.97),
    "counter": (0.05, 0.0),
    "telephone": (0.06, 0.0),
    "hotline": (0.075, 0.0),
    "police": (0.03, 0.0),
    "superior": (0.01, 0.0),
    "iot": (0.015, 1.0),
}
# Part-time workers report what they pass; sensors report what they sense.
PATROLLED = ("security", "fire", "ebike", "lighting", "parking", "road", "drainage", "litter", "noise")
SENSED = ("lighting", "lift", "drainage", "fire")


@dataclass(frozen=True, slots=True)
class HotSpot:
    """A planted excess of `excess` reports (in a standard town) within `radius_m` of a site.

    `kind` is that of the site in the middle; `called` a part of its name; `ring` bounds its distance from
    the centre by quantiles of the kind. `months` and the days bound it in time; `growing` rises to its end.
    """

    name: str
    category: str
    kind: str
    radius_m: int
    excess: int
    called: str = ""
    ring: tuple[float, float] = (0.0, 1.0)
    months: tuple[int, ...] = ()
    first: date = FIRST
    last: date = LAST
    growing: bool = False


HOTSPOTS = (
    HotSpot("停车矛盾集中的小区", "parking", "home", 260, 260, ring=(0.2, 0.7)),
    HotSpot("春耕土地争议", "land", "field", 650, 110, months=(3, 4)),
    HotSpot("老街冬季照明", "lighting", "quarter", 240, 150, months=(11, 12, 1, 2)),
    HotSpot("夜市夏夜噪声", "noise", "market", 280, 240, called="夜市", months=(6, 7, 8)),
    HotSpot("低洼片区汛期积水", "drainage", "quarter", 320, 110, ring=(0.5, 1.0), months=(6, 7)),
    HotSpot(
        "近八周飞线充电",
        "ebike",
        "home",
        300,
        120,
        ring=(0.75, 0.95),
        first=LAST - timedelta(days=55),
        growing=True,
    ),
    HotSpot("商圈骑手纠纷", "new_economy", "market", 250, 130, called="商业广场"),
    HotSpot(
        "批发市场垃圾（已治理）", "litter", "market", 260, 130, called="批发市场", last=date(2025, 9, 30)
    ),
)
