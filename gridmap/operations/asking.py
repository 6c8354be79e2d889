"""A second opinion from a service outside, where the gazetteer abstained: seldom, little, and without the last word.

An address that is sent leaves the building, so almost none is: only one that has the form of an address, lies
in our divisions as far as it says, and holds no personal number. Of it only what leads to the house goes out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from gridmap.config import Settings
from gridmap.geo import crs
from gridmap.geocode import address, contexts, divisions, reading
from gridmap.geocode.match import Candidate, Match, Status
from gridmap.operations.gazetteer import Known
from gridmap.providers.provider import Found, NoAnswerError, Provider
from gridmap.providers.restraint import Answers, Pace, Restrained
from gridmap.providers.tianditu import Tianditu

KIND: Final = "provider"
# An answer of the service stands only with this score (of 100), a precise level, and all of this disc in one
# area. Its confidence is not calibrated: it is set below that of every answer of the gazetteer.
LEAST_SCORE: Final = 90.0
RADIUS_M: Final = 50.0
CONFIDENCE: Final = 0.5

# As many candidates as a match has at most.
_MOST: Final = 8
# Longer texts tell a story, and with it perhaps who complains of whom.
_LONGEST: Final = 60
# A name with its numbers, or a name that ends as those of places do: what stands before and behind stays here.
_STEP: Final = r"临?(?:\d+[A-Z甲乙丙丁]?(?:-\d+)?|[A-Z甲乙丙丁])[号弄巷栋组]"
_NUMBERED: Final = re.compile(
    rf"[\u4e00-\u9fff]{{2,12}}(?:\d+[段期区])?(?:{_STEP}[\u4e00-\u9fff]{{0,8}})*{_STEP}"
)
_NAMED: Final = re.compile(
    r"[\u4e00-\u9fff]{2,10}(?:小区|花园|家园|公寓|苑|大院|村|广场|大厦|中心|学校|小学|中学|幼儿园|医院|卫生院|市场|商场|公园|车站)"
)


class _Question(NamedTuple):
    """What may be sent of a text, and what is known of the rest of it.

    `exact`: it ends in a number, and nothing behind it moves the place. `recognised`: the gazetteer knows a
    name in it, so that its candidates are more than look-alikes.
    """

    text: str
    exact: bool
    recognised: bool


@cache
def provider(settings: Settings) -> Provider | None:
    """The configured service behind its restraints, one for the whole process; None where none is."""
    if settings.geocode_provider != "tianditu":
        return None
    return Restrained(
        Tianditu(settings.geocode_provider_url, settings.tianditu_key),
        Answers(settings.data / "geocode-cache" / settings.geocode_provider),
        Pace(settings.geocode_provider_per_second),
    )


def ask(match: Match, service: Provider | None, known: Known) -> Match:
    """The match, or with what the service knows where it abstained; never raises.

    What the service finds becomes a candidate and a reason with its level and score. It becomes the answer
    only as `LEAST_SCORE` says, where the text ends in a number and no candidate of the gazetteer lies in another area.
    """
    if service is None or not match.abstained:
        return match
    question = _question(match.text, known)
    # Of what the gazetteer knows to lie outside our areas there is nothing to ask.
    if question is None or (match.candidates and match.candidates[0].area is None):
        return match
    try:
        found = service.find(question.text)
    except NoAnswerError:
        return _with(match, f"{service.name}未作答")
    if found is None:
        return _with(match, f"{service.name}也没有找到")
    told = f"{service.name}找到一处，级别“{found.level or '未说明'}”，得分{found.score:.0f}"
    areas = _areas(found, known)
    if areas[0] is None:
        return _with(match, f"{told}，但不在辖区内")
    area = str(areas[0])
    place = f"{question.text}（{service.name}）"
    candidate = Candidate(place, found.x, found.y, area, CONFIDENCE, KIND)
    rivals = match.candidates
    likeliest = sorted((*rivals[: _MOST - 1], candidate), key=lambda one: -one.confidence)
    match = replace(match, candidates=tuple(likeliest))
    doubts = [
        doubt
        for doubt, holds in (
            ("级别不够精确", not found.precise),
            ("得分不足", found.score < LEAST_SCORE),
            ("位置靠近网格边界", any(other != area for other in areas)),
            ("与本地候选不在同一网格", question.recognised and any(other.area != area for other in rivals)),
            ("地址没有写明门牌或楼栋", not question.exact),
        )
        if holds
    ]
    if doubts:
        return _with(match, f"{told}，{'，'.join(doubts)}，仅作候选")
    return replace(
        _with(match, f"本地未收录，按{told}采用，未经校准，请核实"),
        status=Status.ANSWERED,
        place=place,
        x=found.x,
        y=found.y,
        area=area,
        radius_m=RADIUS_M,
        confidence=CONFIDENCE,
    )


def _question(text: str, known: Known) -> _Question | None:
    """The way from the county to the house, without stair, floor, room and whatever else the text tells.

    None where nothing may be sent: a text with a phone or identity number is about a person, a long one tells
    a story, and what lies elsewhere is not ours to ask for.
    """
    if address.masked(text) != text or len(text) > _LONGEST:
        return None
    spelled = address.without_lead(address.canonical(text)).strip(",.-")
    seen = reading.read(spelled, known.gazetteer)
    if any(known.gazetteer.contexts.is_foreign(named) for named in seen.named):
        return None
    inner = next((step for step in address.steps(spelled) if step.unit not in address.LOCATING), None)
    outer = spelled[: inner.start] if inner else spelled
    rest = contexts.head(outer)[1]
    numbered = _NUMBERED.match(rest)
    found = numbered or _NAMED.match(rest)
    if found is None:
        return None
    sent = outer[: len(outer) - len(rest) + found.end()]
    return _Question(
        sent if divisions.peel(sent)[0] else _county(known) + sent,
        exact=numbered is not None and found.end() == len(rest.rstrip(",.-")),
        recognised=any(not anchor.is_area for anchor in seen.anchors),
    )


def _county(known: Known) -> str:
    """The names of our province, city and county: without them the service looks in the whole country."""
    counties = {code[:6] for code in known.gazetteer.codes}
    unit = divisions.get(counties.pop()) if len(counties) == 1 else None
    names = ""
    while unit is not None:
        names = unit.name + names
        unit = divisions.get(unit.parent)
    return names


def _areas(found: Found, known: Known) -> list[str | None]:
    """The area of the place and those of the rim of its disc."""
    place = gpd.GeoSeries([shapely.Point(found.x, found.y)], crs=crs.STORAGE)
    rim = place.to_crs(crs.metric(found.x, found.y)).buffer(RADIUS_M, quad_segs=4).to_crs(crs.STORAGE)
    x, y = np.vstack([[[found.x, found.y]], shapely.get_coordinates(rim.to_numpy())]).T
    areas: list[str | None] = known.owner(x, y).tolist()
    return areas


def _with(match: Match, reason: str) -> Match:
    return replace(match, reasons=(*match.reasons, reason))
