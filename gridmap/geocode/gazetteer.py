"""Known places, found by how they are spelled, by how they sound, by their initials and by their pieces.

Everything is keyed by the canonical spelling of `address.canonical`. A name with counted steps, such as
内湖路3段60巷12弄74号, is an entry by itself and a member of the series of its stem (…12弄), whose other
members tell where a missing number must be.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from gridmap.errors import InputError
from gridmap.geocode import address, contexts
from gridmap.geocode.contexts import Contexts, Named, Scope
from gridmap.geocode.likeness import Likeness

Owner = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.object_]]

_REQUIRED: Final = ("name", "kind", "x", "y")
# Kinds whose rows are areas: they narrow down what they contain.
AREA_KINDS: Final = frozenset(
    {"province", "city", "county", "district", "town", "township", "street", "community", "grid", "area"}
)
# Kinds of places that may be called as towns and communities are.
_HOUSES: Final = frozenset({"estate", "building", "address", "station", "stop", "shop", "road", "gate"})
# The kind of a spot that a person has named.
TAUGHT: Final = "taught"
_LONGEST_NAME: Final = 40
# A name that is nothing but counted steps (3栋, 12号) means something only after its parent's.
_BARE: Final = re.compile(r"(?:临?(?:\d+|[A-Z甲乙丙丁])(?:-\d+)?(?:号|弄|巷|栋|单元|组|邻|室|层))+")
_STEP_STARTS: Final = frozenset("0123456789临ABCDEFGHIJKLMNOPQRSTUVWXYZ甲乙丙丁")
# Storeys and rooms of a door or a building: they do not move it.
_INNER: Final = re.compile(r"(?<=[号弄栋])(?:\d+(?:-\d+)?(?:单元|室|层)|,|-|~|B\d|室|层)+$")
# Fewer rows of an area do not tell how large it is.
_ROWS_OF_A_BOX: Final = 5
# Places of a division that a rough position has put into the area beside it.
_ASTRAY: Final = 0.2
# About a kilometre: two doors of one number so far apart are of two roads.
_FAR_DEG: Final = 0.01
_DEGREE_M: Final = 111_320.0
_ON_ROADS: Final = frozenset("号弄巷")
# What follows a door number in a name is a name by itself: 人民路258号|明月城小区3栋.
_AFTER_DOOR: Final = re.compile(r".*\d[号弄](?=[^\d,号弄栋室层]{3})")
# A phase or a part of an estate.
_PART: Final = re.compile(r"(?<=.{2})(?:\d期|[东西南北中]区|[A-D1-9一二三四五]区)$")
_BARE_PART: Final = re.compile(r"第?\d+[期区]|[东西南北中前后A-Z][区苑院]|[一二三四五六]区")
_FIRM: Final = re.compile(r"(?:股份|责任)?有限(?:责任)?公司$")
# A short name that so many others end with is a common noun: 药店, 农贸市场; these are in any case.
_COMMON_NAMES, _LONGEST_COMMON = 2, 4
_COMMON: Final = re.compile(
    "停车场|广场|公园|学校|小学|中学|幼儿园|医院|诊所|药店|药房|超市|商店|便利店|小卖部|市场|菜市场|农贸市场|批发市场|夜市"
    "|银行|邮局|网吧|宾馆|酒店|旅馆|饭店|餐馆|茶楼|茶馆|面馆|烧烤|火锅店|理发店|美容院|加油站|充电站|车站|公交站|火车站|客运站"
    "|汽车站|公厕|厕所|垃圾站|派出所|居委会|村委会|物业|门卫|工地|仓库|厂房|河边|桥头|大桥|老桥|文具店|五金店|水果店|干洗店"
    "|快递站|快递驿站|驿站|修车铺|商场|商厦|大厦|步行街|体育馆|图书馆|文化馆|电影院|教堂|寺庙|家属区|家属院|宿舍|公寓|人才公寓|学生公寓|小区|花园|新村|农贸|驾校"
)


# A set of divisions, by its position in `Contexts.sets`, and the area of rows that lie in these.
_Lying = tuple[int, str | None]


class Member(NamedTuple):
    """A numbered place of a series, by its row."""

    number: int
    unit: str
    row: int


class Entry(NamedTuple):
    """What a name stands for: rows of the gazetteer so called, `named` by their own name or by an alias."""

    rows: Sequence[int]
    named: bool


class Gazetteer:
    """An index of places.

    `places`: a frame with name, kind, x, y (lon/lat in degrees, EPSG:4490), and, each of them optional or
    empty, aliases (list of texts), parent (name of what it lies in) and area (code of the owning area). A
    road may have many rows of one name, points along it. Raises InputError when a column is missing or a
    position is not in degrees. Safe to read from several threads; `learn` swaps what was learnt at once.
    """

    def __init__(self, places: pd.DataFrame) -> None:
        if not isinstance(places, pd.DataFrame) or places.columns.has_duplicates:
            raise InputError("the gazetteer needs a frame in which every column has a name of its own")
        missing = [name for name in _REQUIRED if name not in places.columns]
        if missing:
            raise InputError(f"the gazetteer's frame has no column {missing[0]!r}: it needs name, kind, x, y")
        x, y = places["x"].to_numpy(np.float64), places["y"].to_numpy(np.float64)
        wrong = ~(np.isfinite(x) & np.isfinite(y) & (np.abs(x) <= 180) & (np.abs(y) <= 90))
        if wrong.any():
            row = int(wrong.argmax())
            raise InputError(
                f"the gazetteer's row {row} is not in degrees of lon/lat: x={x[row]}, y={y[row]}"
            )
        self.x, self.y = array("d", x.tobytes()), array("d", y.tobytes())
        self.names = [text or "" for text in _texts(places, "name")]
        kind, kinds = pd.factorize(pd.Series(_texts(places, "kind"), dtype=object).fillna(""))
        self._kind, self._kinds = array("i", kind.astype(np.int32).tobytes()), [str(each) for each in kinds]
        self.areas = _texts(places, "area")
        codes = {code for code in self.areas if code}
        # Codes that other codes lie under: too coarse to be an answer.
        self.coarse = frozenset(
            head for code in codes for k in range(2, len(code)) if (head := code[:k]) in codes
        )
        self.codes = frozenset(codes)

        spelled = address.canonical_many(self.names)
        parents = _texts(places, "parent")
        parents = _translated(parents)
        is_area = [
            self._kinds[k] in AREA_KINDS
            or (self._kinds[k] == "village" and contexts.is_division(text))
            or (self._kinds[k] not in _HOUSES and contexts.is_town(text))
            for k, text in zip(self._kind, spelled, strict=True)
        ]
        self._is_area = bytearray(is_area)
        middle = (float(np.median(x)), float(np.median(y))) if len(x) else None
        self.contexts = Contexts(spelled, parents, self.areas, is_area, middle)
        self._spelled = _full_names(spelled, parents)
        self._enter(_alias_lists(places))
        # Series that have been asked for; what is kept is the same whoever makes it.
        self._series: dict[int, tuple[Member, ...]] = {}
        self._doors: dict[tuple[str, int | None], tuple[Member, ...]] = {}
        self._shared: dict[str, bool] = {}
        self._within: (
            tuple[Sequence[str | None], Counter[_Lying], dict[Any, tuple[str, int] | None]] | None
        ) = None
        self._asked: tuple[Owner, list[str | None]] | None = None
        self._tree: tuple[Any, NDArray[np.object_], float] | None = None
        self._taught: dict[str, Entry] = {}
        self._spots: dict[tuple[str, float, float, str | None], int] = {}
        self._kinds.append(TAUGHT)

    def __len__(self) -> int:
        return len(self.names)

    def kind(self, row: int) -> str:
        return self._kinds[self._kind[row]]

    def label(self, row: int) -> str:
        """The row's name for a reader, with its parent's where it is only a number."""
        name = self.names[row]
        return (
            self._spelled[row] if name[:1] in _STEP_STARTS and len(name) < len(self._spelled[row]) else name
        )

    def is_area(self, row: int) -> bool:
        """Whether a row is an area, which narrows down, rather than a place in one."""
        return bool(self._is_area[row])

    def spelled(self, row: int) -> str:
        """The row's own name in canonical spelling, its parent's before it where it is only a number."""
        return self._spelled[row]

    def find(self, name: str) -> Entry | None:
        """What a canonical name stands for, by its own name before aliases; None when it is not known."""
        return self._taught.get(name) or self._find_given(name)

    def _find_given(self, name: str) -> Entry | None:
        """`find` without what was taught."""
        k = self._vocabulary.get(name)
        if k is None:
            return None
        first, last = self._first[k], self._first[k + 1]
        return Entry(self._rows[first:last], bool(self._named[k]))

    def series(self, stem: str) -> tuple[Member, ...]:
        """Numbered places of a stem (a road, a lane, an estate, a village), by number."""
        k = self._stems.get(stem)
        if k is None:
            return ()
        if k not in self._series:
            self._series[k] = tuple(
                Member(self._numbers[i], self._units[i], self._members[i])
                for i in range(self._from[k], self._from[k + 1])
            )
        return self._series[k]

    def doors(self, stem: str, side: int | None = None) -> tuple[Member, ...]:
        """Of a series the doors, lanes and alleys, by number: all, or those of the even (0) or odd (1) side."""
        key = (stem, side)
        if key not in self._doors:
            self._doors[key] = tuple(
                member
                for member in self.series(stem)
                if member.unit in _ON_ROADS and (side is None or member.number % 2 == side)
            )
        return self._doors[key]

    def has_series(self, stem: str) -> bool:
        return stem in self._stems

    def area_of(self, named: Sequence[Named], owned: Sequence[str | None]) -> tuple[str, int] | None:
        """The area that the narrowest of the named divisions stands for, and a row in it; None when it is not one.

        It is one where nearly all of its places lie in that area and either the area holds hardly anything
        else or, the division having a row of its own, its places are a good many.
        """
        if self._within is None or self._within[0] is not owned:
            self._within = (owned, Counter(zip(self.contexts.set_ids(), owned, strict=True)), {})
        _, counts, answers = self._within
        mine: dict[Scope, str] = {each.scope: each.stem for each in named if each.scope is not Scope.OTHER}
        key = tuple(sorted(mine.items()))
        if key not in answers:
            answers[key] = self._area_of(mine, counts, owned) if mine else None
        return answers[key]

    def _area_of(
        self, mine: Mapping[Scope, str], counts: Mapping[_Lying, int], owned: Sequence[str | None]
    ) -> tuple[str, int] | None:
        narrowest = max(mine)
        sets = {
            k
            for k, told in enumerate(self.contexts.sets)
            if narrowest in told and all(told.get(scope, stem) == stem for scope, stem in mine.items())
        }
        lying = Counter[str]()
        for (k, code), count in counts.items():
            if k in sets and code:
                lying[code] += count
        if not lying:
            return None
        area, here = lying.most_common(1)[0]
        amount = lying.total()
        others = sum(count for (k, code), count in counts.items() if code == area and k not in sets)
        rows = [row for row, k in enumerate(self.contexts.set_ids()) if k in sets and owned[row] == area]
        own = [
            row
            for row in rows
            if self._is_area[row] and contexts.name(self._own_name(row)).stem == mine[narrowest]
        ]
        enough = _ROWS_OF_A_BOX if own else 4 * _ROWS_OF_A_BOX
        if area in self.coarse or amount - here > max(1, _ASTRAY * amount):
            return None
        if others > max(1, _ASTRAY * (others + here)):
            return (area, own[0]) if own and amount >= enough else None
        return (area, (own or rows)[0]) if own or amount >= enough else None

    def _own_name(self, row: int) -> str:
        return self.contexts.rests.get(row, self._spelled[row])

    def is_shared(self, stem: str) -> bool:
        """Whether two roads bear a name: one number of it stands in two places far from each other."""
        if stem not in self._shared:
            doors = self.doors(stem)
            self._shared[stem] = any(
                one.number == other.number
                and one.unit == other.unit
                and math.hypot(self.x[one.row] - self.x[other.row], self.y[one.row] - self.y[other.row])
                > _FAR_DEG
                for one, other in pairwise(doors)
            )
        return self._shared[stem]

    def is_noun(self, name: str) -> bool:
        """Whether a name is a word for a kind of place, whoever bears it."""
        return bool(_COMMON.fullmatch(name))

    def common(self, name: str) -> Sequence[int]:
        """Rows whose names end with a common noun (药店 → 康民药店 …), empty for a name of one's own."""
        found = self._common.get(name)
        if found is None and _COMMON.fullmatch(name):
            return self._rows_of(name)
        return found or ()

    def _rows_of(self, name: str) -> Sequence[int]:
        entry = self.find(name)
        return entry.rows if entry else ()

    def is_known(self, name: str) -> bool:
        """Whether a canonical text is the name of a place, the stem of numbered ones, or a division."""
        return (
            name in self._vocabulary
            or name in self._stems
            or name in self.contexts.texts
            or name in self._taught
        )

    def lengths(self, start: str) -> int:
        """A bit mask of the lengths of known names that begin with two characters."""
        return self._starts.get(start, 0)

    def name_at(self, k: int) -> str:
        """The name behind an id of `likeness`."""
        return self._likely[k]

    def positions(self, rows: Sequence[int]) -> NDArray[np.float64]:
        """lon, lat (n, 2) of rows, in degrees."""
        return np.array([(self.x[row], self.y[row]) for row in rows], dtype=np.float64).reshape(-1, 2)

    @cached_property
    def area_width_m(self) -> float:
        """How wide areas commonly are: the median of the sides of squares as large as the boxes of their rows."""
        frame = pd.DataFrame({"area": self.areas, "x": self.x, "y": self.y})
        frame = frame[~np.frombuffer(bytes(self._is_area), dtype=np.bool_)]
        boxes = frame.groupby("area")[["x", "y"]].agg(["min", "max", "size"])
        boxes = boxes[boxes[("x", "size")] >= _ROWS_OF_A_BOX]
        if boxes.empty:
            return 0.0
        west, east = boxes[("x", "min")], boxes[("x", "max")]
        south, north = boxes[("y", "min")], boxes[("y", "max")]
        squeeze = np.cos(np.radians((south + north) / 2))
        return float(np.sqrt((east - west) * squeeze * (north - south)).median()) * _DEGREE_M

    def areas_by(self, owner: Owner) -> list[str | None]:
        """The area of each row as `owner` tells it; remembered for the last owner."""
        asked = self._asked
        if asked is None or asked[0] != owner or len(asked[1]) != len(self.areas):
            codes = owner(np.array(self.x), np.array(self.y))
            # An area is its own owner; a place on no area's ground keeps what the frame says.
            owned = [
                area if area and (own or not code) else code
                for area, code, own in zip(self.areas, codes, self._is_area, strict=True)
            ]
            asked = self._asked = (owner, owned)
        return asked[1]

    def areas_nearest(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.object_]:
        """The area of the nearest row to each point: all that is known of areas without their outlines."""
        if self._tree is None:
            rows = [row for row, area in enumerate(self.areas) if area and not self._is_area[row]]
            if not rows:
                return np.full(len(x), None, dtype=object)
            squeeze = math.cos(math.radians(float(np.median(self.y))))
            tree = KDTree(self.positions(rows) * (squeeze, 1.0))
            self._tree = (tree, np.array([self.areas[row] for row in rows], dtype=object), squeeze)
        tree, areas, squeeze = self._tree
        found: NDArray[np.object_] = areas[tree.query(np.column_stack([x * squeeze, y]))[1]]
        return found

    def learn(self, taught: pd.DataFrame) -> None:
        """Replace what people have taught: alias, name, x, y (lon/lat, EPSG:4490), area.

        An alias of a known name stands for that name and all its numbers; where `name` is empty or not
        known it stands for the spot itself. Takes milliseconds; readers see the old or the new whole.
        """
        entries: dict[str, Entry] = {}
        for alias, name, x, y, area in taught[["alias", "name", "x", "y", "area"]].itertuples(index=False):
            written = address.canonical(alias)
            if len(written) < 2:
                continue
            target = self._find_given(address.canonical(name)) if isinstance(name, str) and name else None
            entries[written] = (
                Entry(target.rows, False) if target else Entry((self._spot(alias, x, y, area),), True)
            )
            # What is unlearnt stays in the mask: it is only asked for in vain.
            self._starts[written[:2]] = self._starts.get(written[:2], 0) | 1 << len(written)
        self._taught = entries

    def _spot(self, name: str, x: float, y: float, area: str | None) -> int:
        """The row of a taught spot; rows are added and never taken away, since readers may hold them."""
        key = (name, x, y, area)
        if key not in self._spots:
            self.x.append(x)
            self.y.append(y)
            self.areas.append(area)
            self._kind.append(len(self._kinds) - 1)
            self._spelled.append(address.canonical(name))
            self.contexts.add_unknown()
            self._is_area.append(0)
            self.names.append(name)
            self._spots[key] = len(self.names) - 1
        return self._spots[key]

    def _enter(self, aliases: list[Sequence[str] | None]) -> None:
        """Fill the vocabulary: names, aliases, and the stems of numbered names."""
        vocabulary: dict[str, int] = {}
        named = bytearray()
        entry, row_of = array("i"), array("i")

        def enter(text: str, row: int, own: bool) -> None:
            if 2 <= len(text) <= _LONGEST_NAME and not _meaningless(text):
                k = vocabulary.setdefault(text, len(vocabulary))
                if k == len(named):
                    named.append(own)
                elif own > named[k]:
                    named[k] = own
                entry.append(k)
                row_of.append(row)

        for row, text in enumerate(self._spelled):
            enter(text, row, True)
            if row in self.contexts.rests:
                enter(_INNER.sub("", self.contexts.rests[row]), row, True)
            if text[-1:] in "号弄栋组" and (after := _AFTER_DOOR.match(text)):
                enter(text[after.end() :], row, False)
        # Aliases after all names: of one spelling, the name comes first.
        written = address.canonical_many([alias for each in aliases if each for alias in each])
        position = 0
        for row, each in enumerate(aliases):
            for _ in each or ():
                alias = written[position].strip(",")
                position += 1
                enter(_in_parent(alias, self._spelled[row]), row, False)
        parts: dict[str, list[int]] = {}
        for row, text in enumerate(self._spelled):
            for derived in self._derived(text):
                if derived not in vocabulary or not named[vocabulary[derived]]:
                    enter(derived, row, False)
            if text[-1:] in "期区" and (part := _PART.search(text)):
                parts.setdefault(text[: part.start()], []).append(row)
        for text, rows in parts.items():
            # One phase alone may have a sister that is not known.
            if text not in vocabulary and len(rows) > 1:
                for row in rows:
                    enter(text, row, False)
        self._vocabulary, self._named = vocabulary, bytes(named)
        self._first, self._rows = _grouped(entry, row_of, len(vocabulary))
        starts: dict[str, int] = {}
        for text in vocabulary:
            starts[text[:2]] = starts.get(text[:2], 0) | 1 << len(text)
        for text in self.contexts.texts:
            starts[text[:2]] = starts.get(text[:2], 0) | 1 << len(text)
        self._enter_series(starts)
        self._starts = starts
        listed = dict.fromkeys((*vocabulary, *self._stems, *self.contexts.texts))
        plain = [text for text in listed if not address.last_step(text)]
        self._likely = plain
        self.likeness = Likeness(plain)
        self._common = self._common_nouns(plain)

    def _derived(self, text: str) -> Iterator[str]:
        """What else people call a name: a school without its county, a firm without 有限."""
        if text.endswith("公司") and (firm := _FIRM.search(text)) and firm.start() > 3:
            yield text[: firm.start()]
            yield text[: firm.start()] + "公司"
        for county in self.contexts.attested:
            if text.startswith(county) and len(text) - len(county) > 2:
                yield text[len(county) :]
                yield text[len(county) - 1 :]
            elif text.startswith(county[:-1]) and len(text) - len(county) > 2:
                yield text[len(county) - 1 :]

    def _enter_series(self, starts: dict[str, int]) -> None:
        stems: dict[str, int] = {}
        stem_of, number_of, member = array("i"), array("i"), array("i")
        units: list[str] = []
        for text, k in self._vocabulary.items():
            row = self._rows[self._first[k]]
            # 内湖路3段60巷12弄74号 tells where the lane is, too: all its stems learn of it.
            while (step := address.last_step(text)) and step.start() > 1:
                stem = text[: step.start()]
                number = int(step[1]) if step[1] else ord(step[0][0]) - ord("A" if step[0][0] < "a" else "甲")
                stem_of.append(stems.setdefault(stem, len(stems)))
                number_of.append(min(number, 2**31 - 1))
                units.append(step[2] or "栋")
                member.append(row)
                starts[stem[:2]] = starts.get(stem[:2], 0) | 1 << len(stem)
                text = stem
                if text in self._vocabulary:
                    break
        numbers = np.frombuffer(number_of, dtype=np.int32) if number_of else np.empty(0, np.int32)
        which = np.frombuffer(stem_of, dtype=np.int32) if stem_of else np.empty(0, np.int32)
        order = np.lexsort((numbers, which))
        self._stems = stems
        self._from = array(
            "i", np.searchsorted(which[order], np.arange(len(stems) + 1)).astype(np.int32).tobytes()
        )
        self._numbers = array("i", numbers[order].tobytes())
        self._units = [units[i] for i in order]
        rows = np.frombuffer(member, dtype=np.int32) if member else np.empty(0, np.int32)
        self._members = array("i", rows[order].tobytes())

    def _common_nouns(self, plain: list[str]) -> dict[str, list[int]]:
        """Short names that other names end with, and the rows of all of these."""
        ends: dict[str, list[int]] = {}
        for text in plain:
            for length in range(2, min(_LONGEST_COMMON, len(text) - 1) + 1):
                ending = text[-length:]
                if ending in self._vocabulary and text in self._vocabulary:
                    ends.setdefault(ending, []).append(self._vocabulary[text])
        return {
            ending: sorted(
                {
                    row
                    for k in (self._vocabulary[ending], *others)
                    for row in self._rows[self._first[k] : self._first[k + 1]]
                }
            )
            for ending, others in ends.items()
            if len(others) >= _COMMON_NAMES
        }


def _meaningless(text: str) -> bool:
    """Whether a name says nothing without another before it: 3栋, 5栋13号, 东区."""
    return bool(_BARE_PART.fullmatch(text)) or (text[0] in _STEP_STARTS and bool(_BARE.fullmatch(text)))


def _texts(places: pd.DataFrame, column: str) -> list[str | None]:
    """A column as texts, None where it is missing or empty; whole numbers without a decimal point."""
    if column not in places.columns:
        return [None] * len(places)
    values = places[column]
    if values.dtype.kind == "f":
        values = values.astype("Int64") if (values.dropna() % 1 == 0).all() else values
    missing = values.isna().to_numpy()
    return [
        None if nothing or value == "" else str(value)
        for value, nothing in zip(values.astype(object).tolist(), missing.tolist(), strict=True)
    ]


def _translated(texts: Sequence[str | None]) -> list[str | None]:
    """Canonical spelling of texts of which few differ."""
    distinct = list({text for text in texts if text})
    spelled = dict(zip(distinct, address.canonical_many(distinct), strict=True))
    return [spelled[text] if text else None for text in texts]


def _alias_lists(places: pd.DataFrame) -> list[Sequence[str] | None]:
    if "aliases" not in places.columns:
        return [None] * len(places)
    lists: list[Sequence[str] | None] = []
    for value in places["aliases"].tolist():
        if isinstance(value, str) and not value.strip():
            lists.append(None)
        elif isinstance(value, str):
            raise InputError(f"aliases must be lists of names, not the text {value[:40]!r}: split it first")
        elif isinstance(value, Sequence | np.ndarray | set):
            lists.append([alias for alias in value if isinstance(alias, str)])
        else:
            lists.append(None)
    return lists


def _full_names(spelled: list[str], parents: list[str | None]) -> list[str]:
    return [
        parent + text
        if parent and text[:1] in _STEP_STARTS and _BARE.fullmatch(text)
        else _INNER.sub("", text.strip(","))
        for text, parent in zip(spelled, parents, strict=True)
    ]


def _in_parent(alias: str, own: str) -> str:
    """An alias that is only a number belongs after the stem of its row's name."""
    if _BARE.fullmatch(alias) and (step := address.last_step(own)):
        return own[: step.start()] + alias
    return alias


def _grouped(entry: array[int], row: array[int], count: int) -> tuple[array[int], array[int]]:
    """Rows by entry, each once, as starts (count + 1) and rows."""
    entries = np.frombuffer(entry, dtype=np.int32) if entry else np.empty(0, np.int32)
    rows = np.frombuffer(row, dtype=np.int32) if row else np.empty(0, np.int32)
    order = np.lexsort((rows, entries))
    entries, rows = entries[order], rows[order]
    keep = np.ones(len(rows), dtype=bool)
    keep[1:] = (entries[1:] != entries[:-1]) | (rows[1:] != rows[:-1])
    starts = np.searchsorted(entries[keep], np.arange(count + 1)).astype(np.int32)
    return array("i", starts.tobytes()), array("i", rows[keep].tobytes())
