"""Chromium over the real server; every page is watched for requests to outside and for errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
# Somewhere in the middle of the demo town.
HERE = {"longitude": 107.861, "latitude": 31.081, "accuracy": 12}


@dataclass
class Watched:
    """A page, what it asked other hosts for, and what went wrong in it."""

    page: Page
    url: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pending: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("request", self._request)
        self.page.on("requestfinished", lambda request: self.pending.discard(request))
        self.page.on("requestfailed", lambda request: self.pending.discard(request))
        self.page.on("console", lambda said: said.type == "error" and self.errors.append(said.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _request(self, request: Request) -> None:
        self.pending.add(request)
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self.outside.append(request.url)

    def open(self, path: str) -> Page:
        """Open a page of the server and wait until it and its map have come to rest."""
        self.page.goto(self.url + path)
        self.rest()
        return self.page

    def rest(self) -> None:
        """Wait until no request has been under way for a while: moves and filters ask after a short pause."""
        quiet = 0
        while quiet < 4:
            self.page.wait_for_timeout(100)
            quiet = 0 if self.pending else quiet + 1


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()


def watched(browser: Browser, server_url: str, size: dict[str, int], **options: object) -> Iterator[Watched]:
    context = browser.new_context(viewport=size, locale="zh-CN", reduced_motion="reduce", **options)
    yield Watched(context.new_page(), server_url)
    context.close()


@pytest.fixture
def desk(browser: Browser, server_url: str) -> Iterator[Watched]:
    yield from watched(browser, server_url, DESK)


@pytest.fixture
def wide(browser: Browser, server_url: str) -> Iterator[Watched]:
    """A window that holds the whole town two zooms deeper than a desk does."""
    yield from watched(browser, server_url, {"width": 1800, "height": 1600})


@pytest.fixture
def phone(browser: Browser, server_url: str) -> Iterator[Watched]:
    yield from watched(browser, server_url, PHONE, has_touch=True, device_scale_factor=2)


@pytest.fixture
def walker(browser: Browser, server_url: str) -> Iterator[Watched]:
    """A phone that knows where it is and may tell."""
    yield from watched(
        browser, server_url, PHONE, has_touch=True, geolocation=HERE, permissions=["geolocation"]
    )
