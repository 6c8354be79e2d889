"""Answers and abstentions over a town small enough to be drawn.

north   人民路 runs from west to east along y = 0; even doors stand north of it, odd ones south
        grids:  A (x < 0)  |  B (x >= 0), both north of the road;  C south of it
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from gridmap.geocode.gazetteer import Gazetteer
from gridmap.geocode.match import Match, geocode, geocode_many

# One metre in degrees, near enough, at the origin of the drawing.
LNG, LAT, M = 107.86, 31.08, 1 / 111_320
SQUEEZE = np.cos(np.radians(LAT))


def at(east_m: float, north_m: float) -> tuple[float, float]:
    return LNG + east_m * M / SQUEEZE, LAT + north_m * M


def area(name: str, west: float, south: float, east: float, north: float) -> tuple[str, object]:
    return name, box(*at(west, south), *at(east, north))


AREAS = gpd.GeoDataFrame(
    [
        area("511999001001001", -800, 0, 0, 500),
        area("511999001001002", 0, 0, 800, 500),
        area("511999001002001", -800, -500, 800, 0),
    ],
    columns=["code", "geometry"],
    crs="EPSG:4490",
)
A, B, C = AREAS["code"]


def rows() -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = [
        ("河西社区", "community", None, -400.0, 200.0, "511999001001"),
        ("河东社区", "community", None, 0.0, -200.0, "511999001002"),
        ("状元府小区", "estate", "河西社区", -300.0, 100.0, A),
        *((f"状元府小区{n}栋", "building", "状元府小区", -300.0 + 20 * n, 100.0, A) for n in (1, 2, 3, 5)),
        ("双河苑", "estate", "河西社区", 0.0, 300.0, A),
        *(
            (f"双河苑{n}栋", "building", "双河苑", -80.0 + 40 * n, 300.0, A if n < 2 else B)
            for n in (1, 2, 3)
        ),
        ("阳光花园", "estate", "河西社区", -600.0, 300.0, A),
        ("阳光花园", "estate", "河东社区", 300.0, -300.0, C),
        ("康民药店", "shop", "河西社区", -500.0, 200.0, A),
        ("百姓药店", "shop", "河东社区", 500.0, -200.0, C),
        ("老友药店", "shop", "河西社区", 600.0, 200.0, B),
        ("鼓楼", "landmark", "河西社区", -400.0, 250.0, A),
        ("界碑", "landmark", "河西社区", -5.0, 400.0, A),
        ("滨江路", "road", None, 400.0, -250.0, C),
    ]
    found += [
        (f"人民路{n}号", "address", None, 10.0 * n - 500.0, 20.0 if n % 2 == 0 else -20.0, None)
        for n in range(1, 100)
        if n not in range(20, 27)
    ]
    found += [("人民路", "road", None, x, 0.0, None) for x in np.arange(-700.0, 701.0, 25.0)]
    return found


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    places = pd.DataFrame(rows(), columns=["name", "kind", "parent", "x", "y", "area"])
    x, y = at(places["x"].to_numpy(), places["y"].to_numpy())  # type: ignore[arg-type]
    return Gazetteer(
        places.assign(x=x, y=y, aliases=[["药店"] if name == "康民药店" else [] for name in places["name"]])
    )


def assert_answer(match: Match, place: str, code: str) -> None:
    assert (match.place, match.area) == (place, code), match.reasons
    assert match.confidence > 0.9
    assert match.candidates[0].place == place


def assert_abstains(match: Match, reason: str) -> None:
    assert match.abstained, match
    assert any(reason in told for told in match.reasons), match.reasons


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("状元府小区3栋", "状元府小区3栋", A),
        ("狀元府小區三棟2單元501", "状元府小区3栋", A),
        ("河西社区状元府3-2-501", "状元府小区3栋", A),
        ("壮元府小区3栋", "状元府小区3栋", A),
        ("状元府小区3号", "状元府小区3栋", A),
        ("状元府小区", "状元府小区", A),
        ("我家住在状元府小区3栋，楼下很吵", "状元府小区3栋", A),
        ("状元府小区3栋楼下", "状元府小区3栋", A),
        ("人民路40号", "人民路40号", A),
        ("人民路41号", "人民路41号", C),
        ("人民路40号2楼", "人民路40号", A),
        ("人民路40-3号", "人民路40号", A),
        ("双河苑3栋", "双河苑3栋", B),
        ("鼓楼旁边", "鼓楼", A),
        ("鼓楼以西一百米", "鼓楼", A),
        ("河东社区阳光花园", "阳光花园", C),
    ],
)
def test_known_places_are_found(gazetteer: Gazetteer, text: str, place: str, code: str) -> None:
    assert_answer(geocode(text, gazetteer, AREAS), place, code)


def test_a_missing_door_lies_between_its_neighbours_of_the_same_side(gazetteer: Gazetteer) -> None:
    for number, code in ((22, A), (23, C)):
        match = geocode(f"人民路{number}号", gazetteer, AREAS)
        assert_answer(match, f"人民路{number}号", code)
        x, y = at(10.0 * number - 500.0, 20.0 if number % 2 == 0 else -20.0)
        assert match.x == pytest.approx(x, abs=2 * M)
        assert match.y == pytest.approx(y, abs=2 * M)
        assert "推算" in match.reasons[0]


def test_a_missing_building_lies_where_all_of_its_estate_lies(gazetteer: Gazetteer) -> None:
    match = geocode("状元府小区4栋", gazetteer, AREAS)
    assert_answer(match, "状元府小区", A)
    assert "没有“4栋”" in match.reasons[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        # An estate in two grids, a name of two places, a common noun.
        ("双河苑", "2 个网格"),
        ("阳光花园", "有多处"),
        ("药店", "有多处"),
        ("药店附近", "有多处"),
        ("人民路", "跨"),
        # A disc over a border.
        ("界碑旁边", "跨 2 个网格"),
        # What is not known, however like it is.
        ("新状元府花园3栋", "没有"),
        ("状元府小区幼儿园", "把握不足"),
        ("状元府小区二期", "把握不足"),
        ("幸福里3栋", "没有"),
        ("人民路999号", "跨"),
        # What contradicts itself, and what lies elsewhere.
        ("河东社区状元府小区3栋", "不在那里"),
        ("人民路98号状元府小区3栋", "相距太远"),
        ("北京市朝阳区人民路40号", "不在本辖区"),
        ("建湖县人民路40号", "不在本辖区"),
        ("河西社区", "只写到"),
        ("3栋2单元501室", "没有"),
        # Two places in one text, a number of another place, a thing's number, a denial.
        ("双河苑1栋、3栋", "有多处"),
        ("双河苑1~3栋", "有多处"),
        ("状元府小区和阳光花园之间", "两地之间"),
        ("丽景湾3栋，状元府小区旁边", "把握不足"),
        ("双河苑3号门", "2 个网格"),
        ("不在状元府小区3栋", "不在"),
        ("状元府小区3栋（北京）", "不在本辖区"),
        ("外地的状元府小区3栋", "不在本辖区"),
        ("在成都的状元府小区3栋", "不在本辖区"),
        ("状元府小区药店", "把握不足"),
    ],
)
def test_what_cannot_be_told_is_withheld(gazetteer: Gazetteer, text: str, reason: str) -> None:
    match = geocode(text, gazetteer, AREAS)
    assert_abstains(match, reason)


def test_an_abstention_offers_its_candidates(gazetteer: Gazetteer) -> None:
    match = geocode("阳光花园", gazetteer, AREAS)
    assert {candidate.area for candidate in match.candidates} == {A, C}
    assert {candidate.place for candidate in match.candidates} == {"阳光花园"}


def test_a_common_noun_beside_a_known_place_is_the_one_there(gazetteer: Gazetteer) -> None:
    assert_answer(geocode("人民路2号药店", gazetteer, AREAS), "人民路2号", A)


def test_without_outlines_the_neighbours_tell_the_area(gazetteer: Gazetteer) -> None:
    assert geocode("鼓楼旁边", gazetteer).area == A
    # Of a door that the frame gives no area nothing is known without outlines, and nothing is answered.
    assert_abstains(geocode("人民路40号", gazetteer), "不在任何辖区")


def test_many_come_back_in_their_order(gazetteer: Gazetteer) -> None:
    texts = ["状元府小区3栋", "药店", "", "状元府小区3栋", "人民路41号"]
    found = geocode_many(texts, gazetteer, AREAS)
    assert list(found.columns) == ["place", "x", "y", "radius_m", "area", "confidence", "status", "reasons"]
    assert list(found["area"].fillna("")) == [A, "", "", A, C]
    assert list(found["x"].isna()) == [False, True, True, False, False]
    assert list(found["status"]) == ["answered", "abstained", "abstained", "answered", "answered"]
    pd.testing.assert_series_equal(found.loc[0], found.loc[3], check_names=False)
    assert geocode_many([], gazetteer, AREAS).empty
