"""Confirming what waits, teaching a name by it, and taking both back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gridmap.config import Settings
from gridmap.errors import ConflictError, InputError, NotFoundError
from gridmap.operations import gazetteer, locating, reviewing
from gridmap.store import placements
from gridmap.types import Point
from tests.operations.conftest import D, W, count, run
from tests.operations.test_locating import (
    FIRST,
    MIDDLE,
    PLACES,
    SECOND,
    THIRD,
    placed,
    write_places,
    write_reports,
)

IN_SECOND = Point(W + 1.5 * D, MIDDLE)


@pytest.fixture
def waiting(town, tmp_path):
    """Four reports that wait, each for another reason; their ids by reference."""
    run(town, "places", write_places(tmp_path / "places.geojson", PLACES))
    told = write_reports(
        tmp_path / "r.csv",
        ("UNSURE", "老槐树底下", "", "", ""),
        ("NONE", "", "", "", ""),
        ("OUTSIDE", "向阳小区", W - 1, MIDDLE, 5),
        ("AGAINST", "团结新村", W + D / 2, MIDDLE, 5),
    )
    run(town, "reports", told)
    return dict(town.execute(text("SELECT reference, id FROM reports")).all())


def confirm(session, identity, point=IN_SECOND, alias="", place="", done_by="小陈"):
    return reviewing.confirm(session, identity, point, alias=alias, place=place, done_by=done_by)


def stored(session, identity):
    row = session.execute(
        text(
            "SELECT area, area_id, location_method, location_confidence, location_reasons, waiting, "
            "ST_AsEWKT(geom) FROM reports WHERE id = :id"
        ),
        {"id": identity},
    ).one()
    return tuple(row)


def test_a_confirmed_report_lies_where_the_pin_was(town, waiting):
    done = confirm(town, waiting["UNSURE"])
    assert done["area"]["code"] == SECOND
    assert placed(town)["UNSURE"] == (SECOND, "confirmed", None)
    (line,) = placements.list_log(town, waiting["UNSURE"])
    assert (line["action"], line["done_by"], line["area"]) == ("confirmed", "小陈", SECOND)
    assert (line["lng"], line["lat"]) == (IN_SECOND.lng, IN_SECOND.lat)
    assert placements.count_waiting(town) == {"unsure": 0, "contradiction": 1, "outside": 1, "no_address": 1}


@pytest.mark.parametrize("reference", ["UNSURE", "NONE", "OUTSIDE", "AGAINST"])
def test_taking_a_confirmation_back_restores_the_report(town, waiting, reference):
    before = stored(town, waiting[reference])
    done = confirm(town, waiting[reference])
    assert stored(town, waiting[reference]) != before
    reviewing.withdraw(town, waiting[reference], done["placement"], "小陈")
    assert stored(town, waiting[reference]) == before
    assert [line["action"] for line in placements.list_log(town, waiting[reference])] == [
        "withdrawn",
        "confirmed",
    ]


def test_a_confirmed_report_is_never_moved_by_a_machine(town, waiting, tmp_path):
    confirm(town, waiting["UNSURE"])
    confirm(town, waiting["AGAINST"])
    before = {reference: stored(town, waiting[reference]) for reference in ("UNSURE", "AGAINST")}
    moved = write_reports(
        tmp_path / "again.csv",
        ("UNSURE", "团结新村", "", "", ""),
        ("AGAINST", "团结新村", W + D * 2.5, MIDDLE, 5),
    )
    run(town, "reports", moved)
    run(town, "places", write_places(tmp_path / "p.geojson", [("老槐树底下", "landmark", "", 0)]))
    assert {reference: stored(town, waiting[reference]) for reference in before} == before
    assert town.scalar(text("SELECT address FROM reports WHERE reference = 'UNSURE'")) == "团结新村"


def test_the_second_of_two_is_told_what_the_first_did(town, waiting):
    confirm(town, waiting["UNSURE"])
    with pytest.raises(ConflictError, match=r"UNSURE 已于 .+ 由小陈确认到“第002”"):
        confirm(town, waiting["UNSURE"], done_by="小王")
    assert count(town, "placements") == 1


def test_a_pin_outside_every_area_is_refused(town, waiting):
    with pytest.raises(InputError, match="不在任何网格内"):
        confirm(town, waiting["UNSURE"], Point(W - 1, MIDDLE))
    assert placed(town)["UNSURE"] == (None, None, "unsure")


def test_an_unknown_report_is_not_found(town):
    with pytest.raises(NotFoundError):
        confirm(town, 10**12)
    with pytest.raises(NotFoundError):
        reviewing.withdraw(town, 10**12, 1, "小陈")


def test_a_confirmation_is_taken_back_once_and_only_the_last(town, waiting):
    first = confirm(town, waiting["UNSURE"])["placement"]
    reviewing.withdraw(town, waiting["UNSURE"], first, "小陈")
    with pytest.raises(ConflictError, match="不能再撤销"):
        reviewing.withdraw(town, waiting["UNSURE"], first, "小陈")
    second = confirm(town, waiting["UNSURE"])["placement"]
    with pytest.raises(ConflictError, match="不能再撤销"):
        reviewing.withdraw(town, waiting["UNSURE"], first, "小陈")
    reviewing.withdraw(town, waiting["UNSURE"], second, "小陈")
    assert placed(town)["UNSURE"] == (None, None, "unsure")


def test_a_confirmation_that_can_not_be_undone_any_more_says_so(town, waiting, tmp_path):
    done = confirm(town, waiting["UNSURE"])
    run(town, "reports", write_reports(tmp_path / "again.csv", ("UNSURE", "", W + D / 2, MIDDLE, 5)))
    with pytest.raises(ConflictError, match="又更新过"):
        reviewing.withdraw(town, waiting["UNSURE"], done["placement"], "小陈")
    assert placed(town)["UNSURE"] == (SECOND, "confirmed", None)


def area_of(session, words):
    area = locating.locate_address(session, Settings(), words)["area"]
    return area and area["code"]


def lng_of(session, words):
    return locating.locate_address(session, Settings(), words)["lng"]


def test_a_taught_name_is_used_by_the_next_geocode_and_forgotten_when_withdrawn(town, waiting):
    built = gazetteer.known(town)
    assert area_of(town, "老槐树底下") is None
    done = confirm(town, waiting["UNSURE"], alias="老槐树底下")
    assert done["alias"] == "老槐树底下"
    assert area_of(town, "老槐树底下") == SECOND
    assert area_of(town, "老槐樹底下旁邊") == SECOND
    reviewing.withdraw(town, waiting["UNSURE"], done["placement"], "小陈")
    assert area_of(town, "老槐树底下") is None
    # Laid over the index each time: nothing was built anew.
    assert gazetteer.known(town) is built


def test_a_name_may_be_taught_for_a_known_place(town, waiting):
    confirm(town, waiting["NONE"], Point(W + 2.5 * D, MIDDLE), alias="纺织厂老宿舍", place="团结新村")
    found = locating.locate_address(town, Settings(), "纺织厂老宿舍")
    assert (found["place"], found["area"]["code"]) == ("团结新村", THIRD)


def test_a_name_that_leads_elsewhere_is_not_what_the_alias_means(town, waiting):
    confirm(town, waiting["NONE"], IN_SECOND, alias="纺织厂老宿舍", place="团结新村")
    assert area_of(town, "纺织厂老宿舍") == SECOND
    assert town.scalar(text("SELECT place FROM taught_aliases")) is None


def test_of_two_teachings_the_newer_counts_and_withdrawing_it_brings_back_the_older(town, waiting):
    confirm(town, waiting["NONE"], Point(W + 1.2 * D, MIDDLE), alias="老槐树底下")
    done = confirm(town, waiting["UNSURE"], alias="老槐树底下")
    assert lng_of(town, "老槐树底下") == pytest.approx(IN_SECOND.lng, abs=1e-6)
    reviewing.withdraw(town, waiting["UNSURE"], done["placement"], "小陈")
    assert lng_of(town, "老槐树底下") == pytest.approx(W + 1.2 * D, abs=1e-6)


@pytest.mark.parametrize(
    ("alias", "words"),
    [
        ("树", "至少两个字"),
        ("——", "不像地名"),
        ("（无）", "不像地名"),
        ("3栋", "小区或道路的名称"),
        ("药店", "不止一处"),
        ("向阳院", "第001里“向阳小区”"),
        ("长" * 41, "太长"),
    ],
)
def test_what_is_no_name_of_a_place_is_not_taught(town, waiting, alias, words):
    with pytest.raises(InputError, match=words):
        confirm(town, waiting["UNSURE"], alias=alias)
    assert placed(town)["UNSURE"] == (None, None, "unsure")
    assert count(town, "taught_aliases") == 0


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("位于状元府小区三栋2单元501室", "状元府小区3栋"),
        ("狀元府旁邊", "状元府"),
        ("老槐树底下", "老槐树底下"),
        ("菜市场对面", "菜市场对面"),
        ("(无)", ""),
        ("", ""),
    ],
)
def test_the_words_that_name_the_place_are_suggested(address, words):
    assert reviewing.place_words(address) == words


def test_a_review_shows_what_helps_to_decide(town, waiting):
    shown = reviewing.review(town, waiting["AGAINST"])
    assert shown["declared"]
    assert shown["area"]["code"] == FIRST
    assert shown["candidates"][0]["place"] == "团结新村"
    assert shown["alias"] == "团结新村"
    assert shown["reasons"][0].startswith("坐标在第001")
    assert shown["log"] == []
