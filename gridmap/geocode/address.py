"""A Chinese address as text → one canonical spelling → its parts, without asking any gazetteer.

The canonical spelling is what the gazetteer's keys are written in too, so equal forms collapse by being
spelled alike: 三棟 = 3幢 = 3号楼 = 3座 = 3# → `3栋`; 狀元府 3-2-501 → `状元府3栋2单元501室`; 六Ｏ巷 → `60巷`;
7號之2 = 7-2号 = 7号附2 → `7-2号`. Chinese numerals become figures only before a unit, so 三里屯 and 八一路
stay what they are. Mainland and Taiwan forms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from gridmap.geocode import characters

# Longer texts are stories, not addresses.
LONGEST: Final = 200

# Units in which a step of an address is counted, from the lane to the room.
LANE, ALLEY, DOOR, BUILDING, GROUP = "巷", "弄", "号", "栋", "组"
STAIR, ROOM, FLOOR, NEIGHBOURHOOD = "单元", "室", "层", "邻"
# Steps that move the place on the map; the others lie within it.
LOCATING: Final = frozenset({LANE, ALLEY, DOOR, BUILDING, GROUP})

_NUMERALS: Final = "零〇一二两三四五六七八九十百千廿壹贰叁肆伍陆柒捌玖拾佰"
_FIGURE: Final = dict(
    zip(
        "零〇一二两三四五六七八九壹贰叁肆伍陆柒捌玖",
        (0, 0, 1, 2, 2, *range(3, 10), *range(1, 10)),
        strict=True,
    )
)
_POWERS: Final = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100}
_ROMAN: Final = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5"}
_UNITS: Final = {
    "号楼": BUILDING,
    "号栋": BUILDING,
    "幢": BUILDING,
    "栋": BUILDING,
    "座": BUILDING,
    "#楼": BUILDING,
    "#栋": BUILDING,
    "#": BUILDING,
    "号大院": DOOR + "大院",
    "号院": DOOR + "院",
    "号": DOOR,
    "支弄": ALLEY,
    "弄": ALLEY,
    "巷": LANE,
    "衖": ALLEY,
    "单元": STAIR,
    "村民小组": GROUP,
    "居民小组": GROUP,
    "小组": GROUP,
    "组": GROUP,
    "社": GROUP,
    "队": GROUP,
    "邻": NEIGHBOURHOOD,
    "室": ROOM,
    "户": ROOM,
    "房": ROOM,
    "层": FLOOR,
    "楼": FLOOR,
    "段": "段",
    "期": "期",
    "区": "区",
    "街坊": "街坊",
    "村": "村",
    "米": "米",
}
_NUMBER: Final = rf"(?:\d{{1,5}}|[{_NUMERALS}]{{1,6}})"
# Things that are numbered themselves: 3号线, 11号门 (but 11号门面 and 11号门口).
_THING: Final = (
    r"线|桥|坝|[机井灯令闸塔杆箱]|路(?![边口旁上])|车库|电梯|岗亭|公路|地铁|泵|门(?![面市口前外卫])"
)
_THINGS: Final = re.compile(_THING)
# 号线 is a metro line, 社区 a community, 队伍 a troop: none of them counts anything.
_COUNTED: Final = re.compile(
    rf"第?(?P<number>{_NUMBER}|(?<![A-Z])[A-Z](?=号?[栋幢座区#]|号楼|单元)|[甲乙丙丁戊](?=号?[栋幢座]|号楼))"
    rf"(?P<letter>[A-Z甲乙丙丁](?=[号弄栋幢座]))?"
    rf"(?:[-之](?P<sub>{_NUMBER}))?"
    rf"(?P<unit>号[楼栋]|[幢栋座]|#[楼栋]?|号大院|号院|号(?!{_THING})|支弄|[弄巷衖]|单元"
    r"|村民小组|居民小组|小组|组(?!织|团)|社(?![区会保团])|队(?!伍)|[邻室户房层](?![屋产])|楼(?!盘)|街坊"
    r"|[段期米]|区(?!间))"
    rf"(?:(?:之|附|-)(?P<after>{_NUMBER})(?P<again>号)?(?![栋幢座单]))?"
)
# 经3路 is written 经三路; 村 counts in words too (学苑2村).
_ROADS: Final = re.compile(
    r"(?<=[\u4e00-\u9fff])(?P<number>\d{1,2})(?=[路街道马纬经村里]|大道|环)|(?<=第)(\d)(?=[中小初高人实])"
)
_PHASE: Final = re.compile(r"(?:I{1,3}|IV|V)(?=期)")
_LIST: Final = re.compile(r"(?<=\d)(?:[,~至及和或]\d+)+(?=(?P<unit>号楼?|弄|[栋幢座]|楼|层|室))")
_LOOSE: Final = re.compile(r"(?<=[\u4e00-\u9fff])(?<![号栋幢座楼弄元])-(?=\d)")
_SLASHED: Final = re.compile(r"(?<=\d)/(?=\d)")
_UNSAID: Final = re.compile(r"(?<=[路街道巷弄])(\d{1,4})(?=$|\n)")
_DASHED: Final = re.compile(
    r"(?<=[\u4e00-\u9fff])(?<![第栋幢座楼弄号元])(?P<b>\d{1,3}|[A-Z])-(?:(?P<u>\d{1,2})-)?(?P<r>\d{2,4})(?![\d\-号弄栋幢座巷])(?:室|房)?"
    r"|(?<=[\u4e00-\u9fff])(?<![第栋幢座楼弄号元])(?P<b2>\d{1,3})-(?P<u2>\d)(?:单元)?(?![\d\-号弄栋幢座巷层楼室])"
)
_TAIL: Final = re.compile(r"(?<=栋)(\d)-(\d{3,4})(?!\d)室?|(?<=[栋弄号元])(\d{3,4})(?![\d\-号弄栋层室])")
_ZERO: Final = re.compile(
    rf"(?<=[{_NUMERALS}])[OQo0]+(?=[{_NUMERALS}巷弄号邻栋楼])|[O]+(?=[{_NUMERALS}]+[巷弄号邻])"
)
_GLOSS: Final = re.compile(r"[(\[]\s*[a-zA-Zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹ]{1,7}\s*[)\]]")
_PHONE: Final = re.compile(r"(1(?<!\d1)[3-9]\d)-?(\d{4})-?(\d{4})(?!\d)")
_LANDLINE: Final = re.compile(r"(0(?<!\d0)\d{2,3})-\d{7,8}(?!\d)")
_IDENTITY: Final = re.compile(r"(?<!\d)(\d{3})(\d{11})(\d{3}[\dXx])(?![\dXx])")
_LEAD: Final = re.compile(
    r"^[,.\-]*(?:(?:详细|具体|事发|发生|案发|家庭|现|居住)?(?:地址|地点|位置|住址)(?:是|为|在)?"
    r"|关于|本(?:街道|社区|镇|乡|村|小区|辖区|地|县|区)|位于|坐落于?|家?住在?|我们?家?住?在|就?在)[,.\-]*"
)
_ROOMS: Final = re.compile(
    r"\d(?<=[\u4e00-\u9fff]\d)\d*(?:-\d+)?(?:单元|室|层)(?:\d+(?:-\d+)?(?:单元|室|层))*$"
)
_NOTHING: Final = frozenset(
    {
        "",
        "无",
        "不详",
        "未知",
        "没有",
        "暂无",
        "空",
        "NULL",
        "NONE",
        "NAN",
        "N,A",
        "NA",
        "不知道",
        "不清楚",
        "同上",
        "略",
    }
)

# A step of a canonical text: 12-3号, 临12号, 3栋, B栋.
STEP: Final = re.compile(
    r"(?P<before>临)?(?P<number>\d+|[A-Z甲乙丙丁戊](?=栋))(?P<letter>[A-Z甲乙丙丁])?(?:-(?P<sub>\d+))?"
    rf"(?P<unit>号(?!{_THING})|弄|巷|栋|单元|组|邻|室|层)"
)
_STEP_ENDS: Final = frozenset("号弄巷栋组")
_LAST_STEP: Final = re.compile(r"临?(?:(\d+)[A-Z甲乙丙丁]?(?:-\d+)?([号弄巷栋组])|[A-Z甲乙丙丁戊]栋)$")


class Step(NamedTuple):
    """One counted step: `number` -1 for lettered buildings; `sub` is 2 in 7-2号; `text` as spelled."""

    unit: str
    number: int
    text: str
    start: int
    end: int


def normalise(text: str) -> str:
    """One spelling for one set of characters: NFKC, simplified, capital Latin; numbers stay as written.

    Glosses in pinyin, phone and identity numbers, invisible characters and blanks go; other marks become
    commas. At most `LONGEST` characters are kept.
    """
    return _plain(text[:LONGEST].replace("\n", ","))


def canonical(text: str) -> str:
    """The spelling of the gazetteer's keys: `normalise`, then every counted step in figures and one unit."""
    return _respelled(normalise(text))


def canonical_many(texts: Sequence[str]) -> list[str]:
    """`canonical` of each text, made in one go: several times as fast."""
    if not texts:
        return []
    joined = "\n".join([text[:LONGEST].replace("\n", ",") if text else "" for text in texts])
    return _respelled(_plain(joined)).split("\n")


def _plain(text: str) -> str:
    text = _GLOSS.sub("", unicodedata.normalize("NFKC", text))
    text = _SLASHED.sub("-", _IDENTITY.sub(",", _PHONE.sub(",", _LANDLINE.sub(",", text))))
    return text.translate(characters.plain()).upper()


def _respelled(text: str) -> str:
    text = _ZERO.sub(lambda found: "〇" * len(found.group()), text)
    text = _LIST.sub(_listed, _DASHED.sub(_undashed, _LOOSE.sub("", text)))
    text = _PHASE.sub(lambda found: _ROMAN[found.group()], text)
    text = _COUNTED.sub(_counted, text)
    text = _ROADS.sub(lambda found: _words(int(found.group())), text)
    return _UNSAID.sub(r"\1号", _TAIL.sub(_tailed, text))


def is_thing(text: str, end: int) -> bool:
    """Whether what follows a number with 号 at `end` makes it a thing's number, not a door's."""
    return _THINGS.match(text, end) is not None


def steps(text: str) -> list[Step]:
    """The counted steps of a canonical text, in order."""
    found = []
    for match in STEP.finditer(text):
        number = match["number"]
        found.append(
            Step(
                match["unit"],
                int(number) if number.isdigit() else -1,
                match.group(),
                match.start(),
                match.end(),
            )
        )
    return found


def last_step(name: str) -> re.Match[str] | None:
    """The step that a canonical name ends with: its number and unit, both None for a lettered building."""
    return _LAST_STEP.search(name) if name[-1:] in _STEP_ENDS else None


def split_last(name: str) -> tuple[str, str]:
    """A canonical name without its last step, and that step; "" when it ends with none."""
    found = last_step(name)
    return (name[: found.start()], found.group()) if found else (name, "")


def is_nothing(normal: str) -> bool:
    """Whether a normalised text says in one way or another that there is no address."""
    return normal.strip(",.-()") in _NOTHING


def without_lead(canonical_text: str) -> str:
    """The text without 地址:, 位于, 我家住在 and the like before it."""
    return _LEAD.sub("", canonical_text)


def without_rooms(canonical_text: str) -> str:
    """The text without the stair, storey and room that it ends with: they do not move it."""
    return _ROOMS.sub("", canonical_text) or canonical_text


def masked(text: str) -> str:
    """The text for a log: phone numbers as 138****5678, identity numbers by their ends, lines by their area."""
    text = _IDENTITY.sub(r"\1***********\3", text)
    return _LANDLINE.sub(r"\1-********", _PHONE.sub(r"\1****\3", text))


def figure(numeral: str) -> int | None:
    """The number that figures or Chinese numerals write: 12, 十二, 一二, 一百零五; None when they are not one."""
    if numeral.isdecimal():
        return int(numeral)
    if not numeral or any(mark not in _FIGURE and mark not in _POWERS and mark != "廿" for mark in numeral):
        return None
    numeral = numeral.replace("廿", "二十")
    if not any(mark in _POWERS for mark in numeral):
        return int("".join(str(_FIGURE[mark]) for mark in numeral))
    total, digit = 0, 0
    for mark in numeral:
        if mark in _POWERS:
            total += (digit or 1) * _POWERS[mark]
            digit = 0
        else:
            digit = _FIGURE[mark]
    return total + digit


def _counted(found: re.Match[str]) -> str:
    number, sub = found["number"], found["sub"] or found["after"]
    value = figure(number)
    unit = _UNITS[found["unit"]]
    if found["after"] and unit != DOOR and not found["again"] and "-" in found.group():
        # 3栋-501: what follows the dash is the room.
        return f"{value or number}{unit}{found['after']}室"
    if value is not None and unit in ("段", "期", "区", "街坊", "村", "米") and value == 0:
        return found.group()
    text = number if value is None else str(value)
    text += found["letter"] or ""
    if sub:
        text += f"-{figure(sub)}"
    return text + unit


def _listed(found: re.Match[str]) -> str:
    """21、23号 as 21号23号, whose last unit stands in the text already."""
    numbers, unit = [str(number) for number in re.findall(r"\d+", found.group())], str(found["unit"])
    return unit + "".join(number + unit for number in numbers[:-1]) + numbers[-1]


def _undashed(found: re.Match[str]) -> str:
    if found["b2"]:
        return f"{found['b2']}栋{found['u2']}单元"
    stair = f"{found['u']}单元" if found["u"] else ""
    return f"{found['b']}栋{stair}{found['r']}室"


def _tailed(found: re.Match[str]) -> str:
    if found[1]:
        return f"{found[1]}单元{found[2]}室"
    return f"{found[3]}室"


def _words(number: int) -> str:
    digits = "零一二三四五六七八九"
    if number < 10:
        return digits[number]
    tens, ones = divmod(number, 10)
    return ("" if tens == 1 else digits[tens]) + "十" + (digits[ones] if ones else "")
