"""One canonical spelling for all the ways to write an address, and its parts."""

from __future__ import annotations

import pytest

from gridmap.geocode import address
from gridmap.geocode.parts import split

# What people write → the spelling of the gazetteer's keys.
SPELLINGS = {
    "３栋": "3栋",
    "三栋": "3栋",
    "3幢": "3栋",
    "3号楼": "3栋",
    "3#": "3栋",
    "第三栋": "3栋",
    "叁栋": "3栋",
    "3棟": "3栋",
    "B座": "B栋",
    "状元府3-2-501": "状元府3栋2单元501室",
    "状元府３－２－５０１": "状元府3栋2单元501室",
    "红旗新村3栋2-501": "红旗新村3栋2单元501室",
    "世纪花府12栋-603": "世纪花府12栋603室",
    "狀元府(fǔ)小區三棟": "状元府小区3栋",
    "翠湖 3 栋 601 室": "翠湖3栋601室",
    "六Ｏ巷": "60巷",
    "一Ｏ九巷13號二樓": "109巷13号2层",
    "七二巷": "72巷",
    "內湖路三段六Ｏ巷12弄74號三樓之2": "内湖路3段60巷12弄74号3-2层",
    "大湖里003鄰": "大湖里3邻",
    "7號之2": "7-2号",
    "7之2號": "7-2号",
    "7号附2": "7-2号",
    "西園路二段243之13號1~4樓": "西园路2段243-13号1层4层",
    "玉成街140巷21、23號": "玉成街140巷21号23号",
    "锦绣花园3~5栋": "锦绣花园3栋5栋",
    "状元府-3-501": "状元府3栋501室",
    "状元府3/2/501": "状元府3栋2单元501室",
    "人民路232": "人民路232号",
    "3号线": "3号线",
    "临12号": "临12号",
    "青石村三社": "青石村3组",
    "青石村第三村民小组": "青石村3组",
    "柏景国际Ⅱ期": "柏景国际2期",
    "经3路12号": "经三路12号",
    "往南两百米": "往南200米",
    "13812345678 阳光花园三栋": ",阳光花园3栋",
    # What counts nothing stays as it is.
    "三里屯": "三里屯",
    "八一路": "八一路",
    "第三社区": "第三社区",
    "三元里大街": "三元里大街",
    "百花巷": "百花巷",
    "学苑二村12号": "学苑二村12号",
}


@pytest.mark.parametrize(("written", "spelled"), SPELLINGS.items())
def test_canonical_spelling(written: str, spelled: str) -> None:
    assert address.canonical(written) == spelled
    assert address.canonical(spelled) == spelled, "a canonical text is its own spelling"


def test_many_are_spelled_as_one_by_one() -> None:
    texts = [*SPELLINGS, "", "a\nb", "三\n栋", "x" * 500]
    assert address.canonical_many(texts) == [address.canonical(text) for text in texts]
    assert address.canonical_many([]) == []


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("12", 12),
        ("十二", 12),
        ("一二", 12),
        ("一百零五", 105),
        ("二十", 20),
        ("廿三", 23),
        ("一〇九", 109),
        ("路", None),
        ("", None),
    ],
)
def test_numerals(numeral: str, value: int | None) -> None:
    assert address.figure(numeral) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话13812345678", "电话138****5678"),
        ("511723199001011234号", "511***********1234号"),
        ("0818-8221234", "0818-********"),
        ("人民路258号", "人民路258号"),
    ],
)
def test_personal_numbers_are_masked(text: str, shown: str) -> None:
    assert address.masked(text) == shown


@pytest.mark.parametrize("text", ["", "无", "(无)", "（无）", "不详", "-", "——", "N/A", "暂无"])
def test_nothing_is_recognised(text: str) -> None:
    assert address.is_nothing(address.canonical(text))


# The parts that the words alone tell.
PARTS = {
    "溪源县淙溪街道书院社区紫荆国际小区三幢2单元501室": {
        "county": "溪源县",
        "town": "淙溪街道",
        "community": "书院社区",
        "estate": "紫荆国际小区",
        "building": "3栋",
        "stair": "2单元",
        "room": "501室",
    },
    "臺北市內湖區碧山里021鄰內湖路三段六Ｏ巷12弄74號三樓之2": {
        "city": "台北市",
        "county": "内湖区",
        "community": "碧山里",
        "neighbourhood": "21邻",
        "road": "内湖路3段",
        "lane": "60巷",
        "alley": "12弄",
        "number": "74号",
        "floor": "3-2层",
    },
    "上海市浦东新区张江镇张东路2281弄15号601室": {
        "city": "上海市",
        "county": "浦东新区",
        "town": "张江镇",
        "road": "张东路",
        "alley": "2281弄",
        "number": "15号",
        "room": "601室",
    },
    "人民路258号明月城小区一期3栋旁边": {
        "road": "人民路",
        "number": "258号",
        "estate": "明月城小区",
        "phase": "1期",
        "building": "3栋",
        "relation": "旁边",
    },
    "青石村三组12号后面": {"community": "青石村", "group": "3组", "number": "12号", "relation": "后面"},
    "电视塔以北100米": {"poi": "电视塔", "relation": "以北100米"},
    "人民医院东门": {"poi": "人民医院", "relation": "东门"},
    "(无)": {},
}


@pytest.mark.parametrize(("text", "parts"), PARTS.items())
def test_parts(text: str, parts: dict[str, str]) -> None:
    assert split(text).told() == parts


def test_a_stated_distance_is_a_move_in_metres() -> None:
    relation = split("电视塔往东北走约两百米").relation
    assert relation is not None
    assert relation.east_m == pytest.approx(141.4, abs=0.1)
    assert relation.north_m == pytest.approx(141.4, abs=0.1)
