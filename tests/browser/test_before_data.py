"""What the pages say before anything is imported."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from gridmap.app import create_app
from gridmap.config import Settings
from gridmap.store.db import Database


@pytest.fixture
def client(settings: Settings, empty_database: Database) -> FlaskClient:
    return create_app(settings, empty_database).test_client()


@pytest.mark.parametrize("path", ["/map", "/my-grid"])
def test_a_map_page_says_what_to_import_first(client: FlaskClient, path: str) -> None:
    text = client.get(path).get_data(as_text=True)
    commands = [text.index(f".venv/bin/gridmap import areas {name}") for name in ("街道", "社区", "网格")]
    assert commands == sorted(commands)
    assert text.index("./run stop") < text.index("gridmap up")


def test_no_report_at_all_is_not_every_report_placed(client: FlaskClient) -> None:
    text = client.get("/review").get_data(as_text=True)
    assert "还没有上报" in text
    assert "gridmap import reports" in text
    assert "每一件都已落到网格" not in text


def test_a_page_number_is_refused_in_the_language_of_the_page(client: FlaskClient) -> None:
    answer = client.get("/review?page=abc")
    assert answer.status_code == 400
    assert "页码必须是从 1 开始的整数" in answer.get_data(as_text=True)
