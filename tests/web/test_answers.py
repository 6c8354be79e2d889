"""What programs are answered: places, areas, clusters, counts, tiles, and errors in one form."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from gridmap.app import create_app
from gridmap.types import Level


@pytest.fixture(scope="module")
def client(settings, town_database):
    return create_app(settings, town_database).test_client()


@pytest.fixture(scope="module")
def ask(town_database):
    """One value by SQL, as the owner: the truth that the answers are held against."""

    def value(statement, **values):
        with town_database.owner_session() as session:
            return session.scalar(text(statement), values)

    return value


def get(client, url, status=200):
    answer = client.get(url)
    assert answer.status_code == status, answer.get_data(as_text=True)[:500]
    return json.loads(answer.data)


WORLD = "bbox=-180,-85,180,85"


def test_health(client):
    state = get(client, "/healthz")
    assert state["status"] == state["database"] == "ok"
    assert state["disk_free_mb"] > 0


def test_locate_answers_grid_parents_worker_and_stations(client, ask):
    lng, lat = ask("SELECT ST_X(p) || ' ' || ST_Y(p) FROM (SELECT ST_PointOnSurface(geom) p FROM areas "
                   "WHERE level = 'grid' AND kind = 'general' ORDER BY code LIMIT 1) g").split()  # fmt: skip
    found = get(client, f"/api/locate?lng={lng}&lat={lat}")
    assert found["status"] == "located"
    assert [Level(step["level"]) for step in found["path"]] == [Level.STREET, Level.COMMUNITY, Level.GRID]
    assert found["area"]["code"] == found["path"][-1]["code"]
    assert found["workers"][0]["phone"]
    metres = [station["distance_m"] for station in found["stations"]]
    assert len(metres) == 5
    assert metres == sorted(metres)
    # 1.3 × metres ÷ 1.2 m/s, as the reasons say
    assert found["stations"][0]["walk_minutes"] == pytest.approx(metres[0] * 1.3 / 1.2 / 60, abs=0.06)
    assert any("直线距离" in reason for reason in found["reasons"])


def test_a_point_in_gcj02_is_moved_before_it_is_looked_up(client):
    plain = get(client, "/api/locate?lng=107.86&lat=31.08")
    moved = get(client, "/api/locate?lng=107.86&lat=31.08&crs=gcj02")
    assert plain["lng"] == 107.86
    assert 0.003 < plain["lng"] - moved["lng"] < 0.006  # 开江: about 0.5 km


def test_an_address_is_answered_like_a_point(client):
    found = get(client, "/api/locate?address=狀元府三棟")
    assert (found["status"], found["place"]) == ("located", "状元府小区3栋")
    assert found["area"]["level"] == "grid"
    assert found["path"][-1] == found["area"]
    assert found["workers"]
    assert len(found["stations"]) == 5
    assert 0.9 < found["confidence"] <= 1
    assert found["radius_m"] < 50


def test_an_address_of_several_places_answers_them_to_choose_from(client):
    found = get(client, "/api/locate?address=幸福小区")
    assert (found["status"], found["area"], found["lng"]) == ("unsure", None, None)
    assert len({one["area"]["code"] for one in found["candidates"]}) == 2
    assert found["reasons"]


@pytest.mark.parametrize("words", ["", "%20", "…", "%3Cscript%3E", "1", "x" * 5000])
def test_an_address_that_says_nothing_is_no_error(client, words):
    found = get(client, f"/api/locate?address={words}")
    assert found["status"] == "unsure"
    assert found["reasons"]


def test_outside_is_said(client):
    found = get(client, "/api/locate?lng=0&lat=0")
    assert found["status"] == "outside"
    assert found["area"] is None
    assert found["confidence"] == 0


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("/api/locate?lat=31", 400, "lng is missing"),
        ("/api/locate?lng=31.08&lat=107.86", 400, "swapped"),
        ("/api/locate?lng=nan&lat=1", 400, "not finite"),
        ("/api/locate?lng=1&lat=1&crs=utm", 400, "wgs84, cgcs2000, gcj02, bd09"),
        ("/api/areas/nothing", 404, "nothing"),
        ("/api/nothing", 404, "不存在"),
        ("/tiles/base/3/9/0.mvt", 400, "outside the pyramid"),
        ("/tiles/nothing/3/1/1.mvt", 404, "nothing"),
        ("/maps/overview/reports?bbox=1,2&zoom=3", 400, "bbox"),
        (f"/maps/overview/reports?{WORLD}&zoom=99", 400, "zoom"),
        (f"/maps/overview/reports?{WORLD}&zoom=3&since=yesterday", 400, "since"),
        (f"/maps/overview/reports?{WORLD}&zoom=3&state=lost", 400, "state"),
        ("/maps/overview/counts?level=planet", 400, "level"),
        (f"/maps/overview/reports?{WORLD}&zoom=²", 400, "zoom"),
        ("/maps/overview/counts?until=9999-12-31", 400, "1900 to 2199"),
        ("/maps/overview/heat.png?category=%00", 400, "NUL"),
        ("/api/areas/%00", 400, "NUL"),
    ],
)
def test_errors_are_problem_details(client, url, status, words):
    problem = get(client, url, status)
    assert problem["status"] == status
    assert words in problem["detail"]
    assert problem["title"]


def test_an_unforeseen_error_does_not_show_its_words(settings, town_database):
    app = create_app(settings, town_database)

    def fails():
        raise RuntimeError("the password is swordfish")

    app.add_url_rule("/api/fails", view_func=fails)
    answer = app.test_client().get("/api/fails")
    assert answer.status_code == 500
    assert "swordfish" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("zoom", [0, 9, 12, 14, 16, 18, 22])
@pytest.mark.parametrize(
    "chosen", ["", "&category=dispute", "&state=overdue", "&since=2026-01-01&until=2026-06-30"]
)
def test_clusters_add_up_to_the_filtered_total(client, zoom, chosen):
    found = get(client, f"/maps/overview/reports?{WORLD}&zoom={zoom}{chosen}")
    assert sum(item["properties"]["n"] for item in found["features"]) == found["total"] == found["shown"] > 0
    for item in found["features"]:
        counts = item["properties"]
        assert counts["n"] == counts["open"] + counts["overdue"] + counts["closed"]


def test_one_report_is_told_and_at_the_finest_zoom_those_of_one_spot(client, ask):
    far = get(client, f"/maps/overview/reports?{WORLD}&zoom=12")["features"]
    assert all(len(item["properties"]["reports"]) == (item["properties"]["n"] == 1) for item in far)
    near = get(client, f"/maps/overview/reports?{WORLD}&zoom=19")["features"]
    assert all(len(item["properties"]["reports"]) == min(item["properties"]["n"], 20) for item in near)
    (report,) = next(item["properties"]["reports"] for item in near if item["properties"]["n"] == 1)
    assert report["state"] in ("open", "overdue", "closed")
    assert ask("SELECT count(*) FROM reports WHERE reference = :it", it=report["reference"]) == 1


def test_totals_equal_sql(client, ask):
    found = get(client, f"/maps/overview/reports?{WORLD}&zoom=12&category=lighting")
    assert found["total"] == ask(
        "SELECT count(*) FROM reports WHERE category = 'lighting' AND area IS NOT NULL"
    )
    assert found["unplaced"] == ask(
        "SELECT count(*) FROM reports WHERE category = 'lighting' AND area IS NULL"
    )


def test_neighbouring_boxes_share_no_report(client, ask):
    west, east = (
        ask("SELECT ST_XMin(e) FROM (SELECT ST_Extent(geom) e FROM areas) x"),
        ask("SELECT ST_XMax(e) FROM (SELECT ST_Extent(geom) e FROM areas) x"),
    )
    middle = (west + east) / 2
    left = get(client, f"/maps/overview/reports?bbox={west},30,{middle},32&zoom=15")
    both = get(client, f"/maps/overview/reports?bbox={west},30,{east},32&zoom=15")
    assert left["shown"] < both["shown"] <= both["total"]

    def rows(found):
        return [(*item["geometry"]["coordinates"], item["properties"]["n"]) for item in found["features"]]

    for lng, lat, n in rows(left):
        # A mean may differ in its last digit with the order of its sum.
        assert any(abs(x - lng) + abs(y - lat) < 3e-6 and m == n for x, y, m in rows(both))


@pytest.mark.parametrize("level", ["street", "community", "grid"])
def test_counts_of_every_level_add_up(client, level, ask):
    found = get(client, f"/maps/overview/counts?level={level}")
    above = ask("SELECT count(*) FROM reports r JOIN areas a ON a.code = r.area AND a.valid_to IS NULL "
                "WHERE a.level <> 'grid'")  # fmt: skip
    assert sum(found["counts"].values()) + (above if level == "grid" else 0) == found["total"]
    assert len(found["counts"]) == ask(
        "SELECT count(*) FROM areas WHERE level = :level AND valid_to IS NULL", level=level
    )
    assert sum(found["states"].values()) == found["total"]


def test_a_card_adds_up(client, ask):
    code = ask("SELECT code FROM areas WHERE level = 'community' ORDER BY code LIMIT 1")
    card = get(client, f"/api/areas/{code}")
    assert card["level_name"] == "社区"
    assert card["reports"]["total"] == ask(
        "SELECT count(*) FROM reports WHERE area LIKE :code || '%'", code=code
    )
    assert sum(child["reports"] for child in card["children"]) <= card["reports"]["total"]
    assert card["population"] == ask(
        "SELECT sum(population) FROM areas WHERE parent = :code AND valid_to IS NULL", code=code
    )


def test_population_adds_up_through_five_levels(ask):
    street = ask("SELECT population FROM areas WHERE level = 'street'")
    for level in ("community", "grid", "building"):
        assert ask("SELECT sum(population) FROM areas WHERE level = :level", level=level) == street
    assert ask("SELECT sum(people) FROM demand") == street


def test_the_roster_shows_vacancies_and_doubles_first(client, ask):
    rows = get(client, "/api/roster")
    amiss = [row for row in rows if row["amiss"]]
    assert rows[: len(amiss)] == amiss
    assert {row["workers"] for row in amiss} >= {0, 2}
    assert len(rows) == ask("SELECT count(*) FROM areas WHERE level = 'grid'")


def test_tiles_hold_the_layers_and_are_not_sent_twice(client):
    x, y, z = 13100, 6702, 14  # over the town's centre
    base = client.get(f"/tiles/base/{z}/{x}/{y}.mvt")
    assert base.mimetype == "application/vnd.mapbox-vector-tile"
    for layer in (b"streets", b"buildings"):
        assert layer in base.data
    areas = client.get(f"/tiles/areas/{z}/{x}/{y}.mvt")
    assert b"area_labels" in areas.data
    again = client.get(f"/tiles/base/{z}/{x}/{y}.mvt", headers={"If-None-Match": base.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_dictionaries_are_strict_json(client):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    lists = json.loads(client.get("/api/dictionaries").data, parse_constant=refuse)
    assert {len(lists[name]) > 0 for name in ("kinds", "categories", "sources", "amenities")} == {True}


def test_the_heat_picture_follows_the_filter(client):
    every = client.get("/maps/overview/heat.png")
    some = client.get("/maps/overview/heat.png?category=lighting")
    assert every.data[:8] == some.data[:8] == b"\x89PNG\r\n\x1a\n"
    assert every.data != some.data
    assert len(every.data) < 100_000


def test_every_answer_forbids_sniffing_and_framing_by_others(client):
    headers = client.get("/healthz").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
