from __future__ import annotations

from string import Formatter

import numpy as np
import pytest

from gridmap.demo import addresses, names
from gridmap.demo.sites import KINDS, Sites

# One pattern for each of the forms in which people write an address.
FORMS = {
    "full": r"溪源县淙溪街道.+社区.+\d+号.+\d+栋\d单元\d+室",
    "to the building": r".+小区\d+栋",
    "dashes": r".+\d+-\d-\d{3,4}",
    "numerals": r".+[一二三四五六七八九十]栋",
    "号楼": r".+\d+号楼\d单元",
    "幢": r".+\d+幢",
    "traditional": r".+\d+棟\d單元",
    "full-width": r".+[０-９]+－[０-９]－[０-９]+",
    "spaces": r".+ \d+ 栋 \d+ 室",
    "road and number": r".+[路街道巷弄]\d+号",
    "gate": r".+[东南西北]门",
    "beside": r".+旁边",
    "opposite": r".+对面",
    "near": r".+附近",
    "direction and distance": r".+以(东|西|南|北|东北|东南|西北|西南)\d+米",
    "crossing": r".+[路街道巷弄]与.+[路街道巷弄]交叉口",
    "crossing, short": r".+路口",
    "group": r".+村\d+组",
    "group in numerals": r".+村[一二三四五六七八九十]+组",
    "社": r".+村\d+社.*",
    "fields": r".+田里",
    "nothing": r"无",
    "empty": r"",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_there(town, form):
    assert town.reports["address"].str.fullmatch(FORMS[form]).sum() >= 5


def test_aliases_and_sound_alikes_are_there(town):
    written = town.reports["address"]
    aliases = {alias for joined in town.estates["aliases"] for alias in joined.split(";")}
    called = tuple(aliases - set(town.estates["name"]))
    assert written.str.startswith(called).sum() > 300
    assert written.str.contains("壮元|宗溪|景绣|锦秀|宾河|宾江").sum() >= 5


def test_words_alone_always_say_where(town):
    words_alone = town.reports[town.reports["lng"].isna()]
    assert (words_alone["address"].isin(["", "无"])).mean() < 0.03


def one_site(kind: str, **words: str) -> Sites:
    blank = dict.fromkeys(("name", "short", "alias", "road", "gate", "opposite", "traditional", "slip"), "")
    blank |= dict.fromkeys(("community", "village", "near", "relative"), "") | words
    return Sites(
        np.array([KINDS.index(kind)]),
        np.zeros((1, 2)),
        np.ones(1),
        np.array([12]),
        np.array([6]),
        {key: np.array([value], dtype=object) for key, value in blank.items()},
    )


def test_a_home_is_written_in_all_its_forms():
    site = one_site("home", name="状元府小区", short="状元府", alias="壮元府", slip="壮元府")
    n = 2_000
    found = set(
        addresses.write(np.random.default_rng(1), site, np.zeros(n, dtype=int), np.ones(n, dtype=bool))
    )
    assert {"状元府十二栋", "状元府小区12幢", "壮元府12栋", "状元府小区", "", "无"} <= found
    floors = {text.split("-")[2][:-2] for text in found if text.startswith("状元府12-")}
    assert floors == {"1", "2", "3", "4", "5", "6"}


def test_every_field_of_the_forms_exists():
    known = {"number", "numeral", "wide_number", "unit", "wide_unit", "door", "wide_door"}
    known |= set(one_site("home").words)
    for forms in addresses.FORMS.values():
        for _, form in forms:
            assert {field for _, field, _, _ in Formatter().parse(form) if field} <= known
    assert set(KINDS) == {kind for group in addresses.FORMS for kind in group}


@pytest.mark.parametrize(
    ("number", "word"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五"), (99, "九十九")]
)
def test_numerals(number, word):
    assert names.numeral(number) == word


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("状元府", "壮元府"),
        ("淙溪家园", "宗溪家园"),
        ("文昌街", "文长街"),
        ("七里巷", "七理巷"),
        ("八角", "八角"),
    ],
)
def test_slips_change_one_character_for_one_that_sounds_alike(name, written):
    assert names.slip(name) == written


def test_traditional_characters():
    assert "状元府小区3栋2单元".translate(names.TRADITIONAL) == "狀元府小區3棟2單元"
    assert "锦绣花园".translate(names.TRADITIONAL) == "錦繡花園"
