"""Whatever the text, the geocoder answers with a match that abstains and says why."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.geocode import address
from gridmap.geocode.gazetteer import Gazetteer
from gridmap.geocode.match import Match, Status, geocode, geocode_many
from gridmap.geocode.parts import split
from tests.geocode import town

HOSTILE = (
    "",
    "   \t\n",
    "路" * 10_000,
    "人民路258号" * 2_000,
    "😀😀🏠",
    "\x00\x01\x02\x1b[31m",
    "\u202e\u200b\u2066\ufeff",
    "'; DROP TABLE reports; --",
    "<script>alert(1)</script>",
    "${7*7}{{7*7}}`id`",
    '=HYPERLINK("http://x")',
    "，。！？——……",
    "258",
    "13812345678",
    "0818-8221234",
    "511723199001011234",
    "\ud800",
    "号" * 50,
    "3栋2单元501室",
    "一二三四五六七八九十",
    "(((((((((((((((",
    "东西南北中",
)


@cache
def gazetteer() -> Gazetteer:
    return Gazetteer(town.read().entries())


def assert_abstains(match: Match) -> None:
    assert match.status is Status.ABSTAINED
    assert match.abstained
    assert (match.place, match.x, match.y, match.area, match.radius_m) == (None,) * 5
    assert match.reasons
    assert all(match.reasons)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_abstains_and_says_why(text: str) -> None:
    assert_abstains(geocode(text, gazetteer()))
    frame = geocode_many([text], gazetteer())
    assert frame.loc[0, "status"] == "abstained"
    assert frame.loc[0, "reasons"]


def test_what_is_no_text_abstains() -> None:
    frame = geocode_many([None, float("nan"), 3, "淙溪步行街"], gazetteer())  # type: ignore[list-item]
    assert list(frame["status"][:3]) == ["abstained"] * 3


def test_a_personal_number_is_named_as_the_reason() -> None:
    assert geocode("13812345678", gazetteer()).reasons == ("只有电话或证件号码，没有地名",)


def test_a_story_is_no_address() -> None:
    assert "文字太长" in geocode("人民路258号" * 2_000, gazetteer()).reasons[0]


@pytest.mark.parametrize("hostile", ["'; DROP TABLE reports; --", "<b>x</b>", "\u202e", "😀"])
def test_an_address_in_hostile_company_is_found_or_withheld(hostile: str) -> None:
    """What is placed is the place of the address alone."""
    alone = geocode("淙溪小学", gazetteer())
    match = geocode(f"淙溪小学{hostile}", gazetteer())
    assert match.abstained or match.area == alone.area


# Pieces of real addresses in any order, with anything between them.
PIECES = st.sampled_from(
    [
        "人民路",
        "258号",
        "状元府",
        "小区",
        "三栋",
        "2单元",
        "旁边",
        "青石村",
        "3组",
        "与",
        "路口",
        "北京市",
        "河西社区",
        "-",
        "Ｏ",
        "二",
        "鄰",
        "之2",
        "以北100米",
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60), st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=12).map("".join)
    )
)
def test_no_text_raises(text: str) -> None:
    spelled = address.canonical(text)
    assert "\n" not in spelled
    assert len(address.masked(text)) <= len(text) + 10
    match = geocode(text, gazetteer())
    assert 0 <= match.confidence <= 1
    if match.abstained:
        assert match.reasons
    else:
        assert match.area in gazetteer().codes
    split(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=8))
def test_many_are_answered_as_one_by_one(texts: list[str]) -> None:
    frame = geocode_many(texts, gazetteer())
    assert len(frame) == len(texts)
    alone = [geocode(text, gazetteer()) for text in texts]
    assert list(frame["status"]) == [str(match.status) for match in alone]
    assert list(frame["area"].astype(object).where(frame["area"].notna(), None)) == [
        match.area for match in alone
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=8), st.text(max_size=8)), max_size=6))
def test_no_name_breaks_the_gazetteer(rows: list[tuple[str, str, str]]) -> None:
    places = pd.DataFrame(
        {
            "name": [name for name, _, _ in rows],
            "aliases": [[alias] for _, alias, _ in rows],
            "kind": "estate",
            "parent": [parent for _, _, parent in rows],
            "x": 107.86,
            "y": 31.08,
            "area": "519900001001001",
        }
    )
    index = Gazetteer(places)
    for name, alias, _ in rows:
        assert geocode(name, index).reasons
        assert geocode(alias, index).reasons
