"""Each page at both widths: nothing from outside, no error, Chinese letters, no sideways scrolling."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Watched

PAGES = ["/map", "/my-grid", "/review", "/grids", "/maps/overview", "/maps/mygrid", "/maps/review"]
# The families of the style sheet that hold Chinese letters.
CHINESE = ("CJK", "YaHei", "PingFang", "Source Han")


@pytest.fixture(params=["desk", "phone"])
def window(request: pytest.FixtureRequest) -> Watched:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_nothing_from_outside_and_raises_no_error(window: Watched, path: str) -> None:
    window.open(path)
    assert window.outside == []
    assert window.errors == []


def test_an_unknown_page_says_so_and_offers_a_way_out(window: Watched) -> None:
    page = window.open("/nowhere")
    assert page.title().startswith("没有找到")
    assert page.locator("main a[href='/map']").is_visible()
    assert window.outside == []


@pytest.mark.parametrize("path", PAGES)
def test_chinese_is_set_in_a_chinese_font(desk: Watched, path: str) -> None:
    page = desk.open(path)
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    tools = page.context.new_cdp_session(page)
    tools.send("DOM.enable")
    tools.send("CSS.enable")
    root = tools.send("DOM.getDocument")["root"]["nodeId"]
    heading = "nav .wide" if page.locator("nav").count() else ".map-legend summary"
    node = tools.send("DOM.querySelector", {"nodeId": root, "selector": heading})["nodeId"]
    fonts = tools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    assert fonts
    assert all(any(name in font["familyName"] for name in CHINESE) for font in fonts)


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_does_not_scroll_sideways(phone: Watched, path: str) -> None:
    page = phone.open(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("path", ["/map", "/my-grid", "/review"])
def test_what_a_thumb_touches_is_large_enough(phone: Watched, path: str) -> None:
    page = phone.open(path)
    if path == "/map":
        page.locator("#sheet").click()
    small = page.evaluate(
        """() => [...document.querySelectorAll("nav a, main button, main select, main label, main summary")]
            .filter((element) => element.checkVisibility({ visibilityProperty: true }) && element.id !== "sheet")
            .map((element) => [element.textContent.trim(), element.getBoundingClientRect().height])
            .filter(([, height]) => height < 44)"""
    )
    assert small == []
