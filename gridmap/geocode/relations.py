"""Words that say where something is in relation to a place: beside, opposite, near, 100 m to the north."""

from __future__ import annotations

import math
import re
from enum import Enum
from typing import Final, NamedTuple

_BEARINGS: Final = {
    "北": 0,
    "东北": 45,
    "东": 90,
    "东南": 135,
    "南": 180,
    "西南": 225,
    "西": 270,
    "西北": 315,
}
_BEARINGS_TURNED: Final = {"北东": 45, "南东": 135, "南西": 225, "北西": 315}
# Of a stated distance, how far off it may be: people guess.
_GUESS: Final = 0.2
_LEAST_GUESS_M: Final = 30.0


class Where(Enum):
    """How a relation moves a place."""

    WITHIN = "within"
    BESIDE = "beside"
    NEAR = "near"
    OFFSET = "offset"
    CROSSING = "crossing"
    STRETCH = "stretch"


class Relation(NamedTuple):
    """A relation as written: `radius_m` of uncertainty that it adds, and a move east and north in metres."""

    where: Where
    text: str
    radius_m: float
    east_m: float = 0.0
    north_m: float = 0.0


_OFFSET: Final = re.compile(
    r"(?:[往向以朝的]{0,2})(?P<bearing>[东西][南北]|[南北][东西]|[东西南北])[侧面边方向走约大概]{0,3}"
    r"(?P<distance>\d{1,4})(?P<unit>米|M|公里|KM)(?:处|左右|远|的地方)*"
)
_CROSSING: Final = re.compile(
    r"(?:的?(?:十字|丁字|三岔|T字)?(?:交叉路?口|交汇处|交界处?|交叉处|路口|口|红绿灯))"
)
_STRETCH: Final = re.compile(r"[东西南北中]段|中间|一段|全段|沿线|沿路|尽头|尾")
_DISTANT: Final = re.compile(
    r"的?(?:旁边?|附近|对面|往前|往后|往里|往外|向前|前行|前方|后方|过去|开外|再走|外)约?(?P<distance>\d{1,4})米(?:处|左右|远)*"
)
_WITHIN: Final = re.compile(
    r"的?(?:小区|院子|大院|院|楼)?(?:(?:住院|门诊|急诊|教学|办公|宿舍|行政|综合|实验|生产|职工)(?:部|楼|大楼|区|科|车间)|宿舍|里面|里边|里头|内部|内|里|院里|楼下|楼上|楼顶|楼道|楼梯间?|电梯里?|地下室|地下\d+层|地下车库|车库"
    r"|顶楼|底楼|大厅|一楼|天台|花园里|广场上"
    r"|院坝|晒坝|坝子|大院|食堂|操场|车间|厂房|仓库|大厅|收费室|保安室|门卫室?|岗亭|那里|这里|那儿|这儿|住户|某户|一户|家中|家里)"
)
_BESIDE: Final = re.compile(
    r"的?(?:大门口|正门口|大门外|大门|正门|后门口?|侧门口?|[东西南北]门口?|门口|门前|门外|入口处?|出口处?"
    r"|斜对面|正对面|对面|对过|对门|隔壁|旁边|边上|旁|侧边|侧面|[东西南北左右]侧|[东西南北左右前后]边|[东西南北前后]面|后头|前头|背后|背面|屋后|房后"
    r"|拐角处?|转角处?|路边|街边|外面|外边|外|边)"
)
_NEAR: Final = re.compile(
    r"的?(?:附近|周边|周围|一带|那边|那一片|这边|这一片|片区|邻近|左近|(?:(?:后面|前面|旁边|背后)的?)?(?:田|地|山|坡|林子|堰塘|池塘|竹林)(?:里|上|边|头)|(?:后面|前面|旁边|背后)的?[田地山坡]|(?:机耕道|村道|公路)边?)"
)
# What lies opposite lies beyond a road, of unknown width.
_OPPOSITE_M: Final = 60.0
_RADII: Final = {
    Where.WITHIN: 0.0,
    Where.BESIDE: 30.0,
    Where.NEAR: 100.0,
    Where.CROSSING: 15.0,
    Where.STRETCH: 150.0,
}
_PATTERNS: Final = (
    (_CROSSING, Where.CROSSING),
    (_STRETCH, Where.STRETCH),
    (_NEAR, Where.NEAR),
    (_WITHIN, Where.WITHIN),
    (_BESIDE, Where.BESIDE),
)


def read(text: str) -> Relation | None:
    """The relation that a canonical text begins with, or None."""
    if found := _OFFSET.match(text):
        bearing = _BEARINGS.get(found["bearing"], _BEARINGS_TURNED.get(found["bearing"], 0))
        metres = int(found["distance"]) * (1000 if found["unit"] in ("公里", "KM") else 1)
        angle = math.radians(bearing)
        return Relation(
            Where.OFFSET,
            found.group(),
            max(_LEAST_GUESS_M, _GUESS * metres),
            metres * math.sin(angle),
            metres * math.cos(angle),
        )
    if found := _DISTANT.match(text):
        return Relation(Where.NEAR, found.group(), max(_LEAST_GUESS_M, float(found["distance"])))
    for pattern, where in _PATTERNS:
        if found := pattern.match(text):
            return Relation(where, found.group(), _OPPOSITE_M if "对" in found.group() else _RADII[where])
    return None
