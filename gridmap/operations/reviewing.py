"""The review of reports that the program may not place or placed wrongly: what to show, confirming, taking it back."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, InputError
from gridmap.geocode import address, contexts, divisions, reading, relations
from gridmap.geocode.gazetteer import Gazetteer
from gridmap.geocode.match import geocode, geocode_many
from gridmap.operations import gazetteer, locating
from gridmap.store import aliases, areas, placements
from gridmap.types import CHINA_TIME, Point

_LONGEST_ALIAS: Final = 40
# Steps of an address inside a building: a name that people use for a place holds none of them.
_INDOORS: Final = frozenset({address.STAIR, address.ROOM, address.FLOOR, address.NEIGHBOURHOOD})
# What nobody may sign with: the program's name in the log, and how pages show it.
_PROGRAM: Final = frozenset({placements.PROGRAM, "程序"})
# Degrees, about a tenth of a metre: what is answered as near as this is the same answer.
_SAME_SPOT: Final = 1e-6
_UNTAUGHT: Final = "所依据的叫法已撤销"
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
    area. Raises NotFoundError, InputError (outside every area, an alias that cannot be taught, or the
    program's own name in `done_by`) and ConflictError (its place has changed since it was seen).
    """
    _check_name(done_by)
    owner = areas.find_owner(session, point)
    if owner is None:
        raise InputError("图钉不在任何网格内：请把它移到辖区里面再确认")
    # Before the lock, which would make this a transaction that writes: those see a gazetteer of their own.
    if alias := alias.strip():
        # A name that several places bear does not tell which of them is meant: then it is the spot.
        known = gazetteer.known(session)
        meant = geocode(place, known.gazetteer, known.owner)
        is_meant = meant.area == owner["code"] and _is_place(address.canonical(place), known.gazetteer)
        place = place.strip() if is_meant else ""
        check_alias(session, alias, owner["code"], place)
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

    Why it waits is told anew, since the gazetteer may have changed. What was placed by the name that it
    taught waits, too, unless its address leads there without that name. `line` is the log's line of the
    confirmation, which must be the report's last. Raises NotFoundError, InputError (the program's own name
    in `done_by`) and ConflictError.
    """
    _check_name(done_by)
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
        _release(session, line, address.canonical(log[0]["alias"]))
    _renew_reasons(session, identity)
    return {"placement": withdrawn, "id": identity, "reference": report["reference"]}


def check_alias(session: Session, alias: str, area: str, place: str) -> None:
    """Raise InputError, in words for the reader, where a text cannot be taught as a name in an area.

    `place` is the known place that it is to mean, empty for a spot.
    """
    if len(alias) > _LONGEST_ALIAS:
        raise InputError(f"要记住的叫法太长：最多 {_LONGEST_ALIAS} 个字")
    spelled = address.canonical(alias).strip(",.-()")
    steps = address.steps(spelled)
    if set("<>") & set(unicodedata.normalize("NFKC", alias)):
        raise InputError("要记住的叫法里不能有尖括号：请写人们对这个地方的叫法")
    if steps and not spelled[: steps[0].start]:
        raise InputError(f"“{alias}”只有门牌或楼栋号：请把小区或道路的名称也写上")
    if address.is_nothing(spelled) or sum(map(str.isalpha, spelled)) < 2:
        raise InputError(f"“{alias}”不像地名：请写人们对这个地方的叫法，至少两个字")
    known = gazetteer.known(session)
    if _is_division(spelled, known.gazetteer):
        raise InputError(f"“{alias}”是省市、区县、镇街或社区的名称，不是一个地点：请写得更具体")
    if reading.is_filler(spelled):
        raise InputError(f"“{alias}”不像地名，许多地址里都有这样的字眼：请写人们对这个地方的叫法")
    if known.gazetteer.is_noun(spelled):
        raise InputError(f"“{alias}”是一类地方的通称，不止一处：请把它的名称也写上")
    match = geocode(alias, known.gazetteer, known.owner)
    is_name = known.gazetteer.find(spelled) is not None
    # A common noun (药店) is the end of several names, or an alias of several places.
    is_common = is_name or all(address.canonical(one.place).endswith(spelled) for one in match.candidates)
    if match.abstained and len(match.candidates) > 1 and is_common:
        raise InputError(f"“{alias}”在辖区内不止一处：请写得更具体，否则以后会放错")
    if is_name and match.area is not None and match.area != area:
        name = areas.get_area(session, match.area)["name"]
        raise InputError(f"“{alias}”已经是{name}里“{match.place}”的叫法：请写得更具体，否则那里会放错")
    # The spot would stand for all that is so called: an estate with its buildings, a road with its doors.
    if not place and (_is_place(spelled, known.gazetteer) or known.gazetteer.has_series(spelled)):
        raise InputError(
            f"“{alias}”是已知地点的名称，不能改指图钉所在的一点：请写得更具体，或先选一个候选地点"
        )


def _is_division(spelled: str, known: Gazetteer) -> bool:
    """Whether a canonical text names a division, of ours or of the country; 幸福里 may be an estate as well."""
    named, rest = contexts.unlisted(spelled)
    return bool(
        (spelled in known.contexts.texts and not _is_place(spelled, known))
        or contexts.is_town(spelled)
        or divisions.find(spelled)
        or divisions.is_city(spelled)
        or (named and not rest)
    )


def _is_place(spelled: str, known: Gazetteer) -> bool:
    """Whether a canonical text is what a place is called, other than an area or a spot that people taught."""
    entry = known.find(spelled)
    return entry is not None and any(
        known.kind(row) != "taught" and not known.is_area(row) for row in entry.rows
    )


def _check_name(done_by: str) -> None:
    """Raise InputError where a person signs as the program: any case, any width, unseen characters between."""
    plain = unicodedata.normalize("NFKC", done_by).casefold()
    if "".join(sign for sign in plain if unicodedata.category(sign)[0] not in "CZ") in _PROGRAM:
        raise InputError(f"“{done_by}”是程序在记录里的名字：请写自己的名字")


def _release(session: Session, line: int, alias: str) -> None:
    """Let wait what the program placed after a line of the log by a name (canonical) that is withdrawn now."""
    placed = [
        report
        for report in placements.list_geocoded(session, since=line)
        if alias in address.canonical(report["address"])
    ]
    if not placed:
        return
    known = gazetteer.known(session)
    found = geocode_many([report["address"] for report in placed], known.gazetteer, known.owner)
    for report, now in zip(placed, found.to_dict("records"), strict=True):
        if (
            now["area"] == report["area"]
            and abs(now["x"] - report["lng"]) < _SAME_SPOT
            and abs(now["y"] - report["lat"]) < _SAME_SPOT
        ):
            continue
        if now["area"] is None:
            told = now["reasons"].split("；") if now["reasons"] else []
        else:
            told = [_known_now(session, now["place"], now["area"])]
        placements.release(session, report["id"], now["confidence"], [_UNTAUGHT, *told])


def _renew_reasons(session: Session, identity: int) -> None:
    """Tell anew why a report waits; it is left to a person even where its address is known meanwhile."""
    report = placements.get_report(session, identity)
    if report["waiting"] is None:
        return
    known = gazetteer.known(session)
    given = pd.DataFrame(
        {
            "x": [report["lng"]],
            "y": [report["lat"]],
            "accuracy_m": [report["accuracy_m"]],
            "address": [report["address"]],
        }
    ).astype({"x": np.float64, "y": np.float64, "accuracy_m": np.float64})
    parents = areas.list_parents(session)
    names = dict(zip(parents["code"], parents["name"], strict=True))
    now = locating.place_reports(known, names, given, lambda _read: None).iloc[0]
    match = geocode(report["address"] or "", known.gazetteer, known.owner)
    if now["waiting"] == report["waiting"]:
        told = now["location_reasons"]
    else:
        told = [f"坐标现在在{names[now['area']]}"] if report["waiting"] == "outside" else []
        told += [_known_now(session, match.place, match.area)] if match.area is not None else []
        told += match.reasons
    confidence = now["location_confidence"]
    placements.renew_reasons(session, identity, None if np.isnan(confidence) else float(confidence), told)


def _known_now(session: Session, place: str | None, area: str) -> str:
    return f"地址现在可以确定：{place}（{areas.get_area(session, area)['name']}）"


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
        "withdrawn": f"收回了位置（{_UNTAUGHT}）" if who == "程序" else "撤销了确认",
    }[last["action"]]
    return f"{report['reference']} 已于 {moment} 由{who}{deed}"
