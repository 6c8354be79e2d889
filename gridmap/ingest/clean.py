"""Rows of a file → accepted rows in EPSG:4490 and rejected rows with reasons, for each kind of import.

Every function takes the source, the declared system as `geo.crs.declare` names it, and the columns that the
user mapped (field → column). It raises InputError only when the file as a whole cannot be used: a field
without a column, coordinates that the file itself says are in another system.
"""

from __future__ import annotations

import hashlib
import itertools
import operator
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.errors import InputError
from gridmap.geo import tiling
from gridmap.geo.crs import Geometries
from gridmap.ingest.cells import shown
from gridmap.ingest.checks import Checks, Cleaned, Floats
from gridmap.ingest.source import Source, listed
from gridmap.types import AreaCode, AreaKind, Level, OpeningHours

__all__ = [
    "Cleaned",
    "clean_areas",
    "clean_demand",
    "clean_landscape",
    "clean_places",
    "clean_reports",
    "clean_stations",
    "clean_streets",
    "clean_workers",
]

MAX_NEW_KINDS: Final = 40
LONGEST_CODE: Final = 40
LONGEST_NAME: Final = 200
LONGEST_ADDRESS: Final = 300
LONGEST_PHONE: Final = 60
LONGEST_REFERENCE: Final = 100
LONGEST_LIST: Final = 1_000
LONGEST_TEXT: Final = 10_000

_SEPARATORS: Final = r"\s*[;；、,，|]\s*"
# The two digits with which codes of GB/T 2260 begin.
_PROVINCES: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]")
_AREA_KINDS: Final = {
    **dict.fromkeys(("general", "综合", "综合网格", "普通网格"), AreaKind.GENERAL.value),
    **dict.fromkeys(("dedicated", "专属", "专属网格"), AreaKind.DEDICATED.value),
}
_STREET_CLASSES: Final = {
    **dict.fromkeys(
        ("primary", "trunk", "motorway", "primary_link", "trunk_link", "主干道", "主干路"), "primary"
    ),
    **dict.fromkeys(("secondary", "secondary_link", "次干道", "次干路"), "secondary"),
    **dict.fromkeys(("tertiary", "tertiary_link", "支路"), "tertiary"),
    **dict.fromkeys(("residential", "unclassified", "living_street", "小区路", "街巷"), "residential"),
    **dict.fromkeys(("alley", "service", "巷", "巷道"), "alley"),
    **dict.fromkeys(("path", "footway", "steps", "pedestrian", "track", "cycleway", "步道", "小路"), "path"),
}
_LANDSCAPE_KINDS: Final = {
    **dict.fromkeys(("water", "水", "水系", "水域", "河流", "湖泊"), "water"),
    **dict.fromkeys(("green", "绿地", "公园", "林地"), "green"),
    **dict.fromkeys(("railway", "铁路"), "railway"),
    **dict.fromkeys(("square", "广场"), "square"),
}
_ROLES: Final = {
    **dict.fromkeys(("lead", "网格长"), "lead"),
    **dict.fromkeys(("full", "专职", "专职网格员", "网格员"), "full"),
    **dict.fromkeys(("part", "兼职", "兼职网格员"), "part"),
}
_NO_KIND: Final = "其他"
_SHAPES: Final = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
_POLYGONS: Final = ("Polygon", "MultiPolygon")
_LINES: Final = ("LineString", "MultiLineString")

_AREAL: Final = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def clean_areas(
    source: Source,
    declared: str,
    given: Mapping[str, str],
    *,
    level: Level,
    codes: str = "auto",
    merge_parts: bool = False,
) -> Cleaned:
    """code, level, kind, name, parent, households, population, valid_from, row and MultiPolygons.

    `codes` says whether they have the form of GB/T 2260 (`national`), any form of letters, digits, `_`, `.`
    and `-` (`foreign`), or whether the file decides (`auto`: foreign when not one code has the national form
    of the level). The parent is the beginning of a national code, and a mapped column of a foreign one.
    Invalid rings are repaired by `tiling.repair` and named in the notices; `original` keeps them. A code
    that a row above has is refused; with `merge_parts` rows of one code are parts of one area, which takes
    the first one's fields.
    """
    checks = Checks(source, "areas", given)
    text = checks.text("code", LONGEST_LIST, required=True)
    national = _is_national(checks, text, level, codes)
    code, parent = (_national_codes if national else _foreign_codes)(checks, text, level)
    name = checks.text("name", LONGEST_NAME)
    if "name" not in checks.mapping:
        checks.notices.append("no column for name: areas are named by their code; say --map name=COLUMN")
    kind, said = checks.choice("kind", _AREA_KINDS)
    checks.reject(_unknown(kind, said), "kind", "is neither general (综合) nor dedicated (专属)")
    households, population = (checks.number(field, whole=True) for field in ("households", "population"))
    valid_from = checks.days("valid_from")
    drawn = checks.shapes(declared, _POLYGONS)
    geometry = _repaired(checks, drawn.copy(), code)
    if merge_parts:
        _merge(checks, geometry, drawn, code)
    checks.unique(code, "code", "each area needs its own, unless the rows are parts of one (--merge-parts)")
    as_drawn = _identical(geometry, drawn)
    geometry = _multi(geometry)
    cleaned = checks.finish(
        {
            "code": code,
            "level": level.value,
            "kind": kind.fillna(AreaKind.GENERAL.value),
            "name": name.where(name != "", code),
            "parent": parent,
            "households": households,
            "population": population,
            "valid_from": valid_from,
        },
        geometry,
    )
    return replace(cleaned, original=np.where(as_drawn, geometry, drawn)[checks.sound])


def clean_stations(
    source: Source,
    declared: str,
    given: Mapping[str, str],
    *,
    kinds: pd.DataFrame,
    amenities: pd.DataFrame,
) -> Cleaned:
    """reference, kind, name, address, phone, opening_hours, amenities (list), capacity, use_month, visits,
    waters, medicines, raw_x, raw_y, crs, row and points.

    `kinds` and `amenities` have code and name. A kind that `kinds` lacks keeps its text and is listed in
    `new_kinds`; beyond 40 of them the rows are refused. Without a reference one is derived from name, address
    and position, with -2, -3 … for repeats.
    """
    checks = Checks(source, "stations", given)
    name = checks.text("name", LONGEST_NAME, required=True)
    address, phone = checks.text("address", LONGEST_ADDRESS), checks.text("phone", LONGEST_PHONE)
    kind, said = checks.choice("kind", _dictionary(kinds))
    hours = _opening_hours(checks)
    offered = _amenities(checks, amenities)
    capacity = checks.number("capacity", whole=True)
    use_month = checks.days("use_month")
    use = {field: checks.number(field, whole=True) for field in ("visits", "waters", "medicines")}
    raw, stored = checks.points(declared, required=True)
    kind, new_kinds = _with_new_kinds(checks, kind, said, kinds)
    reference = _references(checks, [name, address], stored)
    checks.unique(reference, "reference")
    cleaned = checks.finish(
        {
            "reference": reference,
            "kind": kind,
            "name": name,
            "address": address,
            "phone": phone,
            "opening_hours": hours,
            "amenities": offered,
            "capacity": capacity,
            "use_month": use_month - pd.to_timedelta(use_month.dt.day - 1, unit="D"),
            **use,
            **_as_received(raw, declared),
        },
        _points(stored),
    )
    return replace(cleaned, new_kinds=new_kinds)


def clean_places(source: Source, declared: str, given: Mapping[str, str], *, kinds: pd.DataFrame) -> Cleaned:
    """name, aliases (list), kind, parent, address, managed, committee (True, False, None), row and geometries.

    `kinds` has code and name; a place without a kind is a landmark.
    """
    checks = Checks(source, "places", given)
    name = checks.text("name", LONGEST_NAME, required=True)
    aliases = _split(checks.text("aliases", LONGEST_LIST))
    kind, said = checks.choice("kind", _dictionary(kinds))
    checks.reject(
        _unknown(kind, said), "kind", f"is no kind of place: use one of {listed(list(kinds['code']), 20)}"
    )
    parent, address = checks.text("parent", LONGEST_NAME), checks.text("address", LONGEST_ADDRESS)
    managed, committee = checks.flag("managed"), checks.flag("committee")
    geometry = _repaired(checks, checks.shapes(declared, _SHAPES), name)
    return checks.finish(
        {
            "name": name,
            "aliases": aliases,
            "kind": kind.fillna("landmark"),
            "parent": parent,
            "address": address,
            "managed": managed,
            "committee": committee,
        },
        geometry,
    )


def clean_streets(source: Source, declared: str, given: Mapping[str, str]) -> Cleaned:
    """name, class (primary … path), bridge, row and LineStrings; a row of several lines becomes several."""
    checks = Checks(source, "streets", given)
    name = checks.text("name", LONGEST_NAME)
    kind, said = checks.choice("class", _STREET_CLASSES)
    known = ", ".join(dict.fromkeys(_STREET_CLASSES.values()))
    checks.reject(_unknown(kind, said), "class", f"is no class of street: use one of {known}")
    bridge = checks.flag("bridge")
    geometry = checks.shapes(declared, _LINES)
    checks.reject(shapely.length(geometry) == 0, "geometry", "is a line without length: draw it again")
    cleaned = checks.finish(
        {"name": name, "class": kind.fillna("residential"), "bridge": bridge.eq(True)}, geometry
    )
    return replace(cleaned, accepted=cleaned.accepted.explode(ignore_index=True))


def clean_landscape(source: Source, declared: str, given: Mapping[str, str]) -> Cleaned:
    """kind (water, green, railway, square), name, row and geometries."""
    checks = Checks(source, "landscape", given)
    kind, said = checks.choice("kind", _LANDSCAPE_KINDS)
    known = ", ".join(dict.fromkeys(_LANDSCAPE_KINDS.values()))
    checks.reject(kind.isna().to_numpy(bool), "kind", f"is no kind of landscape: use one of {known}")
    name = checks.text("name", LONGEST_NAME)
    geometry = _repaired(checks, checks.shapes(declared, (*_LINES, *_POLYGONS)), said)
    return checks.finish({"kind": kind, "name": name}, geometry)


def clean_demand(source: Source, declared: str, given: Mapping[str, str]) -> Cleaned:
    """building, people, households, elderly, children, riders, raw_x, raw_y, crs, row and points."""
    checks = Checks(source, "demand", given)
    building = checks.text("building", LONGEST_CODE)
    people = checks.number("people", required=True)
    others = {field: checks.number(field) for field in ("households", "elderly", "children", "riders")}
    raw, stored = checks.points(declared, required=True)
    return checks.finish(
        {"building": building, "people": people, **others, **_as_received(raw, declared)}, _points(stored)
    )


def clean_reports(
    source: Source,
    declared: str,
    given: Mapping[str, str],
    *,
    categories: pd.DataFrame,
    sources: pd.DataFrame,
    now: datetime | None = None,
) -> Cleaned:
    """reference, source, category, category_given, text, address, accuracy_m, occurred_at, reported_at, due_at,
    closed_at (UTC), raw_x, raw_y, crs, row and points, None where a report came with words alone.

    `categories` and `sources` have code and name. A category that is not among them becomes `other` and is
    kept in `category_given`; an unknown source becomes `imported`. A report without coordinates is accepted,
    one with half of them is not. Without a reference one is derived from all of its fields, with -2, -3 …
    for repeats; source and reference together must be unique. `now` defaults to the clock.
    """
    checks = Checks(source, "reports", given)
    text, address = checks.text("text", LONGEST_TEXT), checks.text("address", LONGEST_ADDRESS)
    category, category_said = checks.choice("category", _dictionary(categories))
    origin, origin_said = checks.choice("source", _dictionary(sources))
    _note_unknown(checks, category, category_said, "category", "other")
    _note_unknown(checks, origin, origin_said, "source", "imported")
    moments = checks.moments(("occurred_at", "reported_at", "due_at", "closed_at"), now or datetime.now(UTC))
    reported = moments["reported_at"].fillna(moments["occurred_at"])
    checks.reject(
        reported.isna().to_numpy(bool), "reported_at", "is empty: every report needs the time it came in"
    )
    silent = ((text == "") & (address == "") & (category_said == "")).to_numpy(bool)
    checks.reject(silent, "text", "is empty, and so are address and category: the report says nothing")
    accuracy = checks.number("accuracy_m")
    raw, stored = checks.points(declared, required=False)
    words_only = int((checks.sound & np.isnan(stored[:, 0])).sum())
    if source.geometry is None and not checks.mapping.keys() & {"lng", "wkt"}:
        checks.notices.append(
            "no columns for coordinates: all reports are stored without a place; "
            "say --map lng=COLUMN --map lat=COLUMN"
        )
    elif words_only:
        checks.notices.append(f"without coordinates, waiting for a place: {words_only:,} reports")
    origin = origin.fillna("imported")
    moment = reported.astype("int64").astype("str")
    reference = _references(checks, [origin, category_said, text, address, moment], stored)
    checks.unique(reference if origin.nunique() == 1 else origin + " " + reference, "reference")
    return checks.finish(
        {
            "reference": reference,
            "source": origin,
            "category": category.fillna("other"),
            "category_given": category_said.where(category.isna(), ""),
            "text": text,
            "address": address,
            "accuracy_m": accuracy,
            **(moments | {"reported_at": reported}),
            **_as_received(raw, declared),
        },
        _points(stored),
    )


def clean_workers(source: Source, _declared: str, given: Mapping[str, str]) -> Cleaned:
    """reference (derived from name and phone), name, phone, role (lead, full, part), areas (list), row.

    Rows of one name and phone are one worker: the first of them, with the areas of all and the first role
    that one of them gives.
    """
    checks = Checks(source, "workers", given)
    name, phone = checks.text("name", LONGEST_NAME, required=True), checks.text("phone", LONGEST_PHONE)
    role, said = checks.choice("role", _ROLES)
    checks.reject(_unknown(role, said), "role", "is no role: use 网格长, 专职 or 兼职")
    areas = _split(checks.text("areas", LONGEST_LIST))
    role, areas = _merged_workers(checks, name, phone, role, areas)
    none = np.full((len(name), 2), np.nan)
    return checks.finish(
        {
            "reference": _references(checks, [name, phone], none),
            "name": name,
            "phone": phone,
            "role": role.fillna("full"),
            "areas": areas,
        }
    )


def _is_national(checks: Checks, text: pd.Series, level: Level, codes: str) -> bool:
    if codes not in ("auto", "national", "foreign"):
        raise InputError(f"codes are auto, national or foreign, not {shown(codes)!r}")
    if codes != "auto":
        return codes == "national"
    known = [cell for cell in text if cell]
    if any(_is_code(cell, level) or _is_code(_bare(cell), level) for cell in known):
        return True
    for other in Level:
        if known and all(_PROVINCES.match(cell) and _is_code(cell, other) for cell in known):
            raise InputError(
                f"code {shown(known[0])!r} and all others are {other} codes, not {level} codes: declare the level "
                f"{other}, or say that the codes are foreign",
                file=checks.source.name,
                field=checks.mapping["code"],
            )
    checks.notices.append(
        f"no code has the national form of a {level}: codes are taken as foreign, and parents from a mapped column only"
    )
    return False


def _is_code(text: str, level: Level) -> bool:
    try:
        AreaCode.parse(text, level)
    except InputError:
        return False
    return True


def _national_codes(checks: Checks, text: pd.Series, level: Level) -> tuple[pd.Series, pd.Series]:
    codes, parents, reasons = [], [], {}
    for position, cell in enumerate(text):
        try:
            code = AreaCode.parse(cell, level)
            codes.append(code.text)
            parents.append(code.parent or "")
        except InputError as error:
            codes.append(cell)
            parents.append("")
            reasons[position] = _lost_digits(cell) or _disguised(cell, level) or str(error)
    checks.reject(checks.at(reasons), "code", lambda position: reasons[position])
    return pd.Series(codes, dtype="str"), pd.Series(parents, dtype="str")


def _foreign_codes(checks: Checks, text: pd.Series, _level: Level) -> tuple[pd.Series, pd.Series]:
    fits = text.str.fullmatch(rf"[A-Za-z0-9_.-]{{1,{LONGEST_CODE}}}").to_numpy(bool)
    checks.reject(
        ~fits,
        "code",
        lambda position: (
            _lost_digits(text[position])
            or f"code {shown(text[position])!r} is not of 1 to {LONGEST_CODE} letters, digits, _ . or -"
        ),
    )
    return text, checks.text("parent", LONGEST_CODE)


def _lost_digits(text: str) -> str | None:
    if re.fullmatch(r"\d(\.\d+)?[eE]\+\d+", text):
        return f"code {text} was stored as a number and lost its digits: store codes as text and export again"
    return None


def _bare(text: str) -> str:
    """A code without blanks, its full-width digits as plain ones."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _disguised(text: str, level: Level) -> str | None:
    bare = _bare(text)
    if not _is_code(bare, level):
        return None
    found = []
    if any(not character.isascii() and not character.isspace() for character in text):
        found.append("full-width digits")
    if len(text.split()) > 1:
        found.append("blanks")
    return f"code {shown(text)!r} is written with {' and '.join(found)}: write {bare}"


def _repaired(checks: Checks, geometry: Geometries, labels: pd.Series) -> Geometries:
    """The geometries with valid polygons; what was repaired is named in the notices."""
    areal = np.flatnonzero(np.isin(shapely.get_type_id(geometry), _AREAL))
    polygons, reasons = tiling.repair(geometry[areal])
    said = dict(zip(areal.tolist(), reasons, strict=True))
    geometry[areal] = polygons
    lost = shapely.is_missing(geometry) & checks.sound
    checks.reject(lost, "geometry", lambda position: f"cannot be repaired: {said[position]}; draw it again")
    for position, reason in said.items():
        if reason and checks.sound[position]:
            row = checks.source.rows[position]
            checks.notices.append(f"row {row}, {shown(labels[position])}: {reason}; its rings were repaired")
    return geometry


def _multi(geometry: Geometries) -> Geometries:
    single = shapely.get_type_id(geometry) == shapely.GeometryType.POLYGON
    geometry[single] = [shapely.MultiPolygon([polygon]) for polygon in geometry[single]]
    return geometry


def _identical(left: Geometries, right: Geometries) -> NDArray[np.bool_]:
    return np.fromiter(map(operator.is_, left, right), dtype=bool, count=len(left))


def _merge(checks: Checks, geometry: Geometries, drawn: Geometries, code: pd.Series) -> None:
    """Unite the geometries of one code in its first row, and take the other rows out.

    So are the drawn ones; where one of them was repaired they are only collected: an overlay would fail.
    """
    sound = code[checks.sound]
    for text, positions in sound.groupby(sound).groups.items():
        if len(positions) > 1:
            first, *others = positions
            parts = list(positions)
            valid = _identical(geometry[parts], drawn[parts]).all()
            geometry[first] = shapely.union_all(geometry[parts])
            together = shapely.multipolygons(shapely.get_parts(drawn[parts]))
            drawn[first] = geometry[first] if valid else together
            checks.sound[others] = False
            rows = ", ".join(str(checks.source.rows[position]) for position in positions)
            checks.notices.append(f"code {text}: rows {rows} are parts of one area")


def _merged_workers(
    checks: Checks, name: pd.Series, phone: pd.Series, role: pd.Series, areas: pd.Series
) -> tuple[pd.Series, pd.Series]:
    """Roles and areas with those of one worker in the first row; the other rows are taken out."""
    role, areas = role.copy(), areas.copy()
    worker = (name + "\x1f" + phone)[checks.sound]
    merged = []
    for positions in worker.groupby(worker, sort=False).groups.values():
        if len(positions) > 1:
            first, *others = positions
            role.iloc[first] = next(iter(role.iloc[positions].dropna()), None)
            areas.iloc[first] = list(dict.fromkeys(itertools.chain.from_iterable(areas.iloc[positions])))
            checks.sound[others] = False
            merged.append(f"{name[first]} ({len(positions)} rows)")
    if merged:
        rows = len(worker) - int(checks.sound.sum())
        checks.notices.append(
            f"rows of the same name and phone are one worker, {rows:,} were merged into others: {listed(merged)}"
        )
    return role, areas


def _dictionary(table: pd.DataFrame) -> dict[str, str]:
    """Case-folded names and codes → code."""
    codes = table["code"].astype(str).tolist()
    pairs = [*zip(table["name"].astype(str), codes, strict=True), *zip(codes, codes, strict=True)]
    return {text.casefold(): code for text, code in pairs}


def _unknown(codes: pd.Series, said: pd.Series) -> NDArray[np.bool_]:
    return (codes.isna() & (said != "")).to_numpy(bool)


def _note_unknown(checks: Checks, codes: pd.Series, said: pd.Series, field: str, default: str) -> None:
    counts = said[_unknown(codes, said)].value_counts()
    if len(counts):
        few = [f"{text} ({count:,})" for text, count in counts.items()]
        checks.notices.append(
            f"{field}: {counts.sum():,} cells are not in the dictionary and become {default}: {listed(few)}"
        )


def _with_new_kinds(
    checks: Checks, kind: pd.Series, said: pd.Series, kinds: pd.DataFrame
) -> tuple[pd.Series, list[str]]:
    none = "other" if "other" in set(kinds["code"]) else _NO_KIND
    kind = kind.fillna(said.where(~said.isin(["", _NO_KIND]), none))
    new = ~kind.isin(kinds["code"])
    names = list(dict.fromkeys(kind[new & checks.sound]))
    checks.reject(
        kind.isin(names[MAX_NEW_KINDS:]).to_numpy(bool),
        "kind",
        f"is one of more than {MAX_NEW_KINDS} kinds that the dictionary lacks: map another column as kind",
    )
    names = names[:MAX_NEW_KINDS]
    if names:
        checks.notices.append(f"kinds that the dictionary lacks: {listed(names, MAX_NEW_KINDS)}")
    return kind, names


def _opening_hours(checks: Checks) -> pd.Series:
    hours = checks.text("opening_hours", LONGEST_NAME)
    reasons = {}
    for text in hours.unique():
        try:
            OpeningHours.parse(text)
        except InputError as error:
            reasons[text] = str(error)
    checks.reject(
        hours.isin(list(reasons)).to_numpy(bool), "opening_hours", lambda position: reasons[hours[position]]
    )
    return hours


def _amenities(checks: Checks, amenities: pd.DataFrame) -> pd.Series:
    known = _dictionary(amenities)
    offered = _split(checks.text("amenities", LONGEST_LIST))
    unknown = dict.fromkeys(name for names in offered for name in names if name.casefold() not in known)
    if unknown:
        checks.notices.append(f"amenities that the dictionary lacks are left out: {listed(list(unknown))}")
    return offered.map(
        lambda names: list(dict.fromkeys(known[n.casefold()] for n in names if n.casefold() in known))
    )


def _split(texts: pd.Series) -> pd.Series:
    lists = [[part for part in re.split(_SEPARATORS, text.strip()) if part] for text in texts]
    return pd.Series(lists, dtype=object)


def _references(checks: Checks, parts: Sequence[pd.Series], stored: Floats) -> pd.Series:
    """The given references; where there is none, a hash of the parts and the position, with -2, -3 … for repeats."""
    references = checks.text("reference", LONGEST_REFERENCE)
    absent = np.flatnonzero((references == "").to_numpy(bool) & checks.sound)
    if not len(absent):
        return references
    places = [f"{x:.6f},{y:.6f}" for x, y in stored[absent].tolist()]
    words = zip(*(part.iloc[absent] for part in parts), places, strict=True)
    marks = pd.Series(
        [hashlib.blake2b("\x1f".join(word).encode(), digest_size=8).hexdigest() for word in words]
    )
    repeat = marks.groupby(marks).cumcount() + 1
    references = references.copy()
    references.iloc[absent] = marks.where(repeat == 1, marks + "-" + repeat.astype(str)).to_numpy()
    checks.notices.append(f"references were derived for {len(absent):,} rows")
    return references


def _as_received(raw: Floats, declared: str) -> dict[str, Floats | str]:
    return {"raw_x": raw[:, 0], "raw_y": raw[:, 1], "crs": declared}


def _points(stored: Floats) -> Geometries:
    points: Geometries = np.full(len(stored), None, dtype=object)
    there = np.isfinite(stored).all(axis=1)
    points[there] = shapely.points(stored[there])
    return points
