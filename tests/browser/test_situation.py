"""综合态势一张图: what the panel and the map say, and that they agree."""

from __future__ import annotations

import json
import re
import urllib.request
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.conftest import HERE, Watched

NEAR = f"{HERE['longitude']},{HERE['latitude']}"


def ask(window: Watched, path: str) -> Any:
    with urllib.request.urlopen(window.url + path) as answer:
        return json.load(answer)


def figure(page: Page, name: str) -> int:
    return int(page.locator(f"[data-figure='{name}']").inner_text().replace(",", ""))


def town(page: Page) -> FrameLocator:
    return page.frame_locator("#map")


def on_map(page: Page, symbols: str, clusters: str) -> int:
    """The sum of what the map's symbols stand for: one each, a cluster its number."""
    frame = town(page)
    numbers = frame.locator(f"{clusters} .count").all_text_contents()
    return frame.locator(symbols).count() + sum(int(number.replace(",", "")) for number in numbers)


def reports_on_map(page: Page) -> int:
    return on_map(page, ".map-reports .report-symbol", ".report-cluster")


def stations_on_map(page: Page) -> int:
    return on_map(page, ".map-stations .station-symbol", ".station-cluster")


def zoom(window: Watched, title: str) -> None:
    town(window.page).get_by_title(title).click()
    window.rest()


@pytest.mark.parametrize("query", ["", "?period=all", "?period=365&state=open,overdue"])
def test_clusters_add_up_to_the_total_at_every_zoom(wide: Watched, query: str) -> None:
    page = wide.open(f"/map{query}")
    total = figure(page, "total")
    assert total > 0
    assert reports_on_map(page) == total
    for _ in range(3):
        zoom(wide, "缩小")
        assert reports_on_map(page) == total
    for _ in range(3):
        zoom(wide, "放大")
    assert reports_on_map(page) == total


def test_stations_on_the_map_are_those_of_the_legend(wide: Watched) -> None:
    page = wide.open("/map")
    everything = int(page.locator(".legend-row", has_text="全部站点").locator(".legend-count").inner_text())
    assert stations_on_map(page) == everything
    row = page.locator(".legend-kinds .legend-row").first
    number = int(row.locator(".legend-count").inner_text())
    row.locator("input").uncheck()
    wide.rest()
    assert stations_on_map(page) == everything - number
    page.locator(".legend-row", has_text="全部站点").locator("input").uncheck()
    wide.rest()
    assert stations_on_map(page) == 0


def test_states_add_up_and_agree_with_the_server(desk: Watched) -> None:
    page = desk.open("/map?period=all")
    told = ask(desk, "/maps/overview/counts?level=community")
    assert {name: figure(page, name) for name in ("open", "overdue", "closed")} == told["states"]
    assert figure(page, "total") == told["total"] == sum(told["states"].values())
    assert str(told["unplaced"]) in page.locator("#unplaced").inner_text().replace(",", "")


def test_clicking_a_grid_shows_its_card(desk: Watched) -> None:
    page = desk.open(f"/map?level=grid&layers=&at={NEAR},16")
    where = ask(desk, f"/api/locate?lng={HERE['longitude']}&lat={HERE['latitude']}")
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    heading = page.locator("#card h2")
    expect(heading).to_contain_text(where["area"]["name"])
    expect(page.locator("#card .workers")).to_contain_text(where["workers"][0]["name"])
    assert page.locator("#card a[href^='tel:']").first.is_visible()
    assert f"area={where['area']['code']}" in page.url
    page.locator("#card .path button").last.click()
    expect(heading).to_contain_text(where["path"][-2]["name"])
    page.go_back()
    expect(heading).to_contain_text(where["area"]["name"])
    page.locator("#card .btn-close").click()
    expect(page.locator("#card")).to_be_hidden()
    assert desk.errors == []


def test_a_level_chooses_which_area_a_click_means(desk: Watched) -> None:
    page = desk.open(f"/map?level=community&layers=&at={NEAR},16")
    where = ask(desk, f"/api/locate?lng={HERE['longitude']}&lat={HERE['latitude']}")
    town(page).locator(".folium-map").click(position={"x": 500, "y": 400})
    expect(page.locator("#card .badge")).to_have_text("社区")
    assert where["path"][-2]["level"] == "community"


def test_the_address_restores_the_view(desk: Watched) -> None:
    query = "period=90&state=overdue,closed&category=property,hazard&kinds=jiuke,red&level=grid&layers=stations,reports"
    page = desk.open(f"/map?{query}&at={NEAR},16")
    assert page.locator("[name=period]").input_value() == "90"
    states = {box.get_attribute("value"): box.is_checked() for box in page.locator("[name=state]").all()}
    assert states == {"open": False, "overdue": True, "closed": True}
    assert page.locator("#category-summary").inner_text() == "小区物业、隐患问题"
    assert page.locator("[name=category][value=fire]").is_checked(), "a parent category holds its children"
    assert not page.locator("[name=category][value=family]").is_checked()
    kinds = page.locator(".legend-kinds input:checked")
    assert kinds.count() == 2
    assert page.locator("#level-grid").is_checked()
    assert page.locator(".legend-row", has_text="上报点").locator("input").is_checked()
    assert not page.locator(".legend-row", has_text="热力").locator("input").is_checked()
    state = page.frames[1].evaluate("Object.fromEntries(gridmap.state)")
    view = page.frames[1].evaluate(
        "[gridmap.map.getCenter().lng, gridmap.map.getCenter().lat, gridmap.map.getZoom()]"
    )
    assert view == pytest.approx([HERE["longitude"], HERE["latitude"], 16], abs=1e-5)
    told = ask(
        desk,
        "/maps/overview/counts?level=grid&state=overdue,closed&category=property,hazard"
        f"&since={state['since']}&until={state['until']}",
    )
    assert figure(page, "total") == told["total"]


def test_back_undoes_a_filter(desk: Watched) -> None:
    page = desk.open("/map")
    before = figure(page, "total")
    page.locator("[name=period]").select_option("all")
    desk.rest()
    assert figure(page, "total") > before
    assert "period=all" in page.url
    page.go_back()
    desk.rest()
    assert figure(page, "total") == before
    assert page.locator("[name=period]").input_value() == "30"


def test_a_period_ends_on_the_latest_day_of_the_data(desk: Watched) -> None:
    page = desk.open("/map?period=7")
    state = page.frames[1].evaluate("Object.fromEntries(gridmap.state)")
    latest = page.locator("#panel").get_attribute("data-latest")
    assert state["until"] == latest
    assert page.locator("#as-of").inner_text().startswith(f"截至 {latest}")
    page.locator("[name=period]").select_option("custom")
    assert page.locator("[name=since]").input_value() == state["since"]
    page.locator("[name=since]").fill("2026-01-01")
    page.locator("[name=until]").fill("2025-12-31")
    desk.rest()
    assert page.locator("[name=since]").input_value() == "2025-12-31", "the other end gives way"
    assert desk.errors == []


def test_the_last_state_cannot_be_switched_off(desk: Watched) -> None:
    page = desk.open("/map?state=overdue")
    page.locator("[name=state][value=overdue]").click()
    assert page.locator("[name=state][value=overdue]").is_checked()


def test_states_differ_in_shape(desk: Watched) -> None:
    page = desk.open(f"/map?period=all&at={NEAR},19&layers=reports")
    shapes = page.frames[1].evaluate(
        """() => ["open", "overdue", "closed"].map((state) => {
            const symbol = symbols.report(state);
            return [symbol.querySelectorAll("path,circle,text").length, symbol.firstChild.outerHTML].join();
        })"""
    )
    assert len(set(shapes)) == 3


def test_heat_lies_on_the_map_when_it_is_asked_for(desk: Watched) -> None:
    page = desk.open("/map?layers=heat&level=none")
    picture = town(page).locator("img.leaflet-image-layer")
    assert "/maps/overview/heat.png?since=" in (picture.get_attribute("src") or "")
    assert picture.evaluate("(image) => image.naturalWidth") > 0


def test_a_station_opens_by_keyboard_and_tells_of_itself(desk: Watched) -> None:
    page = desk.open(f"/map?layers=stations&at={NEAR},17")
    marker = town(page).locator(".map-stations .map-symbol:has(.station-symbol)").first
    name = re.sub(r"^.*：|（.*）$", "", marker.get_attribute("title") or "")
    marker.focus()
    marker.press("Enter")
    popup = town(page).locator(".leaflet-popup-content")
    expect(popup.locator("strong")).to_have_text(name)
    expect(popup).to_contain_text("开放")


def test_the_sheet_of_a_phone_is_pulled_up_and_down(phone: Watched) -> None:
    page = phone.open("/map")
    assert not page.locator("#filters").is_visible()
    low = page.locator("#panel").bounding_box()
    page.locator("#sheet").click()
    page.wait_for_timeout(250)
    high = page.locator("#panel").bounding_box()
    assert low
    assert high
    assert high["y"] < low["y"] - 200
    assert page.locator("#filters").is_visible()
    page.mouse.move(180, high["y"] + 14)
    page.mouse.down()
    page.mouse.move(180, high["y"] + 200)
    page.mouse.up()
    page.wait_for_timeout(250)
    assert page.locator("#panel").bounding_box() == low


@pytest.mark.parametrize("query", ["", "?period=all", f"?level=grid&at={NEAR},16"])
def test_the_header_stays_where_it_is(desk: Watched, query: str) -> None:
    page = desk.open(f"/map{query}")
    page.locator("#base-none").focus()
    page.locator("#share").focus()
    desk.rest()
    box = page.locator("header").bounding_box()
    assert box
    assert box["y"] == 0
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def highest(page: Page, symbols: str, top: float) -> Locator:
    """Of the symbols in view, well within the sides of the map, the one nearest below `top`."""
    found = [
        (box["y"], place)
        for place in town(page).locator(symbols).all()
        if (box := place.bounding_box()) and box["y"] > top and 150 < box["x"] < 850
    ]
    return min(found, key=lambda pair: pair[0])[1]


@pytest.mark.parametrize("layer", ["reports", "stations"])
def test_a_popup_at_the_upper_edge_stays_open(desk: Watched, layer: str) -> None:
    page = desk.open(f"/map?period=all&level=none&layers={layer}&at={NEAR},17")
    symbols = f".map-{layer} .map-symbol:has(.{layer.removesuffix('s')}-symbol)"
    box = highest(page, symbols, 200).bounding_box()
    assert box
    page.mouse.move(500, 600)
    page.mouse.down()
    page.mouse.move(500, 600 - box["y"] + 54, steps=4)
    page.mouse.up()
    desk.rest()
    before = page.url
    highest(page, symbols, 52).click()
    desk.rest()
    assert page.url != before, "the map moves to show the popup, and asks again for what it shows"
    expect(town(page).locator(".leaflet-popup")).to_have_count(1)


def test_a_kind_chosen_without_stations_is_shown_alone(wide: Watched) -> None:
    page = wide.open("/map?layers=reports")
    everything = page.locator(".legend-row", has_text="全部站点").locator("input")
    kinds = page.locator(".legend-kinds .legend-row")
    assert page.locator(".legend-kinds input:checked").count() == 0
    kinds.first.locator("input").click()
    wide.rest()
    assert stations_on_map(page) == int(kinds.first.locator(".legend-count").inner_text())
    assert page.locator(".legend-kinds input:checked").count() == 1
    everything.click()
    assert page.locator(".legend-kinds input:checked").count() == 0
    everything.click()
    assert page.locator(".legend-kinds input:checked").count() == kinds.count()
    wide.rest()
    assert stations_on_map(page) > 0


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ("since=2026-05-01&until=2026-01-01", "时段的结束 2026-01-01 早于开始 2026-05-01，请重新选择时段。"),
        ("since=2026-02-31", "没有 2026-02-31 这一天，请重新选择时段。"),
    ],
)
def test_days_that_cannot_be_are_named(desk: Watched, period: str, said: str) -> None:
    page = desk.open(f"/map?period=custom&layers=reports,heat&{period}")
    expect(town(page).locator(".map-notice")).to_have_text(said)
    page.locator("[name=period]").select_option("30")
    expect(town(page).locator(".map-notice")).to_be_hidden()


def test_a_link_to_an_area_without_a_view_goes_there(desk: Watched) -> None:
    where = ask(desk, f"/api/locate?lng={HERE['longitude']}&lat={HERE['latitude']}")["area"]["code"]
    page = desk.open(f"/map?level=grid&area={where}")
    west, south, east, north = ask(desk, f"/api/areas/{where}")["bounds"]
    assert page.frames[1].evaluate(
        f"gridmap.map.getBounds().contains([[{south}, {west}], [{north}, {east}]])"
    )
    assert page.frames[1].evaluate("gridmap.map.getZoom()") >= 15
    assert "&at=" in page.url


def test_a_custom_period_after_everything_begins_a_year_before_the_latest_day(desk: Watched) -> None:
    page = desk.open("/map?period=all")
    page.locator("[name=period]").select_option("custom")
    latest = page.locator("#panel").get_attribute("data-latest") or ""
    since = date.fromisoformat(latest) - timedelta(days=364)
    assert page.locator("[name=since]").input_value() == since.isoformat()
    assert page.locator("[name=until]").input_value() == latest


def test_overdue_is_red_only_where_there_is_some(desk: Watched) -> None:
    page = desk.open("/map?period=all")
    cell = page.locator(".totals div:has([data-figure='overdue'])")
    assert figure(page, "overdue") > 0
    expect(cell).to_have_class("is-overdue")
    page.locator("[name=state][value=overdue]").uncheck()
    desk.rest()
    assert figure(page, "overdue") == 0
    expect(cell).not_to_have_class("is-overdue")


def test_an_unknown_level_is_the_usual_one(desk: Watched) -> None:
    page = desk.open("/map?level=foo")
    assert page.locator("#level-community").is_checked()
    assert page.frames[1].evaluate("gridmap.get('level')") == "community"
    assert desk.errors == []


def test_a_click_outside_is_answered_and_dismissed(desk: Watched) -> None:
    page = desk.open("/map?layers=")
    town(page).locator(".folium-map").click(position={"x": 20, "y": 20})
    expect(page.locator("#card")).to_contain_text("此处不在任何网格内")
    page.locator("#card .btn-close").click()
    expect(page.locator("#card")).to_be_hidden()


def test_a_year_without_reports_is_said_in_words(desk: Watched) -> None:
    page = desk.open("/map")
    where = ask(desk, f"/api/locate?lng={HERE['longitude']}&lat={HERE['latitude']}")["area"]["code"]
    answer = ask(desk, f"/api/areas/{where}") | {"trend": [{"month": "2001-01", "n": 3}]}
    text, bars = page.evaluate(
        """answer => {
            const made = card.area(answer, [], {});
            return [made.textContent, made.querySelectorAll(".trend").length];
        }""",
        answer,
    )
    assert "近十二个月没有上报" in text
    assert bars == 0


def test_a_phone_shows_the_area_of_a_link_above_the_sheet(phone: Watched) -> None:
    where = ask(phone, f"/api/locate?lng={HERE['longitude']}&lat={HERE['latitude']}")["area"]["code"]
    page = phone.open(f"/map?level=grid&area={where}")
    phone.rest()
    west, south = ask(phone, f"/api/areas/{where}")["bounds"][:2]
    bottom = page.frames[1].evaluate(f"gridmap.map.latLngToContainerPoint([{south}, {west}]).y")
    frame, sheet = (page.locator(name).bounding_box() for name in ("#map", "#panel"))
    assert frame
    assert sheet
    assert frame["y"] + bottom < sheet["y"]
