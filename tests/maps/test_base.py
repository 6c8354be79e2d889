"""Assets, base maps, and data inside a script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from folium.elements import JSCSSMixin
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from gridmap.errors import ConfigError
from gridmap.maps import base
from tests.maps.conftest import STATIC

# What json can hold; names and texts of any characters at any depth.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["{{", "{%", "{#", "</", "${"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("path", sorted(base.ASSETS.values()))
def test_every_named_asset_has_a_local_file(path: str) -> None:
    assert (STATIC / path).is_file()


def test_an_address_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = base.asset_url(tmp_path, "a.js")
    (tmp_path / "a.js").write_text("2")
    assert base.asset_url(tmp_path, "a.js") != before


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="npm ci"):
        base.use_local_assets(tmp_path)


def test_a_name_without_a_local_file_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(base.ASSETS, "markercluster")
    with pytest.raises(ConfigError, match="markercluster"):
        base.use_local_assets(STATIC)


def test_assets_may_be_prepared_again() -> None:
    before = [list(owner.default_js) for owner in base.asset_owners()]
    base.use_local_assets(STATIC)
    assert [list(owner.default_js) for owner in base.asset_owners()] == before
    assert all(issubclass(owner, JSCSSMixin) for owner in base.asset_owners())


@given(VALUES)
def test_script_json_survives_a_second_template(value: object) -> None:
    text = base.script_json(value)
    assert json.loads(Environment(autoescape=False).from_string(text).render()) == value
    assert not set("<>&'`\u2028\u2029") & set(text)


def test_script_json_refuses_what_json_cannot_say() -> None:
    with pytest.raises(ValueError, match="JSON"):
        base.script_json(float("nan"))


def test_tianditu_asks_for_ground_and_names_in_web_mercator() -> None:
    ground, names = base.tianditu("KEY", "").tiles
    assert "vec_w/wmts" in ground
    assert "LAYER=vec&" in ground
    assert "LAYER=cva&" in names
    for tile in (ground, names):
        assert "TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=KEY" in tile


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://t{s}.tianditu.gov.cn/{z}/{x}/{y}", ["https://*.tianditu.gov.cn"]),
        ("https://tiles.example.cn:8443/{z}/{x}/{y}.png", ["https://tiles.example.cn:8443"]),
        ("//{s}.example.cn/{z}/{x}/{y}.png", ["https://*.example.cn"]),
        ("/raster/{z}/{x}/{y}.png", []),
    ],
)
def test_hosts_of_a_base_map(url: str, hosts: list[str]) -> None:
    assert base.xyz(url, "", "").hosts == hosts
