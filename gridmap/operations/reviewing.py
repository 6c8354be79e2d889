"""The review of reports that the program may not place or placed wrongly: what to show, confirming, taking it back."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, InputError
from gridmap.geocode import address, relations
from gridmap.geocode.match import geocode
from gridmap.operations import gazetteer, locating
from gridmap.store import aliases, areas, placements
from gridmap.types import CHINA_TIME, Point

_LONGEST_ALIAS: Final = 40
# Steps of an address inside a building: a name that people use for a place holds none of them.
_INDOORS: Final = frozenset({address.STAIR, address.ROOM, address.FLOOR, address.NEIGHBOURHOOD})
_ABOUT_THE_PLACE: Final = frozenset({relations.Where.WITHIN, relations.Where.BESIDE, relations.Where.NEAR})


def review(session: Session, identity: int) -> dict[str, Any]:
    """A report, of the queue or placed already, with what helps to place it. Raises NotFoundError.

    Besides the columns of `placements.get_report`: area (code, name, level, kind, or None), candidates of
    its address (as `locating.candidates`), `match` (status, place and confidence of the geocode), alias
    (what to suggest for teaching), log (newest first), version (of its place: what `confirm` wants to hear).
    """
    report = placements.get_report(session, identity)
    match = geocode(report["address"] or "", gazetteer.current(session))
    named = areas.list_named(session, [report["area"]] if report["area"] else [])
    log = placements.list_log(session, identity)
    return report | {
        "area": named.get(report["area"] or ""),
        "candidates": locating.candidates(session, match),
        "match": {
            "status": str(match.status),
            "place": match.place,
            "confidence": match.confidence,
            "reasons": list(match.reasons),
        },
        "alias": place_words(report["address"] or ""),
        "log": log,
        "version": _version(report, log),
    }


def confirm(
    session: Session, identity: int, point: Point, *, seen: str, alias: str, place: str, done_by: str
) -> dict[str, Any]:
    """Put a report at a point (EPSG:4490), log it, and teach `alias` unless it is empty.

    `seen` is the version (of `review`) that the person decided on; empty: the report was seen waiting.
    `place` is the known place that the alias means, empty where it means the spot itself; a name that does
    not lead to the pin's area by itself counts as empty. Answers the log's line, the report and the
    area. Raises NotFoundError, InputError (outside every area, or an alias
    that cannot be taught) and ConflictError (its place has changed since it was seen).
    """
    owner = areas.find_owner(session, point)
    if owner is None:
        raise InputError("图钉不在任何网格内：请把它移到辖区里面再确认")
    # Before the lock, which would make this a transaction that writes: those see a gazetteer of their own.
    if alias := alias.strip():
        check_alias(session, alias, owner["code"])
        # A name that several places bear does not tell which of them is meant: then it is the spot.
        known = gazetteer.known(session)
        meant = geocode(place, known.gazetteer, known.owner)
        place = place.strip() if meant.area == owner["code"] else ""
    report = placements.get_report(session, identity, lock=True)
    # Read after the lock was had: whoever held it has written his line.
    log = placements.list_log(session, identity)
    if seen != _version(report, log) if seen else report["waiting"] is None:
        raise ConflictError(_what_happened(report, log, seen))
    taught = None
    if alias:
        taught = aliases.teach(session, alias, place or None, point, owner["code"], identity, done_by)
    line = placements.confirm(session, identity, point, owner, done_by, taught)
    return {
        "placement": line,
        "id": identity,
        "reference": report["reference"],
        "area": {name: owner[name] for name in ("code", "name", "level", "kind")},
        "alias": alias or None,
    }


def withdraw(session: Session, identity: int, line: int, done_by: str) -> dict[str, Any]:
    """Take a confirmation back, and what it taught: the report waits again as it did before.

    `line` is the log's line of the confirmation, which must be the report's last. Raises NotFoundError and
    ConflictError.
    """
    report = placements.get_report(session, identity, lock=True)
    log = placements.list_log(session, identity)
    if not log or log[0]["id"] != line or log[0]["action"] != "confirmed":
        raise ConflictError(f"这次确认不能再撤销：{_what_happened(report, log)}")
    try:
        with session.begin_nested():
            withdrawn = placements.withdraw(session, line, done_by)
    except IntegrityError as error:
        raise ConflictError("这次确认不能再撤销：上报的坐标或地址在确认之后又更新过") from error
    if log[0]["alias_id"] is not None:
        aliases.withdraw(session, log[0]["alias_id"])
    return {"placement": withdrawn, "id": identity, "reference": report["reference"]}


def check_alias(session: Session, alias: str, area: str) -> None:
    """Raise InputError, in words for the reader, where a text cannot be taught as a name in an area."""
    if len(alias) > _LONGEST_ALIAS:
        raise InputError(f"要记住的叫法太长：最多 {_LONGEST_ALIAS} 个字")
    spelled = address.canonical(alias).strip(",.-()")
    steps = address.steps(spelled)
    if len(spelled) < 2 or address.is_nothing(spelled) or not any(map(str.isalpha, spelled)):
        raise InputError(f"“{alias}”不像地名：请写人们对这个地方的叫法，至少两个字")
    if steps and not spelled[: steps[0].start]:
        raise InputError(f"“{alias}”只有门牌或楼栋号：请把小区或道路的名称也写上")
    known = gazetteer.known(session)
    match = geocode(alias, known.gazetteer, known.owner)
    is_name = known.gazetteer.find(spelled) is not None
    # A common noun (药店) is the end of several names, or an alias of several places.
    is_common = is_name or all(address.canonical(one.place).endswith(spelled) for one in match.candidates)
    if match.abstained and len(match.candidates) > 1 and is_common:
        raise InputError(f"“{alias}”在辖区内不止一处：请写得更具体，否则以后会放错")
    if is_name and match.area is not None and match.area != area:
        name = areas.get_area(session, match.area)["name"]
        raise InputError(f"“{alias}”已经是{name}里“{match.place}”的叫法：请写得更具体，否则那里会放错")


def place_words(text: str) -> str:
    """The words of an address that name the place: without 位于 before, and 2单元501室 or 旁边 behind."""
    words = address.without_lead(address.canonical(text))
    if address.is_nothing(words):
        return ""
    for step in address.steps(words):
        if step.unit in _INDOORS:
            words = words[: step.start]
            break
    for start in range(2, len(words)):
        found = relations.read(words[start:])
        if found and found.where in _ABOUT_THE_PLACE and start + len(found.text) == len(words):
            words = words if "对" in found.text else words[:start]
            break
    return words.strip(",.-()")[:_LONGEST_ALIAS]


def _version(report: dict[str, Any], log: list[dict[str, Any]]) -> str:
    """The last line of the log, and a digest of the place: an import may change it without a line."""
    place = [report[name] for name in ("lng", "lat", "area", "method")]
    digest = hashlib.sha256(repr([report["waiting"] is None, *place]).encode()).hexdigest()
    return f"{log[0]['id'] if log else 0}-{digest[:16]}"


def _what_happened(report: dict[str, Any], log: list[dict[str, Any]], seen: str = "") -> str:
    """A sentence on the last thing that was done to a report's place, since `seen` where that is told."""
    if seen and seen.partition("-")[0] == str(log[0]["id"] if log else 0):
        return f"{report['reference']} 的坐标或地址刚由导入更新过"
    if not log:
        return f"{report['reference']} 已经有位置，不在待确认之列"
    last = log[0]
    moment = f"{last['at'].astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
    who = "程序" if last["done_by"] == placements.PROGRAM else last["done_by"]
    where = f"“{last['area_name']}”" if last["area_name"] else "某处"
    deed = {
        "confirmed": f"确认到{where}",
        "geocoded": f"按地址放到{where}",
        "adopted": f"按坐标放到{where}",
        "withdrawn": "撤销了确认",
    }[last["action"]]
    return f"{report['reference']} 已于 {moment} 由{who}{deed}"
