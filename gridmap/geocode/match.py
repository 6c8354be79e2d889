"""A text → the place that it means and the area that owns it, or an abstention that says why."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.errors import InputError
from gridmap.geo import crs
from gridmap.geo.locate import AreaIndex
from gridmap.geocode import address, confidence, discs
from gridmap.geocode.finding import MOST_OFFERED, Finding, find, refused, senseless
from gridmap.geocode.gazetteer import Gazetteer, Owner

if TYPE_CHECKING:
    import geopandas as gpd


class Status(StrEnum):
    ANSWERED = "answered"
    ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may be meant; x, y lon/lat in EPSG:4490."""

    place: str
    x: float
    y: float
    area: str | None
    confidence: float
    kind: str


@dataclass(frozen=True, slots=True)
class Match:
    """What a text means.

    x, y: lon/lat in EPSG:4490, `radius_m` their uncertainty; `area` the code of the owner; `confidence`
    the calibrated probability that `area` is right. Of an abstention place, x, y, radius_m and area are
    None, `confidence` is that of the answer withheld, and `reasons` tells why. `candidates`: the likeliest
    first, of answers and of abstentions.
    """

    text: str
    status: Status
    place: str | None
    x: float | None
    y: float | None
    area: str | None
    radius_m: float | None
    confidence: float
    reasons: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()

    @property
    def abstained(self) -> bool:
        return self.status is Status.ABSTAINED


def geocode(text: str, gazetteer: Gazetteer, areas: gpd.GeoDataFrame | Owner | None = None) -> Match:
    """Find what a text means.

    `areas`: polygons with a column `code` and a CRS, or a function of x, y (n,) that answers the code of
    the owner of each point, or None: then the areas of the gazetteer's rows are all that is known. Raises
    nothing for any text.
    """
    owner = _owner(areas)
    text = text if isinstance(text, str) else ""
    return _match(text, resolve([text], gazetteer, owner)[0], gazetteer, _owned(gazetteer, owner))


def geocode_many(
    texts: Iterable[str], gazetteer: Gazetteer, areas: gpd.GeoDataFrame | Owner | None = None
) -> pd.DataFrame:
    """`geocode` for many texts: place, x, y, radius_m, area, confidence, status, reasons, in their order.

    Of abstained rows place, x, y, radius_m and area are missing. Reasons are joined by ；.
    """
    listed = list(texts)
    distinct = list(dict.fromkeys(text if isinstance(text, str) else "" for text in listed))
    position = {text: k for k, text in enumerate(distinct)}
    with _no_collection():
        found = resolve(distinct, gazetteer, _owner(areas))
    verdicts = [_verdict(finding) for finding in found]
    order = np.array([position[text if isinstance(text, str) else ""] for text in listed], dtype=np.intp)
    answered = np.array([verdict.answered for verdict in verdicts], dtype=bool)

    def column(values: list[Any], nothing: Any, kind: Any) -> NDArray[Any]:
        """What each finding says, or `nothing` where no answer is given."""
        taken = [value if yes else nothing for value, yes in zip(values, answered, strict=True)]
        made: NDArray[Any] = np.array([*taken, None] if kind is object else taken, dtype=kind)[: len(taken)]
        return made[order]

    return pd.DataFrame(
        {
            "place": column([finding.place for finding in found], None, object),
            "x": column([finding.x for finding in found], np.nan, np.float64),
            "y": column([finding.y for finding in found], np.nan, np.float64),
            "radius_m": column([finding.radius_m for finding in found], np.nan, np.float64),
            "area": column([finding.area for finding in found], None, object),
            "confidence": np.array([verdict.confidence for verdict in verdicts])[order],
            "status": np.where(answered, str(Status.ANSWERED), str(Status.ABSTAINED)).astype(object)[order],
            "reasons": np.array(["；".join(verdict.reasons) for verdict in verdicts], dtype=object)[order],
        }
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the collector of cycles, of which none are made: it goes through all of a gazetteer each time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _owned(gazetteer: Gazetteer, owner: Owner | None) -> Sequence[str | None]:
    """The area of each row of the gazetteer."""
    return gazetteer.areas if owner is None else gazetteer.areas_by(owner)


def resolve(texts: Sequence[str], gazetteer: Gazetteer, owner: Owner | None) -> list[Finding]:
    """What each text comes to, with its evidence, whether or not it is enough for an answer."""
    owned = _owned(gazetteer, owner)
    refusals = []
    asked = []
    for raw, written in zip(texts, address.canonical_many(texts), strict=True):
        refusals.append(senseless(raw, written))
        # All rooms of a house are one question.
        asked.append(address.without_lead(address.without_rooms(written)).strip(",.-"))
    distinct = list(
        dict.fromkeys(text for text, refusal in zip(asked, refusals, strict=True) if refusal is None)
    )
    made = [find(text, gazetteer, owned) for text in distinct]
    discs.lay([finding for finding in made if finding.disc and not finding.refused], gazetteer, owner)
    if owner is not None or gazetteer.codes:
        for finding in made:
            if finding.area is None and not finding.refused:
                refused(finding, f"“{finding.place}”不在任何辖区内")
    by_text = dict(zip(distinct, made, strict=True))
    return [
        refused(Finding(), refusal) if refusal else by_text[text]
        for text, refusal in zip(asked, refusals, strict=True)
    ]


class _Verdict(NamedTuple):
    answered: bool
    confidence: float
    reasons: tuple[str, ...]


def _verdict(finding: Finding) -> _Verdict:
    """Whether the evidence of a finding is enough for an answer."""
    sure = confidence.estimate(finding.evidence) * finding.share if finding.evidence else 0.0
    if finding.refused or finding.evidence is None:
        return _Verdict(False, sure, tuple(finding.reasons))
    if sure < confidence.THRESHOLD:
        doubt = f"把握不足（{sure:.0%}，需 {confidence.THRESHOLD:.0%}）"
        return _Verdict(False, sure, (*finding.reasons, doubt))
    return _Verdict(True, sure, tuple(finding.reasons))


def _match(text: str, finding: Finding, gazetteer: Gazetteer, owned: Sequence[str | None]) -> Match:
    verdict = _verdict(finding)
    candidates = _candidates(finding, gazetteer, owned, verdict.confidence)
    if not verdict.answered:
        nothing = (None, None, None, None, None)
        return Match(text, Status.ABSTAINED, *nothing, verdict.confidence, verdict.reasons, candidates)
    return Match(
        text,
        Status.ANSWERED,
        finding.place,
        finding.x,
        finding.y,
        finding.area,
        finding.radius_m,
        verdict.confidence,
        verdict.reasons,
        candidates,
    )


def _candidates(
    finding: Finding, gazetteer: Gazetteer, owned: Sequence[str | None], sure: float
) -> tuple[Candidate, ...]:
    """The answer first, then one place for each name and area that may be meant."""
    found: list[Candidate] = []
    seen: set[tuple[str, str | None]] = set()
    if finding.place and not math.isnan(finding.x):
        kind = gazetteer.kind(finding.rows[0]) if finding.rows else "address"
        found.append(Candidate(finding.place, finding.x, finding.y, finding.area, sure, kind))
        seen.add((finding.place, finding.area))
    rows = [*finding.rows, *finding.others, *_alike(finding.unknown, gazetteer)]
    rest = max(0.0, 1 - sure)
    for row in rows:
        key = (gazetteer.label(row), owned[row])
        if key not in seen and len(found) < MOST_OFFERED:
            seen.add(key)
            found.append(
                Candidate(
                    key[0], gazetteer.x[row], gazetteer.y[row], key[1], rest / len(rows), gazetteer.kind(row)
                )
            )
    return tuple(found)


def _alike(words: Sequence[str], gazetteer: Gazetteer) -> list[int]:
    """Rows whose names share pieces with words that are not known: for a person to choose from."""
    rows: list[int] = []
    for word in words[:2]:
        for k in gazetteer.likeness.sharing(word.strip(",")[:20], MOST_OFFERED):
            entry = gazetteer.find(gazetteer.name_at(k))
            rows += entry.rows[:1] if entry else ()
    return rows


def _owner(areas: gpd.GeoDataFrame | Owner | None) -> Owner | None:
    """The function that tells the owner of points; that of a frame is kept for its next use."""
    global _latest
    if areas is None or callable(areas):
        return areas
    if _latest is None or _latest[0]() is not areas:
        if not hasattr(areas, "crs") or "code" not in areas.columns:
            raise InputError("areas must be a GeoDataFrame with a column 'code', a function, or None")
        outlines = areas.to_crs(crs.STORAGE) if crs.require(areas).is_projected else areas
        index = AreaIndex(outlines, kind="kind" if "kind" in areas.columns else None)
        codes = np.array([*(str(code) for code in areas["code"]), None], dtype=object)

        def owner(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.object_]:
            found: NDArray[np.object_] = codes[index.locate(x, y)]
            return found

        _latest = (weakref.ref(areas), owner)
    return _latest[1]


_latest: tuple[weakref.ref[gpd.GeoDataFrame], Owner] | None = None
