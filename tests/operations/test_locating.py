"""Placing reports by what people write: what is placed, what waits and why, and what never moves."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from gridmap.config import Settings
from gridmap.operations import locating
from gridmap.store import placements
from gridmap.types import Level
from tests.operations.conftest import COMMUNITY, D, S, W, count, grids, run

FIRST, SECOND, THIRD = (f"{COMMUNITY}{number:03d}" for number in (1, 2, 3))
MIDDLE = S + D / 2
HEAD = "reference,text,address,lng,lat,accuracy_m,reported_at\n"


def write_places(file, rows):
    """rows: name, kind, aliases, grid 0 to 2; each in the middle of its grid."""
    features = [
        {
            "type": "Feature",
            "properties": {"reference": name, "name": name, "kind": kind, "aliases": aliases},
            "geometry": {"type": "Point", "coordinates": [W + (grid + 0.5) * D, MIDDLE]},
        }
        for name, kind, aliases, grid in rows
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return file


def write_reports(file, *rows):
    """rows: reference, address, lng, lat, accuracy."""
    lines = [f"{ref},有事,{address},{x},{y},{m},2026-02-01 08:00\n" for ref, address, x, y, m in rows]
    file.write_text(HEAD + "".join(lines), encoding="utf-8")
    return file


PLACES = [
    ("向阳小区", "estate", "向阳院", 0),
    ("团结新村", "estate", "", 2),
    ("康乐药店", "shop", "", 0),
    ("平安药店", "shop", "", 2),
]


@pytest.fixture
def known(town, tmp_path):
    """The three grids with two estates and two chemists."""
    run(town, "places", write_places(tmp_path / "places.geojson", PLACES))
    return town


def placed(session):
    """reference → area, method, waiting."""
    rows = session.execute(text("SELECT reference, area, location_method, waiting FROM reports"))
    return {row[0]: tuple(row[1:]) for row in rows}


def test_an_address_places_a_report_and_whatever_is_not_sure_waits(known, tmp_path):
    told = write_reports(
        tmp_path / "r.csv",
        ("SURE", "向陽院門口", "", "", ""),
        ("MANY", "药店旁边", "", "", ""),
        ("UNKNOWN", "一个谁也不知道的地方", "", "", ""),
        ("NONE", "", "", "", ""),
        ("NIL", "（无）", "", "", ""),
        ("FAR", "向阳小区", W - 1, S, 10),
    )
    _, outcome = run(known, "reports", told)
    assert placed(known) == {
        "SURE": (FIRST, "geocoded", None),
        "MANY": (None, None, "unsure"),
        "UNKNOWN": (None, None, "unsure"),
        "NONE": (None, None, "no_address"),
        "NIL": (None, None, "no_address"),
        "FAR": (None, None, "outside"),
    }
    assert (outcome.placed, outcome.queued, outcome.geocoded) == (1, 5, 1)
    assert outcome.waiting == {"unsure": 2, "no_address": 2, "outside": 1}
    assert any("placed by their address" in line for line in outcome.report())
    row = known.execute(
        text(
            "SELECT raw_x, location_confidence, location_reasons, ST_X(geom) AS x FROM reports "
            "WHERE reference = 'SURE'"
        )
    ).one()
    assert row.raw_x is None
    assert row.location_confidence > 0.9
    assert "向阳" in "".join(row.location_reasons)
    assert row.x == pytest.approx(W + D / 2, abs=1e-3)
    reasons = known.scalar(text("SELECT location_reasons FROM reports WHERE reference = 'FAR'"))
    assert reasons == ["坐标不在任何网格内", "地址指向向阳小区（第001）"]


def test_what_an_address_placed_is_logged(known, tmp_path):
    run(known, "reports", write_reports(tmp_path / "r.csv", ("R1", "向阳小区", "", "", "")))
    line = known.execute(text("SELECT * FROM placements")).mappings().one()
    assert (line["action"], line["done_by"], line["method"]) == ("geocoded", placements.PROGRAM, "geocoded")
    assert (line["area"], line["area_before"]) == (FIRST, None)
    assert line["confidence"] > 0.9
    assert line["reasons"]


@pytest.mark.parametrize(
    ("accuracy", "waiting"),
    [
        (10, "contradiction"),  # 760 m apart
        ("", "contradiction"),  # 50 m is taken for a device that does not say
        (700, None),  # may lie there after all
    ],
)
def test_coordinates_and_an_address_that_contradict_each_other_wait_but_stay(
    known, tmp_path, accuracy, waiting
):
    told = write_reports(tmp_path / "r.csv", ("R1", "团结新村", W + D / 2, MIDDLE, accuracy))
    _, outcome = run(known, "reports", told)
    assert placed(known) == {"R1": (FIRST, "declared", waiting)}
    assert (outcome.placed, outcome.queued) == (1, 0)
    assert known.scalar(text("SELECT ST_X(geom) FROM reports")) == pytest.approx(W + D / 2)
    if waiting:
        (first, *_) = known.scalar(text("SELECT location_reasons FROM reports"))
        assert "坐标在第001，地址指向团结新村（第003），相距约76" in first


def test_where_both_may_err_nothing_contradicts(known, tmp_path):
    # Across the edge of the grid, but no farther from the estate's middle than both may err.
    x = W + 2 * D - 0.0001
    run(known, "reports", write_reports(tmp_path / "r.csv", ("R1", "团结新村", x, MIDDLE, 60)))
    assert placed(known) == {"R1": (SECOND, "declared", None)}


def test_what_waits_is_tried_again_when_places_come(town, tmp_path):
    told = write_reports(
        tmp_path / "r.csv",
        ("R1", "向阳小区", "", "", ""),
        ("R2", "没有的地方", "", "", ""),
    )
    run(town, "reports", told)
    assert set(placed(town).values()) == {(None, None, "unsure")}
    _, outcome = run(town, "places", write_places(tmp_path / "p.geojson", PLACES))
    assert outcome.settled == 1
    assert any("could be placed now" in line for line in outcome.report())
    assert placed(town) == {"R1": (FIRST, "geocoded", None), "R2": (None, None, "unsure")}
    assert [line["action"] for line in placements.list_log(town, _id(town, "R1"))] == ["geocoded"]


def test_a_contradiction_ends_when_the_gazetteer_is_mended(town, tmp_path):
    run(town, "places", write_places(tmp_path / "p.geojson", [("向阳小区", "estate", "", 2)]))
    told = write_reports(tmp_path / "r.csv", ("R1", "向阳小区", W + D / 2, MIDDLE, 10))
    run(town, "reports", told)
    assert placed(town)["R1"] == (FIRST, "declared", "contradiction")
    run(town, "places", write_places(tmp_path / "p2.geojson", [("向阳小区", "estate", "", 0)]))
    assert placed(town)["R1"] == (FIRST, "declared", None)
    assert count(town, "placements") == 0


def test_the_same_file_again_changes_nothing_and_logs_nothing(known, tmp_path):
    told = write_reports(
        tmp_path / "r.csv",
        ("R1", "向阳小区", "", "", ""),
        ("R2", "药店", "", "", ""),
        ("R3", "团结新村", W + D / 2, MIDDLE, 10),
    )
    run(known, "reports", told)
    before = placed(known)
    _, outcome = run(known, "reports", told)
    assert (outcome.merged.added, outcome.merged.changed, outcome.merged.unchanged) == (0, 0, 3)
    assert placed(known) == before
    assert count(known, "placements") == 1


def test_an_old_report_keeps_its_grid_when_it_is_imported_again(known, tmp_path):
    told = write_reports(
        tmp_path / "r.csv", ("R1", "", W + 0.0005, MIDDLE, 10), ("R2", "向阳小区", "", "", "")
    )
    run(known, "reports", told)
    before = placed(known)
    run(known, "areas", grids(tmp_path / "moved.geojson", shift=-D * 0.9), level=Level.GRID)
    _, outcome = run(known, "reports", told)
    assert outcome.merged.unchanged == 2
    assert placed(known) == before


def test_a_new_address_is_read_anew(known, tmp_path):
    run(known, "reports", write_reports(tmp_path / "r.csv", ("R1", "向阳小区", "", "", "")))
    run(known, "reports", write_reports(tmp_path / "r.csv", ("R1", "团结新村", "", "", "")))
    assert placed(known) == {"R1": (THIRD, "geocoded", None)}
    newest, _ = placements.list_log(known, _id(known, "R1"))
    assert newest["area"] == THIRD
    assert known.scalar(text("SELECT max(area_before) FROM placements")) == FIRST


def test_locating_an_address_answers_like_locating_a_point(known):
    found = locating.locate_address(known, Settings(), "向阳院")
    assert found["status"] == "located"
    assert found["area"]["code"] == FIRST
    assert [step["code"] for step in found["path"]][-1] == FIRST
    assert found["place"] == "向阳小区"
    assert found["radius_m"] > 0
    assert found["candidates"][0]["place"] == "向阳小区"
    assert 0.9 < found["confidence"] <= 1
    assert "向阳" in found["reasons"][0]
    assert "直线距离" in found["reasons"][-1]
    point = locating.locate_point(known, Settings(), locating.Point(found["lng"], found["lat"]), "cgcs2000")
    assert found.keys() - point.keys() == {"parts", "place", "radius_m", "candidates"}
    assert found["parts"] == {"poi": "向阳院"}


def test_an_address_that_is_not_sure_answers_its_candidates(known):
    found = locating.locate_address(known, Settings(), "药店")
    assert (found["status"], found["area"], found["lng"]) == ("unsure", None, None)
    assert {(one["place"], one["area"]["code"]) for one in found["candidates"]} == {
        ("康乐药店", FIRST),
        ("平安药店", THIRD),
    }
    assert found["reasons"]


@pytest.mark.parametrize(
    "words",
    [
        "",
        " ",
        "x" * 10_000,
        "<script>alert(1)</script>",
        "'; DROP TABLE reports; --",
        "\u202e🚲",
        "13800138000",
    ],
)
def test_no_text_is_too_strange_to_be_asked_about(session, words):
    found = locating.locate_address(session, Settings(), words)
    assert found["status"] == "unsure"
    assert found["reasons"]


def _id(session, reference):
    return session.scalar(text("SELECT id FROM reports WHERE reference = :it"), {"it": reference})
