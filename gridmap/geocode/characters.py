"""Characters: which are one letter in another dress, and which sound alike."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

import opencc
from pypinyin.pinyin_dict import pinyin_dict

_HAN: Final = range(0x3400, 0xA000)
# Where a syllable is commonly misheard or mistyped: the beginnings and the endings taken as one.
_INITIALS: Final = (("zh", "c"), ("ch", "c"), ("sh", "s"), ("z", "c"), ("n", "l"))
_FINALS: Final = (("ang", "an"), ("eng", "en"), ("ing", "in"))
_TONES: Final = str.maketrans({"ü": "v", "ê": "e"})
# Characters of names that are commonly read in two ways; the dictionary's rarer readings mislead.
_TWO_READINGS: Final = "都长乐重行朝单曾厦盛晟传便藏调度会教校角空降兴载中种柏泊堡铺曲洞六陆绿石贾解查尉宿隆"
# What separates parts of an address; everything invisible is dropped.
_BREAKS: Final = "，。；;、!！?？|/\\:：\"“”'‘’<>《》{}[]()【】…·~`^*_=+$%@"


@cache
def plain() -> dict[int, str | None]:
    """Table for str.translate: traditional → simplified, marks → comma, dashes → hyphen, unseen → nothing.

    The line feed stays: it separates texts that are translated together.
    """
    han = [chr(code) for code in _HAN]
    simplified = opencc.OpenCC("t2s").convert("\n".join(han)).split("\n")
    table: dict[int, str | None] = {
        ord(old): new for old, new in zip(han, simplified, strict=True) if old != new and len(new) == 1
    }
    # Control characters, marks of direction, joiners and variation selectors say nothing about a place.
    unseen = (*range(0x21), *range(0x7F, 0xA1), 0xAD, *range(0x2000, 0x2010), *range(0x2028, 0x2030))
    table |= dict.fromkeys((*unseen, *range(0x205F, 0x2070), 0x3000, *range(0xFE00, 0xFE10), 0xFEFF))
    del table[ord("\n")]
    table |= {ord(mark): "," for mark in _BREAKS}
    table |= {ord(mark): "-" for mark in "－—–―‐‑‒−─"}
    return table | {ord("○"): "〇", ord("&"): "与"}


@cache
def syllables() -> dict[int, str]:
    """Character → its first reading in pinyin without tone, `v` for ü."""
    return {code: _toneless(readings.partition(",")[0]) for code, readings in pinyin_dict.items()}


@cache
def readings() -> dict[int, frozenset[str]]:
    """Character → its reading without tone; both readings of those that commonly have two."""
    known = {code: frozenset({syllable}) for code, syllable in syllables().items()}
    return known | {
        ord(mark): frozenset(_toneless(reading) for reading in pinyin_dict[ord(mark)].split(",")[:2])
        for mark in _TWO_READINGS
    }


@cache
def second_sounds() -> dict[str, str]:
    """Character → what stands for its second sound (see `sounds`), for those that have one: 都 du, 长 chang."""
    stands = {_blurred(syllable): sounds()[code] for code, syllable in syllables().items()}
    second: dict[str, str] = {}
    for mark in _TWO_READINGS:
        heard = list(
            dict.fromkeys(_blurred(_toneless(each)) for each in pinyin_dict[ord(mark)].split(",")[:2])
        )
        if len(heard) == 2 and heard[1] in stands:
            second[mark] = stands[heard[1]]
    return second


@cache
def initials() -> dict[int, str]:
    """Character → the first letter of its reading."""
    return {code: syllable[:1] for code, syllable in syllables().items()}


@cache
def sounds() -> dict[int, str]:
    """Character → one character that stands for all that sound like it, confusions of dialects included.

    zh/ch/z/c, sh/s and n/l begin alike; an/ang, en/eng and in/ing end alike.
    """
    first: dict[str, str] = {}
    return {code: first.setdefault(_blurred(syllable), chr(code)) for code, syllable in syllables().items()}


def same_syllable(one: str, other: str) -> bool:
    """Whether two characters are read alike but for the tone."""
    known = readings()
    return ord(one) in known and not known[ord(one)].isdisjoint(known.get(ord(other), ()))


def _toneless(reading: str) -> str:
    bare = unicodedata.normalize("NFD", reading.translate(_TONES))
    # ü loses its dots with the tone marks unless it is spelled v first (ǘ decomposes to u, dots, tone).
    bare = bare.replace("u\u0308", "v")
    return "".join(mark for mark in bare if not unicodedata.combining(mark))


def _blurred(syllable: str) -> str:
    for heard, one in _INITIALS:
        if syllable.startswith(heard):
            syllable = one + syllable[len(heard) :]
            break
    for heard, one in _FINALS:
        if syllable.endswith(heard):
            return syllable[: -len(heard)] + one
    return syllable
