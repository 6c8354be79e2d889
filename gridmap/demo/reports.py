"""Two years of reports: when, where, in what words, with which GPS and deadlines; and the truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.demo import addresses, texts
from gridmap.demo.patterns import (
    DAYS,
    FIRST,
    HOTSPOTS,
    HOURS,
    PATROLLED,
    PATTERNS,
    SECOND_YEAR,
    SENSED,
    SOURCES,
    STANDARD,
    WEEK_AT_HOME,
    WEEKDAYS,
    HotSpot,
    Pattern,
)
from gridmap.demo.shares import apportion
from gridmap.demo.sites import KINDS, Sites
from gridmap.demo.terrain import Floats

ORPHANS = 0.005
# Share of reports whose true place a worker confirmed on the spot.
CONFIRMED = 0.36
STUCK = 0.022
OPENS, CLOSES = 8 * 60, 20 * 60
GPS_DECIMALS = 5

Strings = NDArray[np.object_]
Ints = NDArray[np.int64]
CALENDAR = [FIRST + timedelta(days=k) for k in range(DAYS)]


def simulate(
    rng: np.random.Generator,
    sites: Sites,
    count: int,
    degrees: Callable[[Floats], Floats],
    owner: Callable[[Floats], Strings],
) -> tuple[pd.DataFrame, pd.DataFrame, list[dict[str, Any]]]:
    """`count` reports at `sites`: the tables of reports.csv and truth.csv, the list of hotspots.json.

    `degrees` turns metres (n, 2) into degrees (n, 2); `owner` gives the codes of the grids at degrees, empty
    outside of them all.
    """
    category, day, site, planted = _events(rng, sites, count)
    hotspots = []
    for spot, centre, excess in planted:
        lng, lat = degrees(centre[None])[0].tolist()
        hotspots.append(_recorded(spot, lng, lat, excess))
    minute = _minutes(rng, category)
    order = np.lexsort((minute, day))
    category, day, site, minute = category[order], day[order], site[order], minute[order]
    source = _sources(rng, category)
    located = rng.random(count) < np.array([share for _, share in SOURCES.values()])[source]
    orphan = located & (rng.random(count) < ORPHANS / max(float(located.mean()), 0.01)) if count else located
    accuracy = np.clip(np.round(rng.lognormal(2.5, 0.55, count)), 3, 120)
    lnglat = np.round(degrees(_measured(rng, sites.xy, site, accuracy, orphan)), GPS_DECIMALS)
    reference = _references(day)
    reports = pd.DataFrame(
        {
            "reference": reference,
            "source": np.array(list(SOURCES), dtype=object)[source],
            "category": np.array(list(PATTERNS), dtype=object)[category],
            "text": _texts(rng, category),
            "address": addresses.write(rng, sites, site, located),
            "lng": np.where(located, lnglat[:, 0], np.nan),
            "lat": np.where(located, lnglat[:, 1], np.nan),
            "accuracy_m": pd.array(accuracy.astype(np.int64), dtype="Int64"),
            **_times(rng, category, day, minute),
        }
    )
    reports.loc[~located, "accuracy_m"] = pd.NA
    place = np.round(degrees(sites.xy), GPS_DECIMALS)
    grid = owner(place)
    known = ~orphan & (grid[site] != "") & (rng.random(count) < CONFIRMED)
    at = site[known]
    truth = pd.DataFrame(
        {"reference": reference[known], "lng": place[at, 0], "lat": place[at, 1], "area": grid[at]}
    )
    return reports, truth, hotspots


def _events(
    rng: np.random.Generator, sites: Sites, count: int
) -> tuple[Ints, Ints, Ints, list[tuple[HotSpot, Floats, int]]]:
    """(category, day, site) of every report, and what was planted among them: hot spot, middle, excess."""
    years = [number for pattern in PATTERNS.values() for number in pattern.years]
    wanted = apportion(count, years).reshape(-1, 2)
    parts: list[tuple[int, Ints, Ints]] = []
    planted = []
    for c, (code, pattern) in enumerate(PATTERNS.items()):
        left = wanted[c].copy()
        for spot in HOTSPOTS:
            if spot.category == code and (sites.kind == KINDS.index(spot.kind)).any():
                centre, members = _around(rng, spot, sites, pattern)
                days = _hot_days(rng, spot, left, count)
                left -= [(days < SECOND_YEAR).sum(), (days >= SECOND_YEAR).sum()]
                parts.append((c, days, _drawn(rng, members, sites.weight[members], len(days))))
                planted.append((spot, centre, len(days)))
        rhythm = _rhythm(rng, pattern)
        for first, stop, number in ((0, SECOND_YEAR, left[0]), (SECOND_YEAR, DAYS, left[1])):
            days = _drawn(rng, np.arange(first, stop), rhythm[first:stop], int(number))
            parts.append((c, days, _anywhere(rng, sites, pattern, int(number))))
    category = np.concatenate([np.full(len(days), c) for c, days, _ in parts])
    day = np.concatenate([days for _, days, _ in parts])
    return category, day, np.concatenate([places for _, _, places in parts]), planted


def _drawn(rng: np.random.Generator, options: Ints, weight: Floats, size: int) -> Ints:
    return rng.choice(options, size, p=weight / weight.sum())


def _anywhere(rng: np.random.Generator, sites: Sites, pattern: Pattern, size: int) -> Ints:
    """Sites by the pattern's shares of kinds; within a kind by weight."""
    weight = np.zeros(len(sites.kind))
    for kind, share in pattern.where.items():
        mine = sites.kind == KINDS.index(kind)
        if mine.any():
            weight[mine] = share * sites.weight[mine] / sites.weight[mine].sum()
    return _drawn(rng, np.arange(len(weight)), weight if weight.any() else sites.weight, size)


def _around(rng: np.random.Generator, spot: HotSpot, sites: Sites, pattern: Pattern) -> tuple[Floats, Ints]:
    """The middle of a hot spot (x, y) and the sites in it where such reports can arise."""
    remote = np.hypot(sites.xy[:, 0], sites.xy[:, 1])
    options = np.flatnonzero(sites.kind == KINDS.index(spot.kind))
    called = np.array([spot.called in name for name in sites.words["name"][options]], dtype=bool)
    low, high = np.quantile(remote[options], spot.ring)
    ringed = (remote[options] >= low) & (remote[options] <= high)
    options = options[called & ringed] if (called & ringed).any() else options
    middle = sites.xy[options[rng.integers(len(options))]]
    fitting = np.isin(sites.kind, [KINDS.index(kind) for kind in pattern.where])
    close = np.hypot(*(sites.xy - middle).T) < spot.radius_m
    members = np.flatnonzero(fitting & close & (sites.weight > 0))
    return middle, members if len(members) else options[:1]


def _hot_days(rng: np.random.Generator, spot: HotSpot, left: Ints, count: int) -> Ints:
    """The days of a hot spot's reports, at most 60 % of what each year still has to give."""
    window = np.array(
        [spot.first <= day <= spot.last and (not spot.months or day.month in spot.months) for day in CALENDAR]
    )
    weight = np.cumsum(window) ** 1.5 * window if spot.growing else window.astype(float)
    days = _drawn(rng, np.arange(DAYS), weight, round(spot.excess * count / STANDARD))
    early, late = days[days < SECOND_YEAR], days[days >= SECOND_YEAR]
    return np.concatenate([early[: int(left[0] * 0.6)], late[: int(left[1] * 0.6)]])


def _recorded(spot: HotSpot, lng: float, lat: float, excess: int) -> dict[str, Any]:
    return {
        "name": spot.name,
        "category": spot.category,
        "lng": lng,
        "lat": lat,
        "radius_m": spot.radius_m,
        "months": list(spot.months),
        "first": spot.first.isoformat(),
        "last": spot.last.isoformat(),
        "growing": spot.growing,
        "excess": excess,
    }


def _rhythm(rng: np.random.Generator, pattern: Pattern) -> Floats:
    """Weights of the days: season, day of the week, and weather of the day."""
    week = WEEKDAYS.get(pattern.hours, WEEK_AT_HOME)
    base = np.array([pattern.months[day.month - 1] * week[day.weekday()] for day in CALENDAR])
    return base * rng.lognormal(0, 0.12, DAYS)


def _minutes(rng: np.random.Generator, category: Ints) -> Ints:
    """Minute of the day of each report."""
    minute = rng.integers(0, 60, len(category))
    for c, pattern in enumerate(PATTERNS.values()):
        mine = np.flatnonzero(category == c)
        minute[mine] += 60 * _drawn(rng, np.arange(24), np.array(HOURS[pattern.hours]), len(mine))
    return minute


def _sources(rng: np.random.Generator, category: Ints) -> Ints:
    """Positions in SOURCES; part-time workers and sensors report only what they can notice."""
    listed, codes = list(SOURCES), list(PATTERNS)
    share = np.array([share for share, _ in SOURCES.values()])
    limited = {"iot": SENSED, "part_time": PATROLLED}
    others = np.array([k for k, name in enumerate(listed) if name not in limited])
    source = _drawn(rng, others, share[others], len(category))
    for name, noticed in limited.items():
        able = np.flatnonzero(np.isin(category, [codes.index(code) for code in noticed]))
        k = listed.index(name)
        source[rng.permutation(able)[: round(share[k] * len(category))]] = k
    return source


def _measured(
    rng: np.random.Generator, xy: Floats, site: Ints, accuracy: Floats, orphan: NDArray[np.bool_]
) -> Floats:
    """Positions as phones give them: Rayleigh noise, 68 % within the accuracy; orphans out of town."""
    noisy = xy[site] + rng.normal(0, 1, (len(site), 2)) * (accuracy / 1.51)[:, None]
    number = int(orphan.sum())
    away = float(np.abs(xy).max()) * rng.uniform(1.6, 6, number)
    angle = rng.uniform(0, 2 * np.pi, number)
    noisy[orphan] = np.column_stack([away * np.cos(angle), away * np.sin(angle)])
    return noisy


def _references(day: Ints) -> Strings:
    """CX20251103-0042: the day and the number within it; `day` is sorted."""
    serial = np.arange(len(day)) - np.searchsorted(day, day, side="left") + 1
    stamp = np.array([f"CX{date:%Y%m%d}-" for date in CALENDAR], dtype=object)
    numbers = np.array([f"{k:04d}" for k in range(int(serial.max(initial=0)) + 1)], dtype=object)
    references: Strings = stamp[day] + numbers[serial]
    return references


def _texts(rng: np.random.Generator, category: Ints) -> Strings:
    """A sentence for each report; about one in a thousand is hostile to careless pages."""
    text = np.full(len(category), "", dtype=object)
    for c, code in enumerate(PATTERNS):
        mine = np.flatnonzero(category == c)
        pool = np.array(texts.sentences(code), dtype=object)
        text[mine] = pool[rng.integers(0, len(pool), len(mine))]
    spoiled = rng.permutation(len(category))[: len(texts.HOSTILE)]
    text[spoiled] = np.array(texts.HOSTILE[: len(spoiled)], dtype=object)
    return text


def _times(rng: np.random.Generator, category: Ints, day: Ints, minute: Ints) -> dict[str, Strings]:
    """occurred_at, reported_at, due_at, closed_at as `2026-11-20 14:05`, or empty."""
    n = len(category)
    patterns = list(PATTERNS.values())
    reported = day * 1440 + minute
    occurred = np.maximum(reported - np.round(rng.lognormal(3.2, 1.3, n)).astype(np.int64), 0)
    stated = np.array([pattern.moment for pattern in patterns])[category] & (rng.random(n) < 0.8)
    limit = np.array([pattern.limit_hours * 60 for pattern in patterns])[category]
    taken = np.where(limit > 0, limit, 2880) * rng.lognormal(-0.95, 0.62, n)
    closed = _at_work(rng, reported + np.maximum(12, np.round(taken)).astype(np.int64))
    done = (rng.random(n) >= STUCK) & (closed < DAYS * 1440)
    return {
        "occurred_at": np.where(stated, _stamps(occurred), ""),
        "reported_at": _stamps(reported),
        "due_at": np.where(limit > 0, _stamps(reported + limit), ""),
        "closed_at": np.where(done, _stamps(closed), ""),
    }


def _at_work(rng: np.random.Generator, minutes: Ints) -> Ints:
    """The same moments, those of the night put off to the next morning."""
    clock = minutes % 1440
    morning = minutes - clock + OPENS + rng.integers(0, 90, len(minutes)) + np.where(clock >= CLOSES, 1440, 0)
    return np.where((clock < OPENS) | (clock >= CLOSES), morning, minutes)


def _stamps(minutes: Ints) -> Strings:
    """Minutes since the first midnight as `2026-11-20 14:05`."""
    moments = np.datetime64(FIRST.isoformat(), "m") + minutes.astype("timedelta64[m]")
    texts = np.datetime_as_string(moments).astype("U16")
    return np.strings.replace(texts, "T", " ").astype(object) if len(texts) else texts.astype(object)
