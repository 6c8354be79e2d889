"""From a known name and its numbers to where it can be: one spot, several, or a stretch between two."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gridmap.geocode import address
from gridmap.geocode.address import BUILDING, DOOR, GROUP, LOCATING
from gridmap.geocode.contexts import Named
from gridmap.geocode.gazetteer import Gazetteer, Member
from gridmap.geocode.reading import Anchor

_DEGREE_M: Final = 111_320.0
# Points of a region that are looked at: enough to know its areas.
_MOST_ROWS: Final = 400
# Known numbers farther apart than this on one road say nothing of what lies between.
_LONGEST_GAP_M: Final = 800.0
# Beyond the last known number of a side: this many numbers on, at so many metres a number.
_FARTHEST_BEYOND, _METRES_A_NUMBER = 24, 4.0
# So many known numbers around a missing one must agree where its own side of the road is not known.
_AROUND: Final = 4
# Of the width of an area so much does not often lead over its border.
_LITTLE: Final = 0.05
# Fewer points do not draw a road.
_LEAST_DRAWN: Final = 3
# Buildings between which a missing one is looked for.
_NEXT_NUMBERS, _NEXT_DOOR_M = 4, 200.0
# Places of one name that numbers are told apart by; a road is many points of one name.
_MOST_NAMESAKES: Final = 8
_POINT_M: Final = 10.0
ROAD_KINDS: Final = frozenset({"road", "street_line", "lane"})
# 3号 in an estate or a lane is building 3; on a road it is a door.
_OTHER_UNIT: Final = {DOOR: BUILDING, BUILDING: DOOR}
_GATE: Final = re.compile(r"的?([东西南北][东西南北]?门|正门|大门|后门|侧门)")
_ON_ROADS: Final = frozenset("号弄巷")


Numbers = NDArray[np.float64] | float


class How(IntEnum):
    """How a spot was found, the surest last."""

    AREA = 0
    ROAD = 1
    PART = 2
    BETWEEN = 3
    WHOLE = 4
    EXACT = 5


@dataclass(slots=True)
class Spot:
    """Where an anchor can be: `rows` of the gazetteer, or the point x, y (degrees) within `radius_m`.

    `missing` is the step that the gazetteer does not have; `near` are the rows that a point was
    reckoned from.
    """

    anchor: Anchor
    how: How
    rows: list[int]
    name: str
    x: float = math.nan
    y: float = math.nan
    radius_m: float = 0.0
    missing: str = ""
    near: list[int] = field(default_factory=list)
    # The uncertainty lies along the line between the two rows in `near`, not across it.
    along: bool = False
    alias: bool = False
    # A road of which points all along are known, not some doors only.
    drawn: bool = False
    # The place that a number is missing of is itself known.
    whole: bool = False
    # The relation of the text is part of this place: 南门 of an estate whose gates are known.
    gate: bool = False

    @property
    def is_point(self) -> bool:
        return not math.isnan(self.x)


def place(
    anchor: Anchor, named: Sequence[Named], gazetteer: Gazetteer, owned: Sequence[str | None]
) -> Spot | None:
    """The spot of an anchor, or None when its name is a division without a place of its own.

    `named` are the divisions that the text names, `owned` is the area of each row.
    """
    stem, last = address.split_last(anchor.name)
    if last and anchor.steps and any(step.unit == last[-1] for step in anchor.steps):
        # 锦绣花园3栋、15栋: the first number is read with the name.
        first = address.steps(last)[0]
        return place(replace(anchor, name=stem, steps=[first, *anchor.steps]), named, gazetteer, owned)
    name = anchor.name
    entry = gazetteer.find(name)
    rows = _own(name, gazetteer)
    stems = [name]
    for row in rows[:16]:
        if (spelled := gazetteer.spelled(row)) not in stems:
            stems.append(spelled)
    chains = _chains(anchor.steps)
    if len(chains) > 1:
        return _any_of(anchor, chains, named, gazetteer, owned)
    missing: address.Step | None = None
    for step in chains[0]:
        found = _next(stems, step, gazetteer)
        if not found:
            missing = step
            break
        stems = found
        rows = [row for stem in stems for row in _own(stem, gazetteer)]
        name = stems[0]
    if not missing and anchor.relation and (gates := _gates(stems, anchor.relation.text, gazetteer)):
        return Spot(anchor, How.EXACT, gates, gazetteer.label(gates[0]), gate=True)
    if not anchor.steps:
        rows = rows + _shared(name, rows, gazetteer)
    members = list(gazetteer.series(stems[0]))
    for stem in stems[1:]:
        members += gazetteer.series(stem)
    if entry:
        rows, members = _of_these(entry.rows, rows, members, gazetteer)
    alias = entry is not None and not entry.named
    if missing:
        between = _between(missing, stems, members, named, gazetteer, owned)
        if between:
            between.anchor, between.name, between.alias = anchor, stems[-1] + missing.text, alias
            return between
    if not rows and not members:
        return None
    label = gazetteer.label(rows[0]) if rows else name
    drawn = sum(gazetteer.kind(row) in ROAD_KINDS for row in rows) >= _LEAST_DRAWN
    stretch = rows + [member.row for member in members]
    if anchor.is_area and not missing:
        return Spot(anchor, How.AREA, rows, label, alias=alias)
    if drawn or (not rows and any(member.unit in _ON_ROADS for member in members)):
        return Spot(
            anchor,
            How.ROAD,
            stretch[:_MOST_ROWS],
            label,
            missing=missing.text if missing else "",
            alias=alias,
            drawn=drawn,
        )
    if missing:
        known = bool(rows) or len(members) >= _AROUND
        return Spot(
            anchor, How.PART, stretch[:_MOST_ROWS], label, missing=missing.text, alias=alias, whole=known
        )
    if members and (not rows or not any(step.unit in LOCATING for step in anchor.steps)):
        return Spot(anchor, How.WHOLE, stretch[:_MOST_ROWS], label, alias=alias)
    if (door := address.split_last(name))[1] and not named and gazetteer.is_shared(door[0]):
        # 人民路7号 of one town, when 人民路 runs through another as well.
        rows = rows + [member.row for member in gazetteer.doors(door[0])]
    return Spot(anchor, How.EXACT, rows, label, alias=alias)


def _chains(steps: Sequence[address.Step]) -> list[list[address.Step]]:
    """The ways that the locating steps lead: one for 60巷12弄9号, two for 3栋、15栋 and for 3号或4号."""
    chains: list[list[address.Step]] = [[]]
    for step in steps:
        if step.unit not in LOCATING:
            continue
        units = [earlier.unit for earlier in chains[-1]]
        if step.unit in units:
            chains.append([*chains[-1][: units.index(step.unit)], step])
        else:
            chains[-1].append(step)
    return chains


def _any_of(
    anchor: Anchor,
    chains: list[list[address.Step]],
    named: Sequence[Named],
    gazetteer: Gazetteer,
    owned: Sequence[str | None],
) -> Spot | None:
    """The spot of several numbers of one name: the rows of all, so that they answer only together."""
    spots = [place(replace(anchor, steps=chain, relation=None), named, gazetteer, owned) for chain in chains]
    rows = [row for spot in spots if spot for row in spot.rows or spot.near]
    first = next((spot for spot in spots if spot), None)
    if first is None or None in spots:
        return first
    if len({owned[row] for row in rows}) == 1:
        first.anchor = anchor
        return first
    return Spot(anchor, How.EXACT, rows, first.name, alias=first.alias, gate=True)


def distance_m(gazetteer: Gazetteer, one: int, other: int) -> float:
    """Metres between two rows, on a plane at their latitude: exact to 0.5% at the distances of a town."""
    return metres(gazetteer.x[one], gazetteer.y[one], gazetteer.x[other], gazetteer.y[other])


def metres(x1: float, y1: float, x2: float, y2: float) -> float:
    """Metres between two positions in degrees, on a plane at their latitude."""
    return math.hypot((x2 - x1) * math.cos(math.radians((y1 + y2) / 2)), y2 - y1) * _DEGREE_M


def gaps(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres between each of the positions (n, 2) and each of the others (m, 2), in degrees; (n, m)."""
    squeeze = math.cos(math.radians(float(one[0, 1])))
    east = (one[:, None, 0] - other[None, :, 0]) * squeeze
    return np.hypot(east, one[:, None, 1] - other[None, :, 1]) * _DEGREE_M


def moved(x: float, y: float, east_m: float, north_m: float) -> tuple[float, float]:
    """A position in degrees, so many metres on."""
    return x + east_m / (_DEGREE_M * math.cos(math.radians(y))), y + north_m / _DEGREE_M


def moved_many(
    x: NDArray[np.float64], y: NDArray[np.float64], east_m: Numbers, north_m: Numbers
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`moved` for arrays that broadcast."""
    return x + east_m / (_DEGREE_M * np.cos(np.radians(y))), y + north_m / _DEGREE_M


def _own(name: str, gazetteer: Gazetteer) -> list[int]:
    """The rows of a name; where it is the name of some and an alias of others, the former."""
    entry = gazetteer.find(name)
    if entry is None:
        return []
    if entry.named and len(entry.rows) > 1:
        own = [row for row in entry.rows if gazetteer.spelled(row) == name]
        return own or list(entry.rows)
    return list(entry.rows)


def _of_these(
    heads: Sequence[int], rows: list[int], members: list[Member], gazetteer: Gazetteer
) -> tuple[list[int], list[Member]]:
    """Of numbered rows only those of the places meant, where another of the same name stands elsewhere.

    Two estates called 幸福小区 both have a 3栋; 老幸福 is one of them.
    """
    allowed, namesakes = set(heads), set[int]()
    if len(allowed) > _MOST_NAMESAKES:
        return rows, members
    for row in heads:
        namesakes.update(_own(gazetteer.spelled(row), gazetteer))
    if namesakes <= allowed or len(namesakes) > _MOST_NAMESAKES:
        return rows, members

    def meant(row: int) -> bool:
        return (
            row in allowed or min(namesakes, key=lambda other: distance_m(gazetteer, row, other)) in allowed
        )

    return [row for row in rows if meant(row)], [member for member in members if meant(member.row)]


def _gates(stems: Sequence[str], relation: str, gazetteer: Gazetteer) -> list[int]:
    """The rows of a gate that the gazetteer knows by the name of what it leads to."""
    gate = _GATE.match(relation)
    if not gate:
        return []
    return [row for stem in stems for row in _own(stem + gate[1], gazetteer)]


def _shared(name: str, rows: list[int], gazetteer: Gazetteer) -> list[int]:
    """Rows of a numbered name under another estate that goes by the same name (宏图苑 is called 宏图小区 too)."""
    stem, step = address.split_last(name)
    if not step or not rows:
        return []
    entry = gazetteer.find(stem)
    if entry is None or len(entry.rows) < 2:
        return []
    return [
        row
        for other in dict.fromkeys(gazetteer.spelled(each) for each in entry.rows)
        if other != stem
        for row in _own(other + step, gazetteer)
        if row not in rows
    ]


def _next(stems: Sequence[str], step: address.Step, gazetteer: Gazetteer) -> list[str]:
    """The stems with a step added, those that are known: as written, without its sub-number, or as 栋 for 号."""
    plain = f"{step.number}{step.unit}" if step.number >= 0 else step.text
    for text in dict.fromkeys((step.text, plain)):
        found = [stem + text for stem in stems if gazetteer.is_known(stem + text)]
        other = _OTHER_UNIT.get(step.unit)
        if not found and other:
            turned = text[: -len(step.unit)] + other
            found = [stem + turned for stem in stems if gazetteer.is_known(stem + turned)]
        if found:
            return found
    return []


def _between(
    step: address.Step,
    stems: Sequence[str],
    members: Sequence[Member],
    named: Sequence[Named],
    gazetteer: Gazetteer,
    owned: Sequence[str | None],
) -> Spot | None:
    """Where a missing number must be among the known ones of its series; None where they cannot tell.

    On roads odd and even numbers stand on their own sides, which may belong to different areas; doors,
    lanes and alleys share one sequence.
    """
    if step.number < 0 or not members:
        return None
    stem = next((stem for stem in stems if gazetteer.doors(stem)), None)
    if step.unit in (BUILDING, GROUP) or stem is None:
        return None if stem and step.unit == BUILDING else _neighbour(step.number, members, gazetteer, owned)
    doors, same = gazetteer.doors(stem), gazetteer.doors(stem, step.number % 2)
    if named:
        # Another road of the same name may run through another town.
        doors, same = (
            tuple(member for member in side if gazetteer.contexts.fits(member.row, named) >= 0)
            for side in (doors, same)
        )
    spot = _interpolated(step.number, same, gazetteer)
    if spot and len(spot.near) > 1:
        return spot
    either = _interpolated(step.number, doors, gazetteer)
    if either and _is_small(either, gazetteer) and len({owned[row] for row in either.near}) == 1:
        # The areas are so wide that it does not matter on which side it stands.
        return either
    # The other side, or beyond the last number: only where all around lies in one area.
    middle = bisect_left(doors, step.number, key=_number)
    around = doors[max(0, middle - _AROUND) : middle + _AROUND]
    around = tuple(sorted(around, key=lambda member: abs(member.number - step.number))[:_AROUND])
    if len(around) < _AROUND or len({owned[member.row] for member in around}) > 1:
        return None
    return either or spot


def _is_small(spot: Spot, gazetteer: Gazetteer) -> bool:
    """Whether the uncertainty of a spot, and the stretch that it lies on, is little beside the width of areas."""
    reach = spot.radius_m if len(spot.near) < 2 else distance_m(gazetteer, *spot.near)
    return reach <= _LITTLE * gazetteer.area_width_m


def _interpolated(number: int, members: Sequence[Member], gazetteer: Gazetteer) -> Spot | None:
    first, last = bisect_left(members, number, key=_number), bisect_right(members, number, key=_number)
    below, above = members[:last], members[first:]
    if below and above:
        low, high = below[-1], above[0]
        lows = [member.row for member in below[-_MOST_NAMESAKES:] if member.number == low.number]
        highs = [member.row for member in above[:_MOST_NAMESAKES] if member.number == high.number]
        a, b = min(((i, j) for i in lows for j in highs), key=lambda pair: distance_m(gazetteer, *pair))
        gap = distance_m(gazetteer, a, b)
        if gap > _LONGEST_GAP_M:
            return None
        share = (number - low.number) / (high.number - low.number) if high.number > low.number else 0.5
        x = gazetteer.x[a] + share * (gazetteer.x[b] - gazetteer.x[a])
        y = gazetteer.y[a] + share * (gazetteer.y[b] - gazetteer.y[a])
        # Numbers are not evenly spaced: the truth is off by a share of the gap, least near its ends.
        radius = _POINT_M + 0.5 * gap * math.sqrt(share * (1 - share))
        return Spot(_NOBODY, How.BETWEEN, [], "", x, y, radius, near=[a, b], along=True)
    end = below[-1] if below else above[0] if above else None
    if end is None or abs(end.number - number) > _FARTHEST_BEYOND:
        return None
    reach = _POINT_M + _METRES_A_NUMBER * abs(end.number - number)
    return Spot(
        _NOBODY, How.BETWEEN, [], "", gazetteer.x[end.row], gazetteer.y[end.row], reach, near=[end.row]
    )


def _neighbour(
    number: int, members: Sequence[Member], gazetteer: Gazetteer, owned: Sequence[str | None]
) -> Spot | None:
    """Buildings and groups do not stand in line, but the next numbers on both sides are mostly next door."""
    if len({owned[member.row] for member in members}) < 2:
        return None
    below = [member for member in members if member.number < number]
    above = [member for member in members if member.number > number]
    if not below or not above or above[0].number - below[-1].number > _NEXT_NUMBERS:
        return None
    a, b = below[-1].row, above[0].row
    gap = distance_m(gazetteer, a, b)
    if gap > _NEXT_DOOR_M:
        return None
    x, y = (gazetteer.x[a] + gazetteer.x[b]) / 2, (gazetteer.y[a] + gazetteer.y[b]) / 2
    return Spot(_NOBODY, How.BETWEEN, [], "", x, y, _POINT_M + 0.6 * gap, near=[a, b])


def _number(member: Member) -> int:
    return member.number


_NOBODY: Final = Anchor("", 0, 0)
