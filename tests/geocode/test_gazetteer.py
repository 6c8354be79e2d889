"""The index: what a name finds, what it learns, and what it refuses to be made of."""

from __future__ import annotations

import pandas as pd
import pytest

from gridmap.errors import InputError
from gridmap.geocode.gazetteer import Gazetteer
from gridmap.geocode.match import geocode

ROWS = [
    # name, aliases, kind, parent, x, y, area
    ("状元府小区", ["状元府", "老纺织厂"], "estate", "河西社区", 107.8600, 31.0800, "A"),
    ("状元府小区1栋", [], "building", "状元府小区", 107.8600, 31.0801, "A"),
    ("3栋", [], "building", "状元府小区", 107.8601, 31.0801, "A"),
    ("溪源县第一中学", [], "school", "河东社区", 107.8700, 31.0800, "B"),
    ("溪源县第二中学", [], "school", "河东社区", 107.8750, 31.0800, "B"),
    ("人民路10号", [], "address", "", 107.8610, 31.0810, "A"),
    ("台北市内湖区碧山里", [], "village", "", 107.8900, 31.0800, "C"),
]


def gazetteer(rows: list[tuple[object, ...]] = ROWS) -> Gazetteer:
    return Gazetteer(frame(rows))


def frame(rows: list[tuple[object, ...]] = ROWS) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["name", "aliases", "kind", "parent", "x", "y", "area"])


def rows_of(index: Gazetteer, name: str) -> list[int]:
    entry = index.find(name)
    return [] if entry is None else list(entry.rows)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("状元府小区", [0]),
        ("状元府", [0]),
        ("老纺织厂", [0]),
        ("状元府小区1栋", [1]),
        ("状元府小区3栋", [2]),
        ("第一中学", [3]),
        ("县第一中学", [3]),
        ("碧山里", [6]),
        ("状元", []),
    ],
)
def test_names_find_their_rows(name: str, rows: list[int]) -> None:
    assert rows_of(gazetteer(), name) == rows


def test_a_number_joins_the_series_of_its_stem() -> None:
    index = gazetteer()
    assert [(member.number, member.row) for member in index.series("状元府小区")] == [(1, 1), (3, 2)]
    assert [member.number for member in index.doors("人民路", 0)] == [10]
    assert index.doors("人民路", 1) == ()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("壮圆府小区", "状元府小区"),
        ("zhuangyuanfuxiaoqu", "状元府小区"),
        ("ZYFXQ", "状元府小区"),
        ("创元府小区", "状元府小区"),
    ],
)
def test_names_are_found_by_sound_and_initials(written: str, name: str) -> None:
    index = gazetteer()
    like = index.likeness.spelled(written) if written.isascii() else index.likeness.sounding(written)
    assert index.name_at(like[0].id) == name


def test_a_missing_character_is_found_and_a_telling_one_is_not() -> None:
    index = gazetteer()
    assert [index.name_at(like.id) for like in index.likeness.cut("状府小区")] == ["状元府小区"]
    assert not index.likeness.sounding("溪源县第三中学")
    assert not index.likeness.cut("溪源县第三中学")


def test_names_that_share_pieces_are_offered() -> None:
    index = gazetteer()
    assert "溪源县第一中学" in [index.name_at(k) for k in index.likeness.sharing("溪源一中学", 3)]


def test_what_is_learnt_is_used_and_unlearnt() -> None:
    index = gazetteer()
    taught = pd.DataFrame(
        [("棋牌坝子", "状元府小区", 0.0, 0.0, None), ("王婆婆豆腐摊", None, 107.8705, 31.0805, "B")],
        columns=["alias", "name", "x", "y", "area"],
    )
    assert geocode("棋牌坝子3栋", index).abstained
    index.learn(taught)
    assert geocode("棋牌坝子3栋", index).place == "状元府小区3栋"
    spot = geocode("王婆婆豆腐摊", index)
    assert (spot.x, spot.y, spot.area) == (107.8705, 31.0805, "B")
    index.learn(taught.iloc[:0])
    assert geocode("棋牌坝子3栋", index).abstained
    assert geocode("王婆婆豆腐摊", index).abstained
    assert geocode("状元府", index).area == "A", "what was known before is still known"


def test_columns_that_may_be_missing_or_empty() -> None:
    places = frame()[["name", "kind", "x", "y"]]
    match = geocode("状元府小区", Gazetteer(places))
    assert (match.place, match.area) == ("状元府小区", None)
    empty = frame().assign(aliases=None, parent=None, area=None)
    assert geocode("状元府小区", Gazetteer(empty)).x == 107.86
    assert geocode("状元府小区", Gazetteer(frame([]))).abstained


@pytest.mark.parametrize(
    ("places", "named"),
    [
        (frame().drop(columns="x"), "'x'"),
        (frame().assign(x=500_000.0), "row 0"),
        (frame().assign(y=float("nan")), "row 0"),
        (frame().assign(aliases="状元府;老纺织厂"), "aliases"),
    ],
)
def test_a_frame_that_cannot_be_used_is_refused(places: pd.DataFrame, named: str) -> None:
    with pytest.raises(InputError, match=named):
        Gazetteer(places)
