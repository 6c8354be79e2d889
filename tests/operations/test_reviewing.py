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


def confirm(session, identity, point=IN_SECOND, alias="", place="", done_by="小陈", seen=""):
    return reviewing.confirm(session, identity, point, seen=seen, alias=alias, place=place, done_by=done_by)


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


IN_THIRD = Point(W + 2.5 * D, MIDDLE)
PLACED = [("DECLARED", "", W + D / 2, MIDDLE, 5), ("GEOCODED", "向阳小区", "", "", "")]


@pytest.fixture
def wrong(town, waiting, tmp_path):
    """Three reports that lie in the wrong grid: by coordinates, by address, by a person; their ids."""
    run(town, "reports", write_reports(tmp_path / "placed.csv", *PLACED))
    confirm(town, waiting["UNSURE"])
    ids = dict(town.execute(text("SELECT reference, id FROM reports")).all())
    return {"DECLARED": ids["DECLARED"], "GEOCODED": ids["GEOCODED"], "CONFIRMED": ids["UNSURE"]}


def version(session, identity):
    return reviewing.review(session, identity)["version"]


@pytest.mark.parametrize("how", ["DECLARED", "GEOCODED", "CONFIRMED"])
def test_a_report_that_was_placed_wrongly_is_moved_logged_and_moved_back(town, wrong, how):
    before = stored(town, wrong[how])
    assert (before[2], before[5]) == (how.lower(), None)
    done = confirm(town, wrong[how], IN_THIRD, seen=version(town, wrong[how]))
    assert stored(town, wrong[how])[0] == THIRD
    row = town.execute(
        text(
            "SELECT done_by, action, area, area_before, method_before, ST_X(geom), ST_AsEWKT(geom_before) "
            "FROM placements WHERE id = :id"
        ),
        {"id": done["placement"]},
    ).one()
    assert tuple(row) == ("小陈", "confirmed", THIRD, before[0], before[2], IN_THIRD.lng, before[6])
    reviewing.withdraw(town, wrong[how], done["placement"], "小陈")
    assert stored(town, wrong[how]) == before


def test_importing_again_does_not_undo_a_correction(town, wrong, tmp_path):
    for how in ("DECLARED", "GEOCODED"):
        confirm(town, wrong[how], IN_THIRD, seen=version(town, wrong[how]))
    corrected = {how: stored(town, wrong[how]) for how in ("DECLARED", "GEOCODED")}
    run(town, "reports", write_reports(tmp_path / "same.csv", *PLACED))
    moved = ("DECLARED", "", W + 1.1 * D, MIDDLE, 5), ("GEOCODED", "团结新村门口", "", "", "")
    run(town, "reports", write_reports(tmp_path / "moved.csv", *moved))
    run(town, "places", write_places(tmp_path / "p.geojson", [("向阳小区", "estate", "", 1)]))
    assert {how: stored(town, wrong[how]) for how in corrected} == corrected


def test_of_two_who_correct_at_once_the_second_is_told(town, wrong):
    seen = version(town, wrong["DECLARED"])
    confirm(town, wrong["DECLARED"], IN_THIRD, seen=seen)
    with pytest.raises(ConflictError, match=r"DECLARED 已于 .+ 由小陈确认到“第003”"):
        confirm(town, wrong["DECLARED"], IN_SECOND, seen=seen, done_by="小王")
    assert placed(town)["DECLARED"] == (THIRD, "confirmed", None)
    # Even to the same spot, and even where it was put back since.
    with pytest.raises(ConflictError):
        confirm(town, wrong["DECLARED"], IN_THIRD, seen=seen)
    last = placements.list_log(town, wrong["DECLARED"])[0]["id"]
    reviewing.withdraw(town, wrong["DECLARED"], last, "小陈")
    with pytest.raises(ConflictError, match="撤销了确认"):
        confirm(town, wrong["DECLARED"], IN_SECOND, seen=seen, done_by="小王")


@pytest.mark.parametrize("reference", ["DECLARED", "AGAINST"])
def test_what_an_import_moved_meanwhile_is_not_decided_on_its_old_place(
    town, waiting, wrong, tmp_path, reference
):
    identity = (waiting | wrong)[reference]
    seen = version(town, identity)
    moved = write_reports(tmp_path / "moved.csv", (reference, "", W + 1.1 * D, MIDDLE, 5))
    run(town, "reports", moved)
    assert placed(town)[reference] == (SECOND, "declared", None)
    with pytest.raises(ConflictError, match="由导入更新过"):
        confirm(town, identity, IN_THIRD, seen=seen)
    confirm(town, identity, IN_THIRD, seen=version(town, identity))


def test_a_report_that_waits_may_be_tried_again_in_vain_meanwhile(town, waiting, tmp_path):
    seen = version(town, waiting["UNSURE"])
    run(town, "places", write_places(tmp_path / "p.geojson", [("槐树公园", "landmark", "", 0)]))
    confirm(town, waiting["UNSURE"], seen=seen)
    assert placed(town)["UNSURE"] == (SECOND, "confirmed", None)


def test_without_a_version_only_a_report_that_waits_is_placed(town, wrong):
    with pytest.raises(ConflictError, match="已经有位置"):
        confirm(town, wrong["DECLARED"])
    with pytest.raises(ConflictError):
        confirm(town, wrong["CONFIRMED"])


def test_reports_are_found_by_their_number_in_every_source(town, wrong):
    town.execute(
        text(
            "INSERT INTO reports (reference, source, category, address, waiting, reported_at) "
            "SELECT 'DECLARED', s.code, r.category, '某处', 'unsure', r.reported_at - interval '1 day' "
            "FROM reports r, report_sources s WHERE r.reference = 'DECLARED' AND s.code <> r.source LIMIT 1"
        )
    )
    first, second = placements.list_numbered(town, "DECLARED")
    assert (first["id"], first["area_name"], first["method"]) == (wrong["DECLARED"], "第001", "declared")
    assert (second["waiting"], second["area_name"]) == ("unsure", None)
    assert first["source"] != second["source"]
    assert placements.list_numbered(town, "declared") == []


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
        ("12", "至少两个字"),
        ("树1", "至少两个字"),
        ("<script>幸福里</script>", "尖括号"),
        ("＜幸福里＞", "尖括号"),
        ("河西社区", "镇街或社区"),
        ("淙溪街道", "镇街或社区"),
        ("四川省", "镇街或社区"),
        ("四川省成都市", "镇街或社区"),
        ("成都市", "镇街或社区"),
        ("北京", "镇街或社区"),
        ("北 京", "镇街或社区"),
        ("青羊區", "镇街或社区"),
        *((word, "这样的字眼") for word in ("旁边", "附近", "对面", "门口", "路口", "楼下", "對面")),
        *((word, "这样的字眼") for word in ("电梯", "垃圾", "有人", "我家", "路灯", "我家楼下", "电梯坏了")),
        ("停车场", "不止一处"),
        ("向阳小区", "第001里“向阳小区”"),
    ],
)
def test_what_is_no_name_of_a_place_is_not_taught(town, waiting, alias, words):
    with pytest.raises(InputError, match=words):
        confirm(town, waiting["UNSURE"], alias=alias)
    assert placed(town)["UNSURE"] == (None, None, "unsure")
    assert count(town, "taught_aliases") == 0


@pytest.mark.parametrize("alias", ["向阳小区", "向阳院", "康乐药店"])
def test_a_known_name_may_only_be_taught_for_a_known_place(town, waiting, alias):
    in_first = Point(W + 0.3 * D, MIDDLE)
    for place in ("", "团结新村", "谁也不知道的地方"):
        with pytest.raises(InputError, match="已知地点的名称"):
            confirm(town, waiting["UNSURE"], in_first, alias=alias, place=place)
    assert count(town, "taught_aliases") == 0
    confirm(town, waiting["UNSURE"], in_first, alias=alias, place="向阳小区")
    assert town.scalar(text("SELECT place FROM taught_aliases")) == "向阳小区"
    assert area_of(town, "向阳小区") == FIRST


@pytest.mark.parametrize("alias", ["棉纺厂家属区", "打铁坊", "多宝寺", "红旗厂宿舍", "幸福里西边的铁门"])
def test_what_sounds_like_a_division_or_a_complaint_but_is_a_name_is_taught(town, waiting, alias):
    confirm(town, waiting["UNSURE"], alias=alias)
    assert area_of(town, alias) == SECOND


@pytest.fixture
def by_alias(town, waiting, tmp_path):
    """A name taught for the second grid, and three reports that came after it; the line of its teaching."""
    line = confirm(town, waiting["UNSURE"], alias="老槐树底下")["placement"]
    told = write_reports(
        tmp_path / "later.csv",
        ("BY_ALIAS", "老槐樹底下旁邊", "", "", ""),
        ("BY_NAME", "团结新村", "", "", ""),
        ("BY_HAND", "老槐树底下", "", "", ""),
    )
    run(town, "reports", told)
    assert placed(town)["BY_ALIAS"] == (SECOND, "geocoded", None)
    return line


def id_of(session, reference):
    return session.scalar(text("SELECT id FROM reports WHERE reference = :it"), {"it": reference})


def test_what_was_placed_by_a_name_waits_again_when_the_name_is_withdrawn(town, waiting, by_alias):
    by_hand = id_of(town, "BY_HAND")
    confirm(town, by_hand, IN_THIRD, seen=version(town, by_hand))
    reviewing.withdraw(town, waiting["UNSURE"], by_alias, "小陈")
    found = placed(town)
    assert found["BY_ALIAS"] == (None, None, "unsure")
    assert found["BY_NAME"] == (THIRD, "geocoded", None)
    assert found["BY_HAND"] == (THIRD, "confirmed", None)
    row = stored(town, id_of(town, "BY_ALIAS"))
    assert row[4][0] == "所依据的叫法已撤销"
    assert len(row[4]) > 1
    last, first = placements.list_log(town, id_of(town, "BY_ALIAS"))
    assert (first["action"], last["action"], last["done_by"]) == ("geocoded", "withdrawn", "gridmap")
    assert last["reasons"] == row[4]
    assert (
        town.scalar(text("SELECT undoes FROM placements WHERE id = :id"), {"id": last["id"]}) == first["id"]
    )
    # It waits as any other does.
    confirm(town, id_of(town, "BY_ALIAS"), IN_THIRD)
    assert placed(town)["BY_ALIAS"] == (THIRD, "confirmed", None)


def test_who_decided_on_a_place_that_is_withdrawn_meanwhile_is_told(town, waiting, by_alias):
    identity = id_of(town, "BY_ALIAS")
    seen = version(town, identity)
    reviewing.withdraw(town, waiting["UNSURE"], by_alias, "小陈")
    with pytest.raises(ConflictError, match="由程序收回了位置"):
        confirm(town, identity, IN_THIRD, seen=seen)


@pytest.mark.parametrize(("offset", "waits"), [(0.0, None), (0.3 * D, "unsure")])
def test_what_an_older_teaching_answers_the_same_stays(town, waiting, tmp_path, offset, waits):
    confirm(town, waiting["NONE"], Point(IN_SECOND.lng + offset, MIDDLE), alias="老槐树底下")
    line = confirm(town, waiting["UNSURE"], alias="老槐树底下")["placement"]
    run(town, "reports", write_reports(tmp_path / "later.csv", ("LATER", "老槐树底下", "", "", "")))
    reviewing.withdraw(town, waiting["UNSURE"], line, "小陈")
    assert placed(town)["LATER"][2] == waits
    if waits:
        assert stored(town, id_of(town, "LATER"))[4][1] == "地址现在可以确定：老槐树底下（第002）"


def test_a_report_that_waits_again_tells_why_as_of_now(town, waiting, tmp_path):
    before = stored(town, waiting["UNSURE"])[4]
    assert stored(town, waiting["AGAINST"])[4][0].startswith("坐标在第001，地址指向")
    lines = {it: confirm(town, waiting[it])["placement"] for it in ("UNSURE", "AGAINST")}
    changed = [("老槐树底下", "landmark", "", 0), ("团结新村", "estate", "", 1)]
    run(town, "places", write_places(tmp_path / "p.geojson", changed))
    for reference, line in lines.items():
        reviewing.withdraw(town, waiting[reference], line, "小陈")
    area, *_, reasons, waits, place = stored(town, waiting["UNSURE"])
    assert (area, waits, place) == (None, "unsure", None)
    assert reasons[0] == "地址现在可以确定：老槐树底下（第001）"
    assert reasons != before
    assert placed(town)["AGAINST"] == (FIRST, "declared", "contradiction")
    # The new one is another of that name: nothing is contradicted any more.
    assert stored(town, waiting["AGAINST"])[4][0].startswith("“团结新村”有多处")


@pytest.mark.parametrize("name", ["gridmap", "GridMap", "ＧＲＩＤＭＡＰ", " grid\u200bmap ", "程序"])
def test_nobody_signs_as_the_program(town, waiting, name):
    with pytest.raises(InputError, match="程序在记录里的名字"):
        confirm(town, waiting["UNSURE"], done_by=name)
    line = confirm(town, waiting["UNSURE"])["placement"]
    with pytest.raises(InputError, match="程序在记录里的名字"):
        reviewing.withdraw(town, waiting["UNSURE"], line, name)
    assert placed(town)["UNSURE"] == (SECOND, "confirmed", None)


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
