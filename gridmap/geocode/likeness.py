"""Names that are like a name: by sound, by one character more or less, by initials, by shared pairs."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.geocode import characters

# Longer names are looked up by one missing character; in shorter ones that makes another name.
_SHORTEST_CUT: Final = 5
_LONGEST_CUT: Final = 12
# A pair of characters that more names share tells nothing (小区).
_MOST_POSTINGS: Final = 30_000
SAME_SYLLABLE, SAME_SOUND, ONE_MORE, OTHER = 0.3, 0.6, 1.0, 2.0
# Where these differ the names differ, however alike: east and west, first and second, old and new.
_TELLING: Final = frozenset(
    "0123456789ABCDEFGH东西南北中上下前后左右内外大小老新一二三四五六七八九十甲乙丙丁期区"
)


# Characters that estates' names end or are put together with: 光明苑 and 光明园 are two estates.
_NAMING: Final = frozenset("园苑院庭廷亭居里府邸城村庄家嘉佳花")


class Like(NamedTuple):
    """A name like the one asked for: its id, and the cost of the difference (0 = sounds and is the same)."""

    id: int
    cost: float


class Likeness:
    """An index over names in canonical spelling; ids are positions in `names`."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        sounds = characters.sounds()
        keys = [name.translate(sounds) for name in names]
        spoken, speaker = array("q", map(hash, keys)), array("i", range(len(names)))
        for k, name in enumerate(names):
            for other in _other_sounds(name, keys[k]):
                spoken.append(hash(other))
                speaker.append(k)
        self._sounds = _Hashes(spoken, np.frombuffer(speaker, dtype=np.int32))
        cuts, owner = array("q"), array("i")
        for k, key in enumerate(keys):
            if _SHORTEST_CUT <= len(key) <= _LONGEST_CUT:
                cuts.extend([hash(key[:i] + key[i + 1 :]) for i in range(len(key))])
                owner.extend([k] * len(key))
        self._cuts = _Hashes(cuts, np.frombuffer(owner, dtype=np.int32))

    def sounding(self, name: str, most: float = np.inf) -> list[Like]:
        """Names that sound like it at a cost of at most `most`, the likest first."""
        key = name.translate(characters.sounds())
        found = set(self._sounds.find(hash(key)))
        for other in _other_sounds(name, key):
            found.update(self._sounds.find(hash(other)))
        return self._ranked(name, found, most)

    def cut(self, name: str, most: float = np.inf) -> list[Like]:
        """As `sounding`, but for one character more, less or, where the cost allows it, other."""
        key = name.translate(characters.sounds())
        ids: set[int] = set()
        if _SHORTEST_CUT - 1 <= len(key) <= _LONGEST_CUT:
            ids.update(self._cuts.find(hash(key)))
        if _SHORTEST_CUT <= len(key) <= _LONGEST_CUT + 1:
            for i in range(len(key)):
                shorter = hash(key[:i] + key[i + 1 :])
                if len(key) > _SHORTEST_CUT:
                    ids.update(self._sounds.find(shorter))
                if most >= OTHER:
                    ids.update(self._cuts.find(shorter))
        return self._ranked(name, ids, most)

    def spelled(self, latin: str) -> list[Like]:
        """Names whose pinyin or whose initials a text of Latin letters is."""
        key = hash(latin.upper())
        return [Like(k, SAME_SOUND) for k in {*self._pinyin.find(key), *self._initials.find(key)}]

    def sharing(self, name: str, limit: int) -> list[int]:
        """Names that share most of their pairs of characters with it (Dice), the likest first; at most `limit`."""
        wanted = sorted(set(_pairs(name)))
        starts, ids = self._postings
        lists = [
            ids[a:b]
            for pair in wanted
            if (a := starts[0].get(pair)) is not None and (b := starts[1][pair]) - a <= _MOST_POSTINGS
        ]
        if not lists:
            return []
        found, shared = np.unique(np.concatenate(lists), return_counts=True)
        dice = 2 * shared / (len(wanted) + self._sizes[found])
        best = np.argsort(-dice, kind="stable")[:limit]
        return [int(k) for k in found[best] if dice[best[0]] > 0]

    def _ranked(self, name: str, ids: Iterable[int], most: float) -> list[Like]:
        limit = min(most, 1e9)
        found = [Like(k, cost) for k in ids if (cost := difference(name, self._names[k], limit)) <= limit]
        return sorted(found, key=lambda like: (like.cost, like.id))

    @cached_property
    def _pinyin(self) -> _Hashes:
        return self._latin(characters.syllables())

    @cached_property
    def _initials(self) -> _Hashes:
        return self._latin(characters.initials())

    def _latin(self, table: dict[int, str]) -> _Hashes:
        written = array("q", (hash(name.translate(table).upper()) for name in self._names))
        return _Hashes(written, np.arange(len(self._names), dtype=np.int32))

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        return np.array([len(set(_pairs(name))) for name in self._names], dtype=np.int64)

    @cached_property
    def _postings(self) -> tuple[tuple[dict[str, int], dict[str, int]], NDArray[np.int32]]:
        """For each pair the slice of ids that have it."""
        numbers: dict[str, int] = {}
        pair_of, owner = array("i"), array("i")
        for k, name in enumerate(self._names):
            for pair in set(_pairs(name)):
                pair_of.append(numbers.setdefault(pair, len(numbers)))
                owner.append(k)
        order = np.argsort(np.frombuffer(pair_of, dtype=np.int32), kind="stable")
        bounds = (
            np.concatenate(
                [[0], np.cumsum(np.bincount(np.frombuffer(pair_of, dtype=np.int32), minlength=len(numbers)))]
            )
            if numbers
            else np.zeros(1, int)
        )
        first = {pair: int(bounds[k]) for pair, k in numbers.items()}
        last = {pair: int(bounds[k + 1]) for pair, k in numbers.items()}
        return (first, last), np.frombuffer(owner, dtype=np.int32)[order]


def difference(one: str, other: str, most: float = np.inf) -> float:
    """What it costs to take one name for the other, by the cheapest alignment; inf for different names
    and where it is more than `most`.

    A character of the same syllable costs `SAME_SYLLABLE`, one that is commonly confused with it
    `SAME_SOUND`, one more or less `ONE_MORE`, another `OTHER`; telling characters never stand for others.
    """
    if one == other:
        return 0.0
    sounds = characters.sounds()
    previous = [0.0]
    for mark in other:
        previous.append(previous[-1] + _lone(mark))
    for a in one:
        row = [previous[0] + _lone(a)]
        for k, b in enumerate(other):
            if a == b:
                swap = 0.0
            elif a in _NAMING and b in _NAMING:
                swap = OTHER
            elif characters.same_syllable(a, b):
                swap = SAME_SYLLABLE
            elif sounds.get(ord(a), a) == sounds.get(ord(b), b):
                swap = SAME_SOUND
            else:
                swap = np.inf if a in _TELLING or b in _TELLING else OTHER
            row.append(min(previous[k] + swap, previous[k + 1] + _lone(a), row[k] + _lone(b)))
        if min(row) > most:
            return np.inf
        previous = row
    return previous[-1]


def _other_sounds(name: str, key: str) -> list[str]:
    """The key with one character in its second reading, for each that has one."""
    second = characters.second_sounds()
    return [key[:i] + second[mark] + key[i + 1 :] for i, mark in enumerate(name) if mark in second]


def _lone(mark: str) -> float:
    return np.inf if mark in _TELLING else ONE_MORE


def _pairs(name: str) -> list[str]:
    return [a + b for a, b in pairwise(f"^{name}$")]


class _Hashes:
    """Ids by 64-bit hash, as two sorted arrays: a tenth of the memory of a dict."""

    def __init__(self, hashes: array[int], ids: NDArray[np.int32]) -> None:
        values = np.frombuffer(hashes, dtype=np.int64) if hashes else np.empty(0, np.int64)
        order = np.argsort(values, kind="stable")
        self._values, self._ids = values[order], ids[order]

    def find(self, value: int) -> list[int]:
        first = int(self._values.searchsorted(value))
        found = []
        while first < len(self._values) and self._values[first] == value:
            found.append(int(self._ids[first]))
            first += 1
        return found
