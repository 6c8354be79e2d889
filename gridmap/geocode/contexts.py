"""What contains what: the province, county, town and community of a place, and of a text."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from gridmap.geocode import divisions
from gridmap.geocode.address import canonical

# Counties whose centre is this near to the middle of all places may be the one that they lie in.
_HOME_DEG: Final = 0.75
# No county reaches farther from its seat than this, but for a few in the far west.
_REACH_DEG: Final = 3.0
_MOSTLY: Final = 0.5
_DEPTH: Final = 5
_ATTESTED: Final = re.compile(
    r"^([\u4e00-\u9fff]{2,3}(?:县|旗|市(?![场民政委区])))(?=[\u4e00-\u9fff]{2})", re.MULTILINE
)
_TOWN: Final = re.compile(
    r"[^\d,路街弄号]{1,5}?(?:街道办事处|街道办|街道|地区办事处|镇|乡|苏木)(?![路街村政中口东西南北上下小])"
)
_COMMUNITY: Final = re.compile(
    r"[^\d,路街巷弄号镇乡]{1,8}?(?:社区居民委员会|社区居委会|社区|居民委员会|居委会|村民委员会|村委会"
    r"|(?:村|里|嘎查)(?=\d+[邻组]|[^\d,]{2,6}[路街道巷]))"
)
# 东区 and A区 of an estate are no county.
_ESTATE_PART: Final = re.compile(r"(?<=.)[东西南北中前后A-Z\d一二三四五]区$")
_HEADED: Final = re.compile(r"[省市县区旗镇乡里]|街道")
# Divisions that the table may lack: a made-up county, an old name. 小区 and 超市 are none.
_UNKNOWN: Final = re.compile(
    r"(?:邻|外|别的|隔壁)(?:省|市|县|区|镇|乡)|[^\d,路街道巷弄号栋店院楼村里社]{2,8}?(?:省|自治区|(?<![超城菜夜门集股])市(?![场民])"
    r"|县|自治州|(?<![小社校园厂院景库街片开属宅住东西南北中新])区|自治旗|旗(?!舰))"
)


class Scope(IntEnum):
    """How wide a division is."""

    PROVINCE = 0
    CITY = 1
    COUNTY = 2
    TOWN = 3
    COMMUNITY = 4
    OTHER = 5


class Named(NamedTuple):
    """A division that a text or a row names: `stem` is the name without the word for its kind."""

    scope: Scope
    stem: str
    text: str


_ENDINGS: Final = (
    ("自治区", Scope.PROVINCE),
    ("特别行政区", Scope.PROVINCE),
    ("省", Scope.PROVINCE),
    ("自治州", Scope.CITY),
    ("地区", Scope.CITY),
    ("街道办事处", Scope.TOWN),
    ("街道办", Scope.TOWN),
    ("街道", Scope.TOWN),
    ("镇", Scope.TOWN),
    ("乡", Scope.TOWN),
    ("苏木", Scope.TOWN),
    ("社区居民委员会", Scope.COMMUNITY),
    ("社区居委会", Scope.COMMUNITY),
    ("居民委员会", Scope.COMMUNITY),
    ("村民委员会", Scope.COMMUNITY),
    ("居委会", Scope.COMMUNITY),
    ("村委会", Scope.COMMUNITY),
    ("小区", Scope.OTHER),
    ("社区", Scope.COMMUNITY),
    ("嘎查", Scope.COMMUNITY),
    ("村", Scope.COMMUNITY),
    ("里", Scope.COMMUNITY),
    ("市", Scope.CITY),
    ("县", Scope.COUNTY),
    ("旗", Scope.COUNTY),
    ("区", Scope.COUNTY),
)


@lru_cache(maxsize=1 << 16)
def name(text: str) -> Named:
    """What a canonical name says of its scope."""
    if _ESTATE_PART.search(text):
        return Named(Scope.OTHER, text, text)
    for ending, scope in _ENDINGS:
        if len(text) > len(ending) and text.endswith(ending):
            return Named(scope, text.removesuffix(ending) or text, text)
    return Named(Scope.OTHER, text, text)


def is_division(text: str) -> bool:
    """Whether a canonical name is that of a town or a community: 李家村, but not 李家村3组."""
    return name(text).scope in (Scope.TOWN, Scope.COMMUNITY)


def is_town(text: str) -> bool:
    """Whether a canonical name can be nothing but that of a town or a community with 社区."""
    named = name(text)
    return named.scope is Scope.TOWN or (named.scope is Scope.COMMUNITY and not text.endswith(("村", "里")))


def head(text: str) -> tuple[list[Named], str]:
    """The divisions at the head of a canonical text, widest first, and what follows them."""
    found, rest = divisions.peel(text)
    named = [name(each) for each in found]
    return _below(named, rest) if named else ([], text)


def unlisted(text: str) -> tuple[list[Named], str]:
    """As `head`, for a text that no gazetteer explains: also what only looks like a county or a city."""
    named: list[Named] = []
    while unknown := _UNKNOWN.match(text):
        named.append(name(unknown.group()))
        text = text[unknown.end() :].lstrip(",")
    return _below(named, text)


def _below(named: list[Named], rest: str) -> tuple[list[Named], str]:
    """Town and community at the head of a text, after the wider divisions."""
    for pattern in (_TOWN, _COMMUNITY):
        if match := pattern.match(rest):
            named.append(name(match.group()))
            rest = rest[match.end() :].lstrip(",")
    return named, rest


class Contexts:
    """For each row of a gazetteer the divisions that contain it.

    They come from its parent and the parent's parents, from the areas whose code begins its area's, and
    from the divisions at the head of its own name.
    """

    def __init__(
        self,
        names: Sequence[str],
        parents: Sequence[str | None],
        areas: Sequence[str | None],
        is_area: Sequence[bool],
        middle: tuple[float, float] | None,
    ) -> None:
        """`names` and `parents` in canonical spelling; `middle` of all places in degrees, None without any."""
        self._by_code = {
            code: text for text, code, own in zip(names, areas, is_area, strict=True) if own and code and text
        }
        self._parent_of: dict[str, tuple[str | None, str | None]] = {}
        for text, parent, code, own in zip(names, parents, areas, is_area, strict=True):
            if own or (parent and text not in self._parent_of):
                self._parent_of[text] = (parent, code)
        # Every division that contains something, as spelled.
        self.texts: set[str] = set()
        self.sets: list[dict[Scope, str]] = []
        interned: dict[tuple[tuple[Scope, str], ...], int] = {}
        made: dict[tuple[str | None, str | None, tuple[Named, ...]], int] = {}
        self.rests: dict[int, str] = {}
        self._of = array("i", bytes(4 * len(names)))
        for row, (text, parent, code, own) in enumerate(zip(names, parents, areas, is_area, strict=True)):
            heads: tuple[Named, ...] = ()
            if len(text) > 5 and _may_have_head(text):
                listed, rest = head(text)
                if listed and len(rest) > 1 and not rest[0].isdigit():
                    heads, self.rests[row] = tuple(listed), rest
            if own:
                heads = (*heads, name(text))
            key = (parent, code, heads)
            if key not in made:
                kept = self._gather(parent, code, heads)
                made[key] = interned.setdefault(tuple(sorted(kept.items())), len(self.sets))
                if made[key] == len(self.sets):
                    self.sets.append(kept)
            self._of[row] = made[key]
        self.known: dict[Scope, set[str]] = {scope: set() for scope in Scope}
        rows_of = np.bincount(np.frombuffer(self._of, dtype=np.int32), minlength=len(self.sets))
        told = dict.fromkeys(Scope, 0)
        for kept, rows in zip(self.sets, rows_of.tolist(), strict=True):
            for scope, stem in kept.items():
                self.known[scope].add(stem)
                told[scope] += rows
        # Scopes that most rows tell of: a name that is not among theirs is none of ours.
        self._complete = {scope for scope in Scope if told[scope] > _MOSTLY * max(len(names), 1)}
        said = Counter(_ATTESTED.findall("\n".join(names)))
        self.attested = {text for text, count in said.items() if count > 1}
        self._home = _home(
            middle, {code[:6] for code in areas if code and code[:6].isdigit() and len(code) >= 9}
        )

    def add_unknown(self) -> None:
        """One more row, of which nothing is known."""
        if {} not in self.sets:
            self.sets.append({})
        self._of.append(self.sets.index({}))

    def set_ids(self) -> Sequence[int]:
        """For each row the position of its divisions in `sets`."""
        return self._of

    def of(self, row: int) -> dict[Scope, str]:
        """Scope → stem of what contains a row."""
        return self.sets[self._of[row]]

    def fits(self, row: int, named: Sequence[Named]) -> int:
        """How many of the named divisions contain the row; -1 when one of them does not."""
        mine = self.sets[self._of[row]]
        agreed = 0
        for each in named:
            stem = mine.get(each.scope)
            if stem is None:
                continue
            if stem != each.stem:
                return -1
            agreed += 1
        return agreed

    def is_foreign(self, each: Named) -> bool:
        """Whether a named division is certainly not one of those that the gazetteer speaks of."""
        known = self.known[each.scope]
        if each.stem in known or each.text in self.attested:
            return False
        if each.scope in (Scope.TOWN, Scope.COMMUNITY):
            return each.scope in self._complete
        if each.scope is Scope.CITY and each.stem in self.known[Scope.COUNTY]:
            return False
        units = divisions.find(each.text)
        if any(unit.code in self._home for unit in units):
            # The table's county next door is not the one that the places are called after.
            return each.scope is Scope.COUNTY and any(text.endswith(("县", "旗")) for text in self.attested)
        return True

    def _gather(self, parent: str | None, code: str | None, heads: tuple[Named, ...]) -> dict[Scope, str]:
        kept: dict[Scope, str] = {}

        def add(each: Named) -> None:
            if each.scope is not Scope.OTHER:
                kept.setdefault(each.scope, each.stem)

        for each in heads:
            add(each)
            self.texts.add(each.text)
        for _ in range(_DEPTH):
            if code:
                for length in range(len(code), 1, -1):
                    if text := self._by_code.get(code[:length]):
                        add(name(text))
                        self.texts.add(text)
                # An area that is known by its name instead of a code.
                if not code.isascii() and code not in self._by_code:
                    add(name(canonical(code)))
            if not parent:
                break
            listed, rest = head(parent)
            for each in (*reversed(listed), name(rest)):
                if len(each.text) > 1 and each.scope is not Scope.OTHER:
                    add(each)
                    self.texts.add(each.text)
            parent, code = self._parent_of.get(rest, (None, None))
        return kept


def _may_have_head(text: str) -> bool:
    return _HEADED.search(text) is not None


def _lies_near(unit: divisions.Division, middle: tuple[float, float] | None) -> bool:
    """Whether a code is of the national system: what it stands for there lies where the places lie."""
    return (
        middle is not None
        and abs(unit.lng - middle[0]) < _REACH_DEG
        and abs(unit.lat - middle[1]) < _REACH_DEG
    )


def _home(middle: tuple[float, float] | None, prefixes: set[str]) -> set[str]:
    """Codes of the counties that the places may lie in, with their cities and provinces."""
    listed = [unit for code in prefixes if (unit := divisions.get(code)) and _lies_near(unit, middle)]
    if not listed and middle:
        listed = divisions.near(*middle, _HOME_DEG)
    home: set[str] = set()
    for unit in listed:
        step: divisions.Division | None = unit
        while step and step.code not in home:
            home.add(step.code)
            step = divisions.get(step.parent)
    return home
