"""The queue over HTTP: the page, a report with its candidates, confirming and taking back, and who may ask."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import text

from gridmap.app import create_app


@pytest.fixture(scope="module")
def client(settings, worked_database):
    return create_app(settings, worked_database).test_client()


@pytest.fixture
def take(worked_database):
    """The id of a report that waits for a reason, taken from the old end of the queue."""

    def oldest(reason):
        with worked_database.session() as session:
            return session.scalar(
                text("SELECT id FROM reports WHERE waiting = :reason ORDER BY reported_at, id LIMIT 1"),
                {"reason": reason},
            )

    return oldest


@pytest.fixture(scope="module")
def inside(worked_database):
    """A point inside a grid, and the grid's code."""
    with worked_database.session() as session:
        return session.execute(
            text(
                "SELECT ST_X(p) AS lng, ST_Y(p) AS lat, code FROM (SELECT code, ST_PointOnSurface(geom) AS p "
                "FROM areas WHERE level = 'grid' AND kind = 'general' ORDER BY code LIMIT 1) g"
            )
        ).one()


def assert_post(client, url, body, status=200, **options):
    answer = client.post(url, data=json.dumps(body), content_type="application/json", **options)
    assert answer.status_code == status, answer.get_data(as_text=True)[:500]
    told = json.loads(answer.data)
    if status >= 400:
        assert answer.mimetype == "application/problem+json"
    return told


def at(inside, **more):
    return {"lng": inside.lng, "lat": inside.lat, **more}


def test_the_page_lists_the_queue_with_its_reasons(client):
    page = client.get("/review").get_data(as_text=True)
    assert page.count("<li data-id=") == 50
    counts = [int(n.replace(",", "")) for n in re.findall(r'data-count="\w+">([\d,]+)<', page)]
    assert counts[0] == sum(counts[1:]) > 1000
    some = client.get("/review?reason=contradiction").get_data(as_text=True)
    assert "坐标与地址不符：坐标在" in some
    assert "地址不确定：" not in some


def test_a_reason_that_does_not_exist_is_refused(client):
    assert client.get("/review?reason=%3Cb%3E").status_code == 400


def test_a_report_comes_with_candidates_and_reasons(client, take):
    shown = json.loads(client.get(f"/api/review/{take('contradiction')}").data)
    assert shown["waiting"] == "contradiction"
    assert shown["declared"] is True
    assert shown["candidates"][0]["area"]["name"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", shown["reported_at"])


def test_confirming_and_taking_back_over_http(client, take, inside):
    identity = take("no_address")
    before = json.loads(client.get(f"/api/review/{identity}").data)
    done = assert_post(client, f"/api/review/{identity}/confirm", at(inside))
    assert done["area"]["code"] == inside.code
    after = json.loads(client.get(f"/api/review/{identity}").data)
    assert (after["waiting"], after["area"]["code"]) == (None, inside.code)
    assert after["log"][0]["done_by"] == "受理台"
    told = assert_post(client, f"/api/review/{identity}/confirm", at(inside), 409)
    assert "由受理台确认到" in told["detail"]
    back = assert_post(client, f"/api/review/{identity}/withdraw", {"placement": done["placement"]})
    assert back["counts"]["no_address"] == done["counts"]["no_address"] + 1
    again = json.loads(client.get(f"/api/review/{identity}").data)
    assert again | {"log": [], "version": ""} == before | {"log": [], "version": ""}


def test_a_taught_name_is_found_by_the_next_question(client, take, inside):
    identity = take("unsure")
    done = assert_post(client, f"/api/review/{identity}/confirm", at(inside, alias="大榕树底下"))
    found = json.loads(client.get("/api/locate?address=大榕树底下").data)
    assert (found["status"], found["area"]["code"]) == ("located", inside.code)
    assert_post(client, f"/api/review/{identity}/withdraw", {"placement": done["placement"]})
    assert json.loads(client.get("/api/locate?address=大榕树底下").data)["status"] == "unsure"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "lng must be a number"),
        ({"lng": "107.8", "lat": 31}, "lng must be a number"),
        ({"lng": True, "lat": 31}, "lng must be a number"),
        ({"lng": 1e400, "lat": 31}, "not finite"),
        ({"lng": 31.08, "lat": 107.86}, "swapped"),
        ({"lng": 0, "lat": 0}, "不在任何网格内"),
        ({"lng": 107.86, "lat": 31.08, "alias": ["x"]}, "alias must be a text"),
        ({"lng": 107.86, "lat": 31.08, "alias": "长" * 101}, "alias must be a text"),
        ({"lng": 107.86, "lat": 31.08, "alias": "树"}, "不像地名"),
        ({"lng": 107.86, "lat": 31.08, "alias": "河西社区"}, "镇街或社区"),
        ({"lng": 107.86, "lat": 31.08, "alias": "<script>alert(1)</script>"}, "尖括号"),
        ({"lng": 107.86, "lat": 31.08, "by": "\0"}, "by must be a text"),
        ({"lng": 107.86, "lat": 31.08, "by": "GridMap"}, "程序在记录里的名字"),
        ({"lng": 107.86, "lat": 31.08, "alias": "大树\ud800"}, "alias must be a text"),
    ],
)
def test_what_can_not_be_confirmed_is_refused_in_words(client, take, body, words):
    identity = take("unsure")
    assert words in assert_post(client, f"/api/review/{identity}/confirm", body, 400)["detail"]
    assert json.loads(client.get(f"/api/review/{identity}").data)["waiting"] == "unsure"


@pytest.fixture(scope="module")
def elsewhere(worked_database):
    """A report that its address placed in another grid than `inside`: id, reference, area, lng, lat."""
    with worked_database.session() as session:
        return session.execute(
            text(
                "SELECT id, reference, area, ST_X(geom) AS lng, ST_Y(geom) AS lat FROM reports "
                "WHERE location_method = 'geocoded' AND waiting IS NULL ORDER BY area DESC, id LIMIT 1"
            )
        ).one()


def test_any_report_is_found_by_its_number(client, take, elsewhere):
    page = client.get("/review", query_string={"reference": f" {elsewhere.reference} "}).get_data(
        as_text=True
    )
    assert re.findall(r'<li data-id="(\d+)"', page) == [str(elsewhere.id)]
    assert "（按地址）" in page
    assert f"/review?reference={elsewhere.reference}&amp;report={elsewhere.id}" in page
    assert client.get("/review?reference=no-such-number").get_data(as_text=True).count("<li data-id=") == 0
    waits = take("unsure")
    with client.application.extensions["gridmap"].database.session() as session:
        number = session.scalar(text("SELECT reference FROM reports WHERE id = :id"), {"id": waits})
    page = client.get("/review", query_string={"reference": number}).get_data(as_text=True)
    assert "地址不确定：" in page


def test_a_number_from_outside_stays_text(client):
    for hostile in ("<img src=x>", "'; DROP TABLE reports; --", "长" * 500, "%", "\u202e", "{{7*7}}"):
        page = client.get("/review", query_string={"reference": hostile})
        assert page.status_code == 200
        told = page.get_data(as_text=True)
        assert "没有编号为" in told
        assert "<img src=x>" not in told
        assert "49" not in told.split("没有编号为")[1][:10]


def test_a_wrong_place_is_corrected_over_http(client, elsewhere, inside):
    url = f"/api/review/{elsewhere.id}"
    before = json.loads(client.get(url).data)
    assert (before["waiting"], before["area"]["code"]) == (None, elsewhere.area)
    assert_post(client, f"{url}/confirm", at(inside), 409)
    assert_post(client, f"{url}/confirm", at(inside, version="0-0"), 409)
    assert_post(client, f"{url}/confirm", at(inside, version=7), 400)
    done = assert_post(client, f"{url}/confirm", at(inside, version=before["version"]))
    assert done["area"]["code"] == inside.code
    told = assert_post(client, f"{url}/confirm", at(inside, version=before["version"]), 409)
    assert "由受理台确认到" in told["detail"]
    after = json.loads(client.get(url).data)
    assert (after["method"], after["area"]["code"]) == ("confirmed", inside.code)
    assert_post(client, f"{url}/withdraw", {"placement": done["placement"]})
    again = json.loads(client.get(url).data)
    assert again | {"log": [], "version": ""} == before | {"log": [], "version": ""}
    assert again["version"] != before["version"]


def test_only_a_json_object_is_taken(client, take):
    url = f"/api/review/{take('unsure')}/confirm"
    assert client.post(url, data="lng=1").status_code == 400
    assert client.post(url, data="[1]", content_type="application/json").status_code == 400
    assert client.post(url, data="{", content_type="application/json").status_code == 400
    deep = '{"a":' * 100_000
    assert client.post(url, data=deep, content_type="application/json").status_code == 400


@pytest.mark.parametrize("identity", [999_999_999_999, 10**20])
def test_a_report_that_does_not_exist_is_not_found(client, inside, identity):
    assert client.get(f"/api/review/{identity}").status_code == 404
    assert_post(client, f"/api/review/{identity}/confirm", at(inside), 404)
    assert_post(client, f"/api/review/{identity}/withdraw", {"placement": 1}, 404)


@pytest.mark.parametrize("number", ["0", "x", True, None, 2**63])
def test_only_a_line_of_the_log_can_be_taken_back(client, take, number):
    assert_post(client, f"/api/review/{take('unsure')}/withdraw", {"placement": number}, 400)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "https://localhost"}, 200),  # a proxy ends TLS
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_other_sites_may_not_confirm_through_a_reader(client, take, inside, headers, status):
    identity = take("outside")
    told = assert_post(client, f"/api/review/{identity}/confirm", at(inside), status, headers=headers)
    if status == 200:
        url = f"/api/review/{identity}/withdraw"
        assert_post(client, url, {"placement": told["placement"]}, headers=headers)
    assert json.loads(client.get(f"/api/review/{identity}").data)["waiting"] == "outside"
