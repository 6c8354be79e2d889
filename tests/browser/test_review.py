"""待确认位置: choosing, moving and confirming a place, teaching a name, and taking it all back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect
from sqlalchemy import text

from gridmap.store.db import Database
from tests.browser.conftest import DESK, PHONE, Watched, watched

Take = Callable[[str], int]


@pytest.fixture(params=["desk", "phone"])
def window(request: pytest.FixtureRequest, browser: Browser, worked_url: str) -> Iterator[Watched]:
    """A desk and a phone on the town that tests write to."""
    size = DESK if request.param == "desk" else PHONE
    options: dict[str, Any] = {"has_touch": True} if request.param == "phone" else {}
    yield from watched(browser, worked_url, size, **options)


@pytest.fixture
def desk(browser: Browser, worked_url: str) -> Iterator[Watched]:
    yield from watched(browser, worked_url, DESK)


@pytest.fixture
def phone(browser: Browser, worked_url: str) -> Iterator[Watched]:
    yield from watched(browser, worked_url, PHONE, has_touch=True)


@pytest.fixture
def ask(worked_database: Database) -> Callable[..., Any]:
    """One value by SQL, as the owner."""

    def value(statement: str, **values: Any) -> Any:
        with worked_database.owner_session() as session:
            return session.scalar(text(statement), values)

    return value


@pytest.fixture
def several(ask: Callable[..., Any]) -> int:
    """A report that waits because its words mean more than one place."""
    return int(ask("SELECT id FROM reports WHERE waiting = 'unsure' AND reference = 'W10'"))


def marks(page: Page) -> FrameLocator:
    return page.frame_locator("#map")


def test_a_candidate_is_confirmed_its_name_taught_found_and_all_taken_back(
    window: Watched, several: int, ask: Callable[..., Any]
) -> None:
    page = window.open(f"/review?report={several}")
    confirm = page.locator("#confirm")
    expect(page.locator("#report h2")).to_have_text("幸福小区西门")
    expect(confirm).to_be_disabled()
    assert page.locator("#options button").count() == marks(page).locator(".map-option").count() >= 2
    assert marks(page).locator(".map-pin").count() == 0

    page.locator("#options button").nth(1).click()
    grid = page.locator("#options button .quiet").nth(2).inner_text()
    expect(page.locator("#under strong")).to_have_text(grid)
    expect(marks(page).locator(".map-pin")).to_have_count(1)
    page.locator("#teach").check()
    page.locator("#alias").fill("幸福里西边的铁门")
    expect(page.locator("#lesson")).to_contain_text("以后“幸福里西边的铁门”指")
    window.rest()
    confirm.click()
    expect(page.locator("#done")).to_contain_text(f"→ {grid}，并记住“幸福里西边的铁门”")
    window.rest()
    assert ask("SELECT location_method FROM reports WHERE id = :id", id=several) == "confirmed"
    # The next one is open, and the list has lost one.
    assert f"report={several}" not in page.url
    assert page.locator(f"#queue li[data-id='{several}']").count() == 0
    found = page.request.get(f"{window.url}/api/locate", params={"address": "幸福里西边的铁门"}).json()
    assert found["area"]["name"] == grid

    page.locator("#done button").click()
    expect(page.locator("#report h2")).to_have_text("幸福小区西门")
    window.rest()
    expect(page.locator("#done")).to_be_hidden()
    assert ask("SELECT waiting FROM reports WHERE id = :id", id=several) == "unsure"
    found = page.request.get(f"{window.url}/api/locate", params={"address": "幸福里西边的铁门"}).json()
    assert found["status"] == "unsure"
    assert window.outside == []
    assert window.errors == []


def test_the_pin_is_dragged_and_the_grid_under_it_is_told(desk: Watched, several: int) -> None:
    page = desk.open(f"/review?report={several}")
    page.locator("#options button").first.click()
    desk.rest()
    before = page.locator("#under").inner_text()
    pin = marks(page).locator(".map-pin")
    box = pin.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 150, y - 120, steps=8)
    page.mouse.move(x - 240, y - 200, steps=8)
    page.mouse.up()
    desk.rest()
    assert page.locator("#under").inner_text() != before
    # A place that was left is not what a name would mean.
    expect(page.locator("#options button[aria-pressed='true']")).to_have_count(0)
    expect(page.locator("#lesson")).to_contain_text("指这里")
    assert page.locator("#confirm").is_enabled()
    assert desk.errors == []


def test_the_pin_is_moved_by_the_keyboard_and_the_map_stays(desk: Watched, several: int) -> None:
    page = desk.open(f"/review?report={several}")
    page.locator("#options button").first.click()
    desk.rest()
    frame = page.frames[1]
    centre = "(() => { const { lng, lat } = gridmap.map.getCenter(); return [lng, lat]; })()"
    where = """(() => {
        const at = { lng: 0, lat: 0 };
        gridmap.map.eachLayer((layer) => layer.options.draggable && Object.assign(at, layer.getLatLng()));
        return [at.lng, at.lat];
    })()"""
    (lng, lat), still = frame.evaluate(where), frame.evaluate(centre)
    pin = marks(page).locator(".map-pin")
    pin.focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowUp"):
        pin.press(key)
    moved_lng, moved_lat = frame.evaluate(where)
    assert moved_lng > lng
    assert moved_lat > lat
    assert frame.evaluate(centre) == still
    desk.rest()
    expect(page.locator("#under strong")).to_have_count(1)
    assert page.locator("#confirm").is_enabled()


def test_a_tap_on_the_map_puts_the_pin_there(phone: Watched, ask: Callable[..., Any]) -> None:
    identity = ask("SELECT max(id) FROM reports WHERE waiting = 'no_address'")
    page = phone.open(f"/review?report={identity}")
    expect(page.locator("#no-options")).to_be_visible()
    marks(page).locator(".folium-map").click(position={"x": 180, "y": 130})
    expect(page.locator("#under strong")).to_contain_text("网格")
    assert page.locator("#confirm").is_enabled()
    assert phone.errors == []


@pytest.fixture
def misplaced(ask: Callable[..., Any]) -> tuple[int, str, str]:
    """A report that the program placed by its words: id, number, where it lies."""
    identity = int(ask("SELECT max(id) FROM reports WHERE location_method = 'geocoded' AND waiting IS NULL"))
    number = ask("SELECT reference FROM reports WHERE id = :id", id=identity)
    place = ask("SELECT ST_AsText(geom) FROM reports WHERE id = :id", id=identity)
    return identity, str(number), str(place)


def test_a_report_that_was_placed_wrongly_is_found_by_its_number_and_moved(
    window: Watched, misplaced: tuple[int, str, str], ask: Callable[..., Any]
) -> None:
    identity, number, place = misplaced
    where = "SELECT location_method || ST_AsText(geom) FROM reports WHERE id = :id"
    page = window.open("/review")
    page.get_by_label("按编号查找上报").fill(number)
    page.get_by_label("按编号查找上报").press("Enter")
    expect(page.locator("#report .why")).to_contain_text("已落到")
    window.rest()
    # Where it lies now is no decision yet.
    expect(page.locator("#under")).to_contain_text("现在的位置")
    expect(marks(page).locator(".map-pin")).to_have_count(1)
    expect(page.locator("#confirm")).to_be_disabled()
    pin = marks(page).locator(".map-pin")
    pin.focus()
    for _ in range(3):
        pin.press("Shift+ArrowUp")
    window.rest()
    grid = page.locator("#under strong").inner_text()
    page.get_by_role("button", name="移到这里").click()
    expect(page.locator("#done")).to_contain_text(f"已确认 {number} → {grid}")
    window.rest()
    # It stays open, since nobody asked for another.
    expect(page.locator("#report .why")).to_contain_text(f"已落到{grid}（人工确认）")
    assert f"report={identity}" in page.url
    assert str(ask(where, id=identity)).startswith("confirmed")
    page.locator("#done button").click()
    expect(page.locator("#report .why")).to_contain_text("（按地址）")
    window.rest()
    assert ask(where, id=identity) == f"geocoded{place}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert window.outside == []
    assert window.errors == []


def test_who_corrects_what_another_has_just_corrected_is_told(
    desk: Watched, misplaced: tuple[int, str, str], worked_url: str
) -> None:
    identity, number, _ = misplaced
    page = desk.open(f"/review?reference={number}")
    url = f"{worked_url}/api/review/{identity}"
    seen = page.request.get(url).json()
    body = {"lng": seen["lng"] + 1e-5, "lat": seen["lat"], "version": seen["version"], "by": "小王"}
    done = page.request.post(f"{url}/confirm", data=body).json()
    marks(page).locator(".map-pin").press("Shift+ArrowUp")
    desk.rest()
    page.locator("#confirm").click()
    expect(page.locator("#report .amiss")).to_contain_text("由小王确认到")
    assert "409" in "".join(desk.errors)
    page.get_by_role("button", name="看现在的位置").click()
    expect(page.locator("#report .why")).to_contain_text("（人工确认）")
    expect(page.locator("#under")).to_contain_text("现在的位置")
    assert page.request.post(f"{url}/withdraw", data={"placement": done["placement"]}).ok


def test_a_number_that_nobody_knows_says_so(window: Watched) -> None:
    page = window.open(f"/review?{urlencode({'reference': HOSTILE})}")
    expect(page.locator(".found")).to_contain_text(f"没有编号为“{HOSTILE}”的上报")
    page.locator(".found a").click()
    window.rest()
    assert page.locator("#queue li").count() == 50
    assert window.errors == []


def test_the_card_of_a_report_on_the_map_leads_to_its_correction(
    desk: Watched, misplaced: tuple[int, str, str]
) -> None:
    identity, number, _ = misplaced
    page = desk.open("/map")
    page.frames[1].evaluate(
        """(reference) => document.body.prepend(
            gridmap.reportCard({ reference, category_name: "噪音", state: "open", reported_at: "", address: "" }))""",
        number,
    )
    marks(page).get_by_role("link", name="位置有误？").click()
    expect(page.locator("#report .facts")).to_contain_text(number)
    assert f"report={identity}" in page.url
    assert desk.errors == []


def test_a_pin_outside_can_not_be_confirmed(desk: Watched, ask: Callable[..., Any]) -> None:
    identity = ask(
        "SELECT max(id) FROM reports WHERE waiting = 'outside' AND ST_X(geom) < 108 AND ST_X(geom) > 107.7"
    )
    page = desk.open(f"/review?report={identity}")
    page.locator("#options button").first.click()
    desk.rest()
    expect(page.locator("#refused")).to_contain_text("不在任何网格内")
    assert page.locator("#confirm").is_disabled()


def test_the_other_of_two_desks_is_told_what_happened(
    desk: Watched, ask: Callable[..., Any], worked_url: str
) -> None:
    identity = ask("SELECT max(id) FROM reports WHERE waiting = 'contradiction'")
    page = desk.open(f"/review?report={identity}")
    page.locator("#options button").nth(1).click()
    desk.rest()
    point = ask("SELECT ST_X(geom) || ' ' || ST_Y(geom) FROM reports WHERE id = :id", id=identity).split()
    body = {"lng": float(point[0]), "lat": float(point[1]), "by": "小王"}
    done = page.request.post(f"{worked_url}/api/review/{identity}/confirm", data=body).json()
    page.locator("#confirm").click()
    expect(page.locator("#report .amiss")).to_contain_text("由小王确认到")
    assert "409" in "".join(desk.errors)
    page.get_by_role("button", name="看下一件").click()
    expect(page.locator("#placing")).to_be_visible()
    back = page.request.post(
        f"{worked_url}/api/review/{identity}/withdraw", data={"placement": done["placement"]}
    )
    assert back.ok


def test_a_name_that_can_not_be_taught_says_why_and_nothing_is_confirmed(
    desk: Watched, several: int, ask: Callable[..., Any]
) -> None:
    page = desk.open(f"/review?report={several}")
    page.locator("#options button").first.click()
    page.locator("#teach").check()
    page.locator("#alias").fill("菜市场")
    desk.rest()
    page.locator("#confirm").click()
    expect(page.locator("#refused")).to_contain_text("不止一处")
    assert page.locator("#confirm").is_enabled()
    assert ask("SELECT waiting FROM reports WHERE id = :id", id=several) == "unsure"


def test_another_word_for_the_place_brings_other_candidates(desk: Watched, several: int) -> None:
    page = desk.open(f"/review?report={several}")
    page.locator("#search").fill("状元府三栋")
    page.locator("#search").press("Enter")
    expect(page.locator("#options strong").first).to_have_text("状元府小区3栋")
    page.locator("#options button").first.click()
    expect(page.locator("#under strong")).to_contain_text("站前社区")


def test_the_reasons_filter_the_list(desk: Watched) -> None:
    page = desk.open("/review")
    chip = page.locator(".reasons a", has_text="坐标在网格外")
    number = chip.locator(".number").inner_text()
    chip.click()
    desk.rest()
    expect(page.locator(".reasons a[aria-current]")).to_contain_text(f"坐标在网格外 {number}")
    assert all(words.startswith("坐标在网格外") for words in page.locator("#queue .why").all_inner_texts())


def test_a_phone_goes_from_the_list_to_a_report_and_back(phone: Watched) -> None:
    page = phone.open("/review")
    expect(page.locator("#queue")).to_be_visible()
    page.locator("#queue a").nth(2).click()
    phone.rest()
    expect(page.locator("#queue")).to_be_hidden()
    expect(page.locator("#report h2")).to_be_visible()
    page.go_back()
    expect(page.locator("#queue")).to_be_visible()
    page.go_forward()
    expect(page.locator("#report h2")).to_be_visible()
    page.locator("#back").click()
    expect(page.locator("#queue")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("path", ["/review", "/review?report={}", "/review?reference=nobody"])
def test_what_a_thumb_touches_is_large_enough(phone: Watched, several: int, path: str) -> None:
    page = phone.open(path.format(several))
    small = page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, main label, main input[type=search]")]
            .filter((element) => element.checkVisibility({ visibilityProperty: true }))
            .map((element) => [element.textContent.trim(), element.getBoundingClientRect().height])
            .filter(([, height]) => height < 44)"""
    )
    assert small == []


HOSTILE = '<img src=x onerror="alert(1)">${alert(2)}`\'"&{{7*7}}</script>'


def test_hostile_words_and_names_stay_words(desk: Watched, worked_database: Database) -> None:
    name = f"{HOSTILE}广场"
    with worked_database.owner_session() as session:
        session.execute(
            text(
                "INSERT INTO places (reference, kind, name, aliases, area, geom) SELECT 'hostile' || n, 'landmark', "
                ":name, ARRAY['黑店广场'], area, geom FROM (SELECT row_number() OVER (ORDER BY id) AS n, area, geom "
                "FROM places WHERE kind = 'estate' AND area IS NOT NULL) p WHERE n IN (1, 90)"
            ),
            {"name": name},
        )
        identity = session.scalar(
            text(
                "INSERT INTO reports (reference, source, category, text, address, waiting, location_reasons, "
                "reported_at) VALUES ('H', 'resident', 'lighting', :it, '黑店广场', 'unsure', :reasons, now()) "
                "RETURNING id"
            ),
            {"it": HOSTILE, "reasons": [HOSTILE]},
        )
    dialogs: list[str] = []
    desk.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page = desk.open(f"/review?report={identity}")
    assert HOSTILE in page.locator(f"#queue li[data-id='{identity}']").inner_text()
    assert page.locator("#options strong").first.text_content() == name
    assert marks(page).locator(".map-option").first.get_attribute("title") == f"1 {name}"
    marks(page).locator(".map-option").first.click()
    desk.rest()
    expect(page.locator("#lesson")).to_contain_text(f"“{name}”")
    page.locator("#confirm").click()
    expect(page.locator("#done")).to_contain_text("已确认 H")
    desk.rest()
    assert page.locator("main img").count() == marks(page).locator("img[src='x']").count() == 0
    assert dialogs == []
    assert desk.outside == []
    assert desk.errors == []
