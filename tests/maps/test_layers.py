"""What the layers say about stations, and the picture of density."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import numpy as np
import pytest
from PIL import Image

from gridmap.maps import heat
from gridmap.maps.layers import Areas, hours_text, station_features
from gridmap.maps.legend import kind_list
from gridmap.types import Level, OpeningHours
from tests.maps.conftest import AMENITIES, KINDS, stations


def properties(**row: object) -> dict:
    (feature,) = station_features(stations(row), AMENITIES)["features"]
    return feature["properties"]


def test_a_station_keeps_its_place() -> None:
    (feature,) = station_features(stations({}), AMENITIES)["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [107.85, 31.05]}


def test_a_frame_in_another_system_is_refused() -> None:
    with pytest.raises(ValueError, match="EPSG:4490"):
        station_features(gpd.GeoDataFrame(stations({})).to_crs(4326), AMENITIES)


def test_unknown_values_are_empty() -> None:
    said = properties()
    assert said["address"] == said["phone"] == said["hours"] == said["use"] == ""
    assert said["capacity"] is None
    assert said["open"] is None


def test_opening_spans_are_minutes_of_the_week() -> None:
    # Tuesday 22:00 to Wednesday 06:00: the span runs past midnight and stays one.
    assert properties(opening_hours="Tu 22:00-06:00")["open"] == [[1440 + 22 * 60, 1440 + 30 * 60]]
    assert properties(opening_hours="off")["open"] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("24/7", "全天开放"),
        ("08:00-20:00", "08:00-20:00"),
        ("Mo-Fr 08:00-18:00; Sa off", "周一至周五 08:00-18:00；周六 休息"),
        ("Mo,We 09:00-12:00,14:00-17:00", "周一,周三 09:00-12:00,14:00-17:00"),
    ],
)
def test_hours_are_said_in_chinese(text: str, said: str) -> None:
    assert hours_text(OpeningHours.parse(text)) == said


def test_use_names_the_month_and_what_was_counted() -> None:
    assert (
        properties(use_month="2026-10", visits=1234, waters=300)["use"]
        == "2026-10 服务 1,234 人次，饮水 300 份"
    )


def test_an_unknown_amenity_shows_its_code() -> None:
    assert properties(amenities=["water", "wifi"])["amenities"] == ["饮水", "wifi"]


def test_the_legend_lists_only_kinds_that_are_there_in_their_order() -> None:
    listed = kind_list(KINDS, {"red": 2, "jiuke": 5})
    assert [(kind["code"], kind["count"]) for kind in listed] == [("jiuke", 5), ("red", 2)]


def alpha(surface: np.ndarray) -> np.ndarray:
    image = Image.open(io.BytesIO(heat.picture(surface)))
    return np.asarray(image.convert("RGBA"))[:, :, 3]


def test_nothing_is_clear() -> None:
    assert not alpha(np.zeros((4, 6))).any()


def test_the_south_is_the_last_row_of_the_picture() -> None:
    surface = np.zeros((3, 2))
    surface[0, 1] = 5.0
    assert np.argwhere(alpha(surface)).tolist() == [[2, 1]]


def test_denser_is_darker_and_less_clear() -> None:
    ramp = np.linspace(0, 1, 50)[None, :]
    image = np.asarray(Image.open(io.BytesIO(heat.picture(ramp))).convert("RGBA"))[0].astype(int)
    assert (np.diff(image[:, 3]) >= 0).all()
    assert image[-1, :3].sum() < image[10, :3].sum()


@pytest.mark.parametrize(
    ("levels", "first", "begins"),
    [
        ({"street": 1, "community": 8, "grid": 150}, Level.COMMUNITY, "community"),
        ({"street": 1, "community": 8, "grid": 150}, Level.GRID, "grid"),
        ({"street": 1, "community": 8}, Level.GRID, "community"),
        ({"street": 1, "grid": 150}, Level.COMMUNITY, "grid"),
    ],
)
def test_a_map_begins_with_the_level_it_asks_for_or_the_finest(
    levels: dict[str, int], first: Level, begins: str
) -> None:
    assert json.loads(Areas(levels, first).data)["level"] == begins
