"""The parts of an address, as far as its words alone tell them; what a name is only a gazetteer knows."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Final

from gridmap.geocode import address, contexts, relations
from gridmap.geocode.contexts import Scope
from gridmap.geocode.relations import Relation

_VILLAGE: Final = re.compile(r"[\u4e00-\u9fff]{1,7}?(?:村|里|屯|嘎查)(?=\d+[组邻]|$)")
_ROAD: Final = re.compile(
    r"[\u4e00-\u9fff]{1,8}?(?:大道|大街|公路|胡同|马路|路|街|巷|弄|道)(?:[东西南北中]段|[东西南北]?\d+段)?(?![\u4e00-\u9fff]?[口站])"
)
_PHASE: Final = re.compile(r"(?P<estate>.{2,}?)第?(?P<phase>\d+期|[东西南北中][区苑]|[A-Z\d]+区)$")
_ESTATE: Final = re.compile(
    r".*(?:小区|花园|花苑|家园|公寓|新村|新居|苑|园|府|邸|庭|城|湾|里|宿舍|家属[区院]|大院|山庄|公馆|国际|一品|华府)$"
)
_FIELD: Final = {
    address.NEIGHBOURHOOD: "neighbourhood",
    address.GROUP: "group",
    address.LANE: "lane",
    address.ALLEY: "alley",
    address.DOOR: "number",
    address.BUILDING: "building",
    address.STAIR: "stair",
    address.FLOOR: "floor",
    address.ROOM: "room",
}
_SCOPES: Final = {
    Scope.PROVINCE: "province",
    Scope.CITY: "city",
    Scope.COUNTY: "county",
    Scope.TOWN: "town",
    Scope.COMMUNITY: "community",
}


@dataclass(slots=True)
class Parts:
    """Parts in canonical spelling, "" where the text has none; `rest` is what no part explains.

    `number`, `building` and the other counted parts keep their unit: 7-2号, 3栋, 2单元. `relation` is the
    place's, its metres with it.
    """

    province: str = ""
    city: str = ""
    county: str = ""
    town: str = ""
    community: str = ""
    neighbourhood: str = ""
    group: str = ""
    road: str = ""
    lane: str = ""
    alley: str = ""
    number: str = ""
    estate: str = ""
    phase: str = ""
    building: str = ""
    stair: str = ""
    floor: str = ""
    room: str = ""
    poi: str = ""
    relation: Relation | None = None
    rest: str = ""

    def told(self) -> dict[str, str]:
        """The parts that the text has, in this order."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: value.text if isinstance(value, Relation) else value
            for name, value in values.items()
            if value
        }


def split(text: str) -> Parts:
    """The parts of any text; never raises."""
    parts = Parts()
    spelled = address.without_lead(address.canonical(text)).strip(",.-")
    if address.is_nothing(spelled):
        return parts
    named, rest = contexts.head(spelled)
    if not named:
        named, rest = contexts.unlisted(spelled)
    for each in named:
        if each.scope in _SCOPES:
            setattr(parts, _SCOPES[each.scope], each.text)
    done = 0
    for step in address.steps(rest):
        _name(rest[done : step.start], parts)
        field = _FIELD[step.unit]
        if not getattr(parts, field):
            setattr(parts, field, step.text)
        done = step.end
    _name(rest[done:], parts)
    return parts


def _name(words: str, parts: Parts) -> None:
    """Put down the words between two steps: a village, a road, an estate, a place, a relation."""
    words = words.strip(",")
    if words and not parts.community and (village := _VILLAGE.match(words)):
        parts.community = village.group()
        words = words[village.end() :]
    if words and not parts.road and (road := _ROAD.match(words)):
        parts.road = road.group()
        words = words[road.end() :].strip(",")
    if not words:
        return
    found = next(
        ((cut, relation) for cut in range(len(words)) if (relation := _ending(words[cut:], cut))),
        (len(words), None),
    )
    parts.relation = parts.relation or found[1]
    words = words[: found[0]].strip(",的")
    if not words:
        return
    phase = _PHASE.match(words)
    estate = phase["estate"] if phase else words
    if not parts.estate and (phase or _ESTATE.match(words)):
        parts.estate, parts.phase = estate, phase["phase"] if phase else ""
    elif not parts.poi:
        parts.poi = words
    else:
        parts.rest += words


def _ending(words: str, cut: int) -> Relation | None:
    """The relation that the words are, when they are nothing else; a single character only by itself."""
    relation = relations.read(words)
    if relation is None or (len(relation.text) == 1 and (cut or len(words) > 1)):
        return None
    return relation if relation.text == words or len(relation.text) > 1 else None
