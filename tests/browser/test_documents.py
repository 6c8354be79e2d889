"""Map documents as the server sends them: their policy, size, and what a second visit costs."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request

import pytest

DOCUMENTS = ["/maps/overview", "/maps/mygrid"]


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(
        url, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, dict(refusal.headers), refusal.read()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_lets_only_its_own_scripts_run(server_url: str, path: str) -> None:
    _, headers, _ = get(server_url + path)
    rules = dict(rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"'self'( 'sha256-[\w+/=]{44}')+", rules["script-src"])
    assert rules["img-src"] == "'self' data:"
    assert rules["connect-src"] == "'self'"


@pytest.mark.parametrize("path", ["/map", "/my-grid", "/review", "/grids", "/nowhere"])
def test_a_page_allows_no_inline_script(server_url: str, path: str) -> None:
    _, headers, body = get(server_url + path)
    policy = headers["Content-Security-Policy"]
    assert "script-src" not in policy or "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert b"<script>" not in body
    assert not re.search(rb"\son\w+\s*=", body)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_is_small_and_the_second_visit_nearly_free(server_url: str, path: str) -> None:
    _, headers, body = get(server_url + path, Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert len(body) < 50_000
    began = time.perf_counter()
    status, _, body = get(server_url + path, Accept_Encoding="gzip", If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")
    assert time.perf_counter() - began < 0.25


def test_a_document_that_is_not_there_is_a_page_in_chinese(server_url: str) -> None:
    status, _, body = get(f"{server_url}/maps/nothing")
    assert status == 404
    assert "没有名为“nothing”的地图" in body.decode()
