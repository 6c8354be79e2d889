"""Names that try to be code stay words, in a real browser, with and without the page's policy."""

from __future__ import annotations

import pytest

from gridmap.config import ROOT
from gridmap.maps import base, compose
from gridmap.web.maps import policy
from tests.browser.conftest import Watched
from tests.maps.conftest import AMENITIES, BOUNDS, KINDS, LEVELS, stations
from tests.maps.test_documents import HOSTILE


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_shown_and_nothing_more(desk: Watched, text: str, guarded: bool) -> None:
    base.use_local_assets(ROOT / "static")
    frame = stations({"name": text, "address": text, "phone": text, "amenities": [text]})
    html = base.render(compose.overview(frame, BOUNDS, LEVELS, KINDS, AMENITIES, [base.TOWN]))
    headers = {"Content-Security-Policy": policy(html, [])} if guarded else {}
    dialogs: list[str] = []
    desk.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    desk.page.route(
        "**/maps/overview",
        lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=headers),
    )
    page = desk.open("/maps/overview")
    page.locator(".map-stations .map-symbol").click()
    assert page.locator(".leaflet-popup-content strong").text_content() == text
    assert page.locator(".leaflet-popup-content :is(script, img)").count() == 0
    assert dialogs == []
    assert desk.outside == []
    assert desk.errors == []
