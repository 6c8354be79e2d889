"""What a text comes to with what the gazetteer knows: a place with its evidence, or a refusal with its reason."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from gridmap.geocode import address, contexts, placing, reading
from gridmap.geocode.confidence import Evidence
from gridmap.geocode.contexts import Named, Scope
from gridmap.geocode.gazetteer import TAUGHT, Gazetteer
from gridmap.geocode.placing import How, Spot
from gridmap.geocode.relations import Relation, Where

# As many places are offered where one cannot be chosen.
MOST_OFFERED: Final = 8
# Two names of one text are of one place when they lie so near to each other.
_TOGETHER_M: Final = 250.0
_BESIDE_M: Final = 150.0
_CROSSING_M: Final = 100.0
# A region is a point when it is no larger than this.
_SMALL_M: Final = 40.0
# What a road is called; 步行街 and 美食街 are places.
_ROAD_NAME: Final = re.compile(r"(?:路|大道|(?<![行食业吃烤古老])街|(?<!\d)[巷弄]|胡同)$")
_DENIED: Final = re.compile(r"不在|不是|不属|并非|而非|除了")
_AMID: Final = re.compile(r"之间|中间|当中|之中")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]|[A-Z]{2}")
# Kinds that reach farther than the point by which they are known, in metres.
_LONG_KINDS: Final = {"bridge": 40.0}


@dataclass(slots=True)
class Finding:
    """A text resolved as far as the gazetteer goes, before its disc is laid over the areas."""

    reasons: list[str] = field(default_factory=list)
    refused: bool = False
    # Refused because the text contradicts itself or the gazetteer.
    conflict: bool = False
    place: str = ""
    rows: list[int] = field(default_factory=list)
    x: float = math.nan
    y: float = math.nan
    radius_m: float = 0.0
    disc: bool = False
    # The ends of the stretch that the place lies on, where it is not anywhere in the disc; or a whole road.
    line: tuple[float, float, float, float] | None = None
    road: list[int] = field(default_factory=list)
    # The known numbers on both sides lie in different areas, and where the border runs no number tells.
    split: bool = False
    # The share of the disc that lies in `area`.
    share: float = 1.0
    area: str | None = None
    evidence: Evidence | None = None
    others: list[int] = field(default_factory=list)
    # Words of which the gazetteer knows none: a person may be shown what is like them.
    unknown: tuple[str, ...] = ()


def find(text: str, gazetteer: Gazetteer, owned: Sequence[str | None]) -> Finding:
    """What a canonical text comes to: a place, else the area that it names if that is fine enough."""
    seen = reading.read(text, gazetteer)
    finding = _place(text, seen, gazetteer, owned)
    if not finding.refused or finding.conflict:
        return finding
    named = [*seen.named, *contexts.head(text)[0]]
    narrow = [each for each in named if each.scope in (Scope.TOWN, Scope.COMMUNITY)]
    if narrow and (found := gazetteer.area_of(named, owned)):
        area, row = found
        return _in_area(Finding(others=finding.others), narrow[-1], area, row, len(named) - 1, gazetteer)
    return finding


def _place(text: str, seen: reading.Reading, gazetteer: Gazetteer, owned: Sequence[str | None]) -> Finding:
    """The place that a text means, or a refusal."""
    finding = Finding()
    if _DENIED.search(text):
        return refused(finding, "写的是“不在”某处，看不出在哪里")
    if _AMID.search(text) and len(seen.anchors) > 1:
        return refused(finding, "写的是两地之间，看不出在哪里")
    for named in seen.named:
        if gazetteer.contexts.is_foreign(named):
            finding.conflict = True
            return refused(finding, f"“{named.text}”不在本辖区")
    spots = [spot for anchor in seen.anchors if (spot := placing.place(anchor, seen.named, gazetteer, owned))]
    if not spots:
        words = "、".join(f"“{word.strip(',')}”" for word in seen.unknown[:3]) or f"“{text[:20]}”"
        finding.unknown = tuple(seen.unknown)
        return refused(finding, f"地名库里没有{words}")
    spots = _sound(spots, gazetteer)
    kept = []
    for spot in spots:
        allowed = _allowed(spot, seen.named, gazetteer)
        if allowed is None and spot.how in (How.ROAD, How.BETWEEN):
            # Known doors of a road are not the whole road: it may well run through there.
            finding.others += spot.rows[:MOST_OFFERED] or spot.near
            continue
        if allowed is None:
            finding.others += spot.rows[:MOST_OFFERED]
            names = "、".join(named.text for named in seen.named)
            return refused(finding, f"地址写的是{names}，而“{spot.name}”不在那里")
        kept.append(allowed)
    if not kept:
        names = "、".join(named.text for named in seen.named)
        return refused(finding, f"“{spots[-1].name}”在{names}的部分不在地名库里")
    roads = [spot for spot in kept if spot.how is How.ROAD]
    if seen.crossing and len(roads) > 1:
        return _at_crossing(finding, roads[-2], roads[-1], gazetteer, owned)
    return _decide(finding, kept, seen, gazetteer, owned)


def senseless(raw: str, text: str) -> str | None:
    """Why a text cannot be an address, or None."""
    if len(raw) > address.LONGEST:
        return f"文字太长（{len(raw)} 字，最多 {address.LONGEST} 字），不像地址"
    if address.is_nothing(text):
        if address.masked(raw) != raw:
            return "只有电话或证件号码，没有地名"
        return "没有写地址"
    if not _HAN.search(text):
        return "只有数字或符号，没有地名"
    return None


def refused(finding: Finding, reason: str) -> Finding:
    finding.refused = True
    finding.reasons.append(reason)
    return finding


def _allowed(spot: Spot, named: Sequence[Any], gazetteer: Gazetteer) -> Spot | None:
    """The spot with only the rows that lie in the divisions that the text names; None without any."""
    if not named:
        return spot
    if spot.is_point:
        fitting = [row for row in spot.near if gazetteer.contexts.fits(row, named) >= 0]
        return spot if fitting else None
    rows = [row for row in spot.rows if gazetteer.contexts.fits(row, named) >= 0]
    if not rows:
        return None
    spot.rows = rows
    return spot


def _sound(spots: list[Spot], gazetteer: Gazetteer) -> list[Spot]:
    """The spots without those whose names may be parts of others, where there are any to be surer of."""

    def is_sound(spot: Spot) -> bool:
        anchor = spot.anchor
        return not (
            anchor.before
            or anchor.after
            or gazetteer.is_noun(anchor.name)
            or (not anchor.steps and gazetteer.common(anchor.name))
        )

    if len(spots) == 1:
        return spots
    sure = [spot for spot in spots if is_sound(spot)]
    return sure if any(spot.how >= How.PART for spot in sure) else spots


def _decide(
    finding: Finding,
    spots: list[Spot],
    seen: reading.Reading,
    gazetteer: Gazetteer,
    owned: Sequence[str | None],
) -> Finding:
    main = _main(spots)
    others = [spot for spot in spots if spot is not main and spot.how is not How.AREA]
    common = 0
    anchor = main.anchor
    if main.how in (How.EXACT, How.WHOLE) and not anchor.steps and (alike := gazetteer.common(anchor.name)):
        allowed = [row for row in alike if gazetteer.contexts.fits(row, seen.named) >= 0]
        if others or len(allowed) > len(main.rows) or len(anchor.name) < 4:
            common = 1
        main.rows = allowed or main.rows
    elif gazetteer.is_noun(anchor.name):
        common = 1
    support = 0
    for other in reversed(others):
        if other.how is How.ROAD and not other.drawn:
            continue
        near = _near(main, other, _BESIDE_M if common else _TOGETHER_M, gazetteer)
        if near is None:
            if common:
                # A common noun that is not there after all: what it stands beside is known.
                main, common = other, 0
                anchor = main.anchor
                break
            finding.others += [*main.rows[:4], *other.rows[:4]]
            finding.conflict = True
            return refused(finding, f"“{main.name}”与“{other.name}”相距太远，地址自相矛盾")
        if _are_two(main, other) and {owned[row] for row in other.rows}.isdisjoint(
            owned[row] for row in near
        ):
            finding.others += [*main.rows[:4], *other.rows[:4]]
            finding.conflict = True
            return refused(finding, f"写了“{other.name}”和“{main.name}”两处，不在同一网格")
        if not main.is_point:
            main.rows = near
        support += 1
    if main.is_point:
        return _between(finding, main, seen, support, gazetteer, owned)
    rows = main.rows
    areas = {owned[row] for row in rows}
    finding.rows, finding.place = rows[:MOST_OFFERED], main.name
    relation = None if main.gate else anchor.relation
    if relation and relation.where is Where.CROSSING:
        finding.others = rows[:MOST_OFFERED]
        return refused(finding, f"“{anchor.name}{relation.text}”只知道一条路，看不出是哪个路口")
    if main.how is How.AREA:
        return refused(finding, f"只写到“{main.name}”，看不出是哪个网格")
    x, y, spread = _middle(rows, gazetteer)
    pointed = gazetteer.kind(rows[0]) != TAUGHT
    if _ROAD_NAME.search(main.name) and pointed and not main.drawn and main.how is not How.ROAD:
        # A station or a sign of that name is not the road.
        finding.others = rows[:MOST_OFFERED]
        return refused(finding, f"地名库里的“{main.name}”只是一个点，不是整条路")
    if main.missing and not main.drawn and (main.how is How.ROAD or not main.whole):
        finding.rows, finding.others = [], rows[:MOST_OFFERED]
        return refused(finding, f"地名库没有“{main.name}”的“{main.missing}”，已知门牌不足以推算")
    moves = relation is not None and relation.where is not Where.WITHIN
    if len(areas) > 1 and not (moves and spread <= _SMALL_M):
        finding.rows = _one_each(rows, owned)
        several = f"“{anchor.name}”有多处，在" if common or main.how is How.EXACT else f"“{main.name}”跨"
        finding.reasons.append(f"{several} {len(areas)} 个网格，请补充楼栋、门牌或在图上指认")
        finding.refused = True
        return finding
    finding.reasons.append(_told(main))
    finding.x, finding.y = x, y
    finding.radius_m = max(spread, 10.0)
    if relation and moves:
        _move(finding, relation, spread)
    else:
        finding.area = next(iter(areas))
    finding.evidence = _evidence(
        main, seen, finding.radius_m if finding.disc else 0.0, common, support, gazetteer
    )
    return finding


def _are_two(main: Spot, other: Spot) -> bool:
    """Whether two spots are two places of equal standing, not a house with its street door or its neighbour."""
    if main.is_point or other.is_point or other.how < How.PART or other.anchor.relation:
        return False
    return not (reading.is_door(main.anchor) or reading.is_door(other.anchor))


def _main(spots: list[Spot]) -> Spot:
    """The spot that the text is about: the last of the narrow ones, else the last road, else the last area."""
    houses = [
        spot for spot in spots if spot.how is How.EXACT and spot.name.endswith(("栋", "号楼", "幢", "座"))
    ]
    if houses:
        return houses[-1]
    for least in (How.PART, How.ROAD, How.AREA):
        fitting = [spot for spot in spots if spot.how >= least]
        if fitting:
            return fitting[-1]
    raise AssertionError("every spot is at least an area")


def _near(main: Spot, other: Spot, reach_m: float, gazetteer: Gazetteer) -> list[int] | None:
    """The rows of `main` within reach of `other`; None when there are none."""
    if other.is_point:
        marks = np.array([[other.x, other.y]])
        reach_m += other.radius_m
    else:
        marks = gazetteer.positions(other.rows)
    if main.is_point:
        gap = placing.gaps(marks, np.array([[main.x, main.y]])).min()
        return [] if gap <= reach_m + main.radius_m else None
    near = placing.gaps(gazetteer.positions(main.rows), marks).min(axis=1) <= reach_m
    rows = [row for row, close in zip(main.rows, near, strict=True) if close]
    return rows or None


def _between(
    finding: Finding,
    spot: Spot,
    seen: reading.Reading,
    support: int,
    gazetteer: Gazetteer,
    owned: Sequence[str | None],
) -> Finding:
    """An answer reckoned from known numbers on both sides."""
    finding.place, finding.x, finding.y, finding.radius_m = spot.name, spot.x, spot.y, spot.radius_m
    finding.others = list(spot.near)
    known = "、".join(dict.fromkeys(gazetteer.label(row) for row in spot.near))
    finding.reasons.append(f"地名库没有“{spot.name}”，由{known}推算，误差约 {spot.radius_m:.0f} 米")
    finding.split = len({owned[row] for row in spot.near}) > 1
    finding.area = owned[spot.near[0]]
    finding.disc = True
    if spot.along:
        a, b = spot.near
        finding.line = (gazetteer.x[a], gazetteer.y[a], gazetteer.x[b], gazetteer.y[b])
    if spot.anchor.relation and spot.anchor.relation.where is not Where.WITHIN:
        _move(finding, spot.anchor.relation, 0.0)
    finding.evidence = _evidence(spot, seen, finding.radius_m, 0, support, gazetteer)
    return finding


def _in_area(
    finding: Finding, named: Named, area: str, row: int, agreed: int, gazetteer: Gazetteer
) -> Finding:
    """Only a division is known, and it is itself one of the finest areas: `row` lies in it."""
    finding.place, finding.area, finding.rows = named.text, area, [row]
    finding.x, finding.y = gazetteer.x[row], gazetteer.y[row]
    finding.radius_m = gazetteer.area_width_m / 2
    finding.reasons.append(f"按“{named.text}”归属，具体位置未知")
    finding.evidence = Evidence(How.AREA, agreed=agreed)
    return finding


def _at_crossing(
    finding: Finding, one: Spot, other: Spot, gazetteer: Gazetteer, owned: Sequence[str | None]
) -> Finding:
    """Where two roads meet: between the nearest of their points."""
    rows = [
        [row for row in road.rows if gazetteer.kind(row) in placing.ROAD_KINDS] or road.rows
        for road in (one, other)
    ]
    gaps = placing.gaps(*(gazetteer.positions(each) for each in rows))
    i, j = np.unravel_index(int(gaps.argmin()), gaps.shape)
    a, b = rows[0][i], rows[1][j]
    finding.others = [a, b]
    if gaps[i, j] > _CROSSING_M or one.name == other.name:
        return refused(finding, f"地名库里“{one.name}”与“{other.name}”不相交")
    finding.x = (gazetteer.x[a] + gazetteer.x[b]) / 2
    finding.y = (gazetteer.y[a] + gazetteer.y[b]) / 2
    finding.place = f"{one.name}与{other.name}路口"
    finding.radius_m, finding.disc = 20.0, True
    finding.area = owned[a]
    finding.reasons.append(f"“{one.name}”与“{other.name}”的交叉口")
    finding.evidence = Evidence(How.BETWEEN, radius_m=20.0, support=1)
    return finding


def _move(finding: Finding, relation: Relation, spread: float) -> None:
    finding.x, finding.y = placing.moved(finding.x, finding.y, relation.east_m, relation.north_m)
    finding.line = None
    finding.radius_m = (spread if spread > 10 else 0.0) + relation.radius_m
    finding.disc = True
    finding.reasons.append(f"“{relation.text}”按误差 {finding.radius_m:.0f} 米计")


def _evidence(
    spot: Spot, seen: reading.Reading, radius_m: float, common: int, support: int, gazetteer: Gazetteer
) -> Evidence:
    anchor = spot.anchor
    beside = int(bool(anchor.before)) + int(bool(anchor.after))
    if seen.strangers and not reading.is_door(anchor):
        beside += 1
    rows = spot.near or spot.rows
    agreed = gazetteer.contexts.fits(rows[0], seen.named) if seen.named and rows else 0
    cost = max((each.cost for each in seen.anchors), default=0.0)
    unknown = sum(1 for word in seen.unknown if word not in (anchor.before, anchor.after))
    return Evidence(spot.how, cost, beside, unknown, common, radius_m, max(agreed, 0), support)


def _told(spot: Spot) -> str:
    anchor = spot.anchor
    if anchor.cost:
        return f"“{anchor.name}”与所写读音或字形相近，按“{spot.name}”定位"
    if spot.missing:
        return f"地名库没有“{spot.missing}”，“{spot.name}”全部在同一网格"
    if spot.alias:
        return f"“{anchor.name}”是别名，按“{spot.name}”定位"
    return f"地名库有“{spot.name}”"


def _middle(rows: Sequence[int], gazetteer: Gazetteer) -> tuple[float, float, float]:
    """The row nearest to the mean of them, in degrees, and the farthest row from the mean in metres."""
    if len(rows) == 1:
        return gazetteer.x[rows[0]], gazetteer.y[rows[0]], 0.0
    at = gazetteer.positions(rows)
    gaps = placing.gaps(at.mean(axis=0)[None, :], at)[0]
    nearest = rows[int(gaps.argmin())]
    return gazetteer.x[nearest], gazetteer.y[nearest], float(gaps.max())


def _one_each(rows: Sequence[int], owned: Sequence[str | None]) -> list[int]:
    """The first row of each area."""
    first: dict[str | None, int] = {}
    for row in rows:
        first.setdefault(owned[row], row)
    return list(first.values())
