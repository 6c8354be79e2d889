"""Whole documents: rendered once, offline, and with nothing in them that came from outside as code."""

from __future__ import annotations

import gzip
import json
import re

import folium
import pytest

from gridmap.maps import base, compose
from tests.maps.conftest import AMENITIES, BOUNDS, KINDS, LEVELS, stations

HOSTILE = [
    "</script><script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "{# gone #}{{{",
    "`${alert(1)}`",
    "\"'><img src=x onerror=alert(1)>",
    '\\"; alert(1); \\u0022 \\{{1}}',
    "行\u2028分\u2029隔",
    "<!--<script>",
]


def overview(*rows: dict[str, object], basemaps: list[base.Basemap] | None = None) -> str:
    grounds = basemaps or [base.TOWN, base.BLANK]
    return base.render(compose.overview(stations(*rows), BOUNDS, LEVELS, KINDS, AMENITIES, grounds))


def calls(html: str, function: str) -> list[dict]:
    """The data of each call of gridmap.<function> in the document's script."""
    return [json.loads(data) for data in re.findall(rf"gridmap\.{function}\(map_0, (.*)\);", html)]


@pytest.fixture(params=[compose.overview, compose.mygrid])
def html(request: pytest.FixtureRequest) -> str:
    return base.render(request.param(stations({}), BOUNDS, LEVELS, KINDS, AMENITIES, [base.TOWN, base.BLANK]))


def test_each_layer_is_added_once(html: str) -> None:
    functions = re.findall(r"gridmap\.(add\w+)\(", html)
    assert functions
    assert len(functions) == len(set(functions))


def test_each_asset_is_loaded_once(html: str) -> None:
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize(
    ("levels", "offered", "first"),
    [
        (LEVELS, ["street", "community", "grid"], "community"),
        ({"grid": 247}, ["grid"], "grid"),
        ({"county": 1, "street": 12}, ["county", "street"], "street"),
        ({"building": 3}, [], "none"),
    ],
)
def test_the_map_offers_the_levels_that_there_are(levels, offered, first) -> None:
    document = compose.overview(stations({}), BOUNDS, levels, KINDS, AMENITIES, [base.TOWN])
    (data,) = calls(base.render(document), "addAreas")
    assert [level["code"] for level in data["levels"]] == offered
    assert data["level"] == first


def test_a_second_rendering_is_refused() -> None:
    document = compose.overview(stations({}), BOUNDS, LEVELS, KINDS, AMENITIES, [base.TOWN])
    base.render(document)
    with pytest.raises(RuntimeError, match="rendered already"):
        base.render(document)


def test_the_same_map_renders_to_the_same_text() -> None:
    assert overview({}) == overview({})


def test_nothing_is_loaded_from_outside(html: str) -> None:
    addresses = re.findall(r"""(?:src|href|action)\s*=\s*["']?([^"'\s>]+)""", html)
    assert addresses
    assert all(address.startswith("/static/") for address in addresses)
    assert not re.findall(r"(?:https?:)?//[\w.-]+\.\w+", html)


def test_only_a_configured_base_map_names_a_host() -> None:
    html = overview({}, basemaps=[base.TOWN, base.tianditu("KEY", "GS(2024)0650号")])
    assert set(re.findall(r"//([\w.{}-]+)", html)) == {"t{s}.tianditu.gov.cn"}
    assert "GS(2024)0650号" in html


def test_the_document_is_chinese_and_scales_on_a_phone(html: str) -> None:
    assert '<html lang="zh-CN">' in html
    assert "<title>" in html
    assert "width=device-width" in html
    assert "user-scalable=no" not in html
    assert base.NOT_A_BOUNDARY in html


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_data(text: str) -> None:
    html = overview({"name": text, "address": text, "phone": text, "amenities": [text]})
    script = html[html.rindex("<script>") : html.rindex("</script>")]
    assert html.count("<script") == script.count("<script") + html.count("<script src=")
    assert "`" not in script
    (data,) = calls(html, "addStations")
    properties = data["stations"]["features"][0]["properties"]
    assert [properties[name] for name in ("name", "address", "phone")] == [text] * 3
    assert properties["amenities"] == [text]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_the_dictionary_stays_data(text: str) -> None:
    kind = base_kind(text)
    html = base.render(compose.overview(stations({}), BOUNDS, LEVELS, [kind], AMENITIES, [base.TOWN]))
    (data,) = calls(html, "addStations")
    assert data["kinds"][0]["name"] == text


def base_kind(text: str):
    return type(KINDS[0])("jiuke", text, text[:1], text, text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_the_settings_stays_data(text: str) -> None:
    html = overview({}, basemaps=[base.xyz("/raster/{z}/{x}/{y}.png", text, text)])
    (data,) = calls(html, "start")
    assert data["basemaps"][0]["attribution"] == text


def test_a_city_of_stations_stays_small() -> None:
    rows = [
        {
            "name": f"河东社区第{number}网格九可驿站",
            "address": f"淙溪大道{number}号",
            "opening_hours": "Mo-Fr 08:00-18:00; Sa 09:00-12:00",
            "amenities": list(AMENITIES),
        }
        for number in range(2000)
    ]
    html = overview(*rows).encode()
    assert len(gzip.compress(html, 4)) < 120_000


def test_a_map_without_stations_is_whole() -> None:
    html = overview()
    (data,) = calls(html, "addStations")
    assert data == {"kinds": [], "stations": {"type": "FeatureCollection", "features": []}}


def test_every_class_of_folium_in_use_is_local() -> None:
    owners = base.asset_owners()
    assert folium.Map in owners
    assert len(owners) > 5
    addresses = [url for owner in owners for _, url in (*owner.default_js, *owner.default_css)]
    assert addresses
    assert all(re.fullmatch(r"/static/[\w./-]+\?v=[0-9a-f]{10}", url) for url in addresses)
