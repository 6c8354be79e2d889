"""我的网格: by the device's position, by a tap, and with words for every refusal."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched


def test_the_position_of_the_device_finds_grid_worker_and_stations(walker: Watched) -> None:
    page = walker.open("/my-grid")
    page.locator("#locate").click()
    expect(page.locator("#answer h2")).to_contain_text("网格")
    expect(page.locator("#hint")).to_have_text("已定位，误差约 12 米。")
    assert (page.locator("#answer a[href^='tel:']").first.get_attribute("href") or "").startswith("tel:1")
    assert page.locator("#answer .nearest li").count() == 5
    expect(page.locator("#answer .nearest .walk").first).to_contain_text("分钟")
    expect(page.locator("#answer")).to_contain_text("直线距离")
    walker.rest()
    assert page.frame_locator("#map").locator(".map-me").count() == 1
    assert walker.outside == []
    assert walker.errors == []


def test_a_refused_position_is_said_in_words(phone: Watched) -> None:
    page = phone.open("/my-grid")
    page.locator("#locate").click()
    expect(page.locator("#hint")).to_contain_text("没有得到定位许可")
    assert page.locator("#locate").is_enabled()


def test_a_page_without_https_says_why_it_cannot_locate(phone: Watched) -> None:
    phone.page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page = phone.open("/my-grid")
    page.locator("#locate").click()
    expect(page.locator("#hint")).to_contain_text("https")


def test_a_tap_on_the_map_finds_the_grid_and_the_address_keeps_it(phone: Watched) -> None:
    page = phone.open("/my-grid")
    ground = page.frame_locator("#map").locator(".folium-map")
    # Wherever no station stands: a tap on one opens the station.
    x, y = ground.evaluate(
        """map => [[190, 160], [150, 150], [210, 190], [170, 200], [230, 140]].find(([x, y]) => {
            const { left, top } = map.getBoundingClientRect();
            return !document.elementFromPoint(left + x, top + y).closest(".leaflet-marker-icon");
        })"""
    )
    ground.click(position={"x": x, "y": y})
    heading = page.locator("#answer h2")
    expect(heading).to_contain_text("网格")
    expect(page.frame_locator("#map").locator(".map-spot")).to_have_count(1)
    name = heading.inner_text()
    phone.open(page.url.removeprefix(phone.url))
    expect(page.locator("#answer h2")).to_have_text(name)
    expect(page.frame_locator("#map").locator(".map-spot")).to_have_count(1)


def test_a_place_outside_is_said_to_be_outside(phone: Watched) -> None:
    page = phone.open("/my-grid?at=107.0,31.0")
    expect(page.locator("#answer h2")).to_have_text("此处不在任何网格内")
    expect(page.locator("#answer .walk").first).to_have_text(re.compile(r"^\d+ 公里$"))


@pytest.mark.parametrize("at", ["999,99", "107.8", ",", "x,y", "107.8,31,16"])
def test_a_place_that_cannot_be_is_not_asked_for(phone: Watched, at: str) -> None:
    asked: list[str] = []
    phone.page.on("request", lambda request: "/api/locate" in request.url and asked.append(request.url))
    page = phone.open(f"/my-grid?at={at}")
    expect(page.locator("#hint")).to_contain_text("链接中的位置无效")
    assert asked == []
    assert phone.errors == []


def test_a_new_answer_begins_at_its_top(phone: Watched) -> None:
    page = phone.open("/my-grid?at=107.861,31.081")
    body = page.locator(".panel-body")
    body.evaluate("element => element.scrollTo(0, 400)")
    assert body.evaluate("element => element.scrollTop") > 0
    page.frames[1].evaluate("gridmap.ask(L.latLng(31.08, 107.86))")
    phone.rest()
    assert body.evaluate("element => element.scrollTop") == 0


def test_an_address_finds_the_grid(phone: Watched) -> None:
    page = phone.open("/my-grid")
    page.locator("#by-address input").fill("狀元府三棟")
    page.locator("#by-address input").press("Enter")
    expect(page.locator("#answer h2")).to_contain_text("站前社区第25网格")
    expect(page.locator("#hint")).to_contain_text("按“状元府小区3栋”查找")
    expect(page.locator("#answer")).to_contain_text("别名")
    phone.rest()
    expect(page.frame_locator("#map").locator(".map-spot")).to_have_count(1)
    phone.open(page.url.removeprefix(phone.url))
    expect(page.locator("#answer h2")).to_contain_text("站前社区第25网格")
    assert phone.outside == []
    assert phone.errors == []


def test_an_address_that_is_not_sure_offers_its_candidates(phone: Watched) -> None:
    page = phone.open("/my-grid")
    page.locator("#by-address input").fill("幸福小区")
    page.locator("#by-address button").click()
    expect(page.locator("#answer h2")).to_have_text("未匹配")
    assert page.frame_locator("#map").locator(".map-spot").count() == 0
    choice = page.locator("#answer .options button").nth(1)
    grid = choice.locator(".quiet").inner_text()
    choice.click()
    expect(page.locator("#answer h2")).to_contain_text(grid)
    expect(page.locator("#hint")).to_contain_text("已按所选的“幸福小区”查找")
    phone.rest()
    assert page.frame_locator("#map").locator(".map-spot").count() == 1
    assert phone.errors == []


@pytest.mark.parametrize(("words", "said"), [("", "先写下地址"), ("没有这样的地方", "没有把握")])
def test_an_address_that_leads_nowhere_is_said_in_words(phone: Watched, words: str, said: str) -> None:
    page = phone.open("/my-grid")
    page.locator("#by-address input").fill(words)
    page.locator("#by-address button").click()
    expect(page.locator("#hint")).to_contain_text(said)
    assert phone.errors == []
