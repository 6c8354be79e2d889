"""Which column fills which field."""

from __future__ import annotations

import pytest

from gridmap.errors import InputError
from gridmap.ingest.fields import REQUIRED, SYNONYMS, guess


class TestGuesses:
    def test_english_chinese_and_taiwan(self):
        assert guess(["编码", "名称", "户数"], "areas", {}) == {
            "code": "编码",
            "name": "名称",
            "households": "户数",
        }
        assert guess(["名稱", "地址", "經度", "緯度"], "stations", {}) == {
            "name": "名稱",
            "address": "地址",
            "lng": "經度",
            "lat": "緯度",
        }
        assert guess(["main_type", "sub_type", "name", "address"], "stations", {}) == {
            "kind": "main_type",
            "name": "name",
            "address": "address",
        }

    def test_case_blanks_underscores_and_brackets_do_not_matter(self):
        assert guess(["CODE", "经度(WGS84)"], "areas", {}) == {"code": "CODE"}
        stations = {"name": "Name", "lng": "经度（度）", "lat": "Lat "}
        assert guess(list(stations.values()), "stations", {}) == stations

    def test_the_spreadsheet_of_the_hotline(self):
        columns = ["工单编号", "受理时间", "办结时间", "诉求类型", "诉求内容", "事发地址", "诉求来源"]
        assert guess(columns, "reports", {}) == {
            "reference": "工单编号",
            "source": "诉求来源",
            "category": "诉求类型",
            "text": "诉求内容",
            "address": "事发地址",
            "reported_at": "受理时间",
            "closed_at": "办结时间",
        }

    def test_degrees_win_over_the_coordinates_of_a_projection(self):
        planar = ["X Coordinate (State Plane)", "Y Coordinate (State Plane)"]
        columns = ["Created Date", "Descriptor", *planar, "Latitude", "Longitude"]
        mapping = guess(columns, "reports", {})
        assert (mapping["lng"], mapping["lat"]) == ("Longitude", "Latitude")

    @pytest.mark.parametrize(
        ("columns", "reference", "reported_at"),
        [
            (["Unique Key", "Created Date", "Complaint Type"], "Unique Key", "Created Date"),
            (["SR_NUMBER", "CREATED_DATE", "SR_TYPE"], "SR_NUMBER", "CREATED_DATE"),
            (["case_enquiry_id", "open_dt", "case_title"], "case_enquiry_id", "open_dt"),
            (["CaseID", "Opened", "Request Type"], "CaseID", "Opened"),
            (
                ["service_request_id", "requested_datetime", "service_name"],
                "service_request_id",
                "requested_datetime",
            ),
        ],
    )
    def test_the_request_sets_of_five_cities(self, columns, reference, reported_at):
        mapping = guess(columns, "reports", {})
        assert (mapping["reference"], mapping["reported_at"]) == (reference, reported_at)

    def test_no_column_is_guessed_twice(self):
        mapping = guess(["name", "title", "type"], "stations", {})
        assert sorted(mapping.values()) == sorted(set(mapping.values()))


class TestGiven:
    def test_goes_before_any_guess(self):
        columns = ["NPTVID", "VNAME", "name", "code"]
        assert guess(columns, "areas", {"code": "NPTVID", "name": "VNAME"}) == {
            "code": "NPTVID",
            "name": "VNAME",
        }

    def test_a_given_column_is_not_guessed_for_another_field(self):
        assert guess(["name", "code"], "areas", {"code": "name"}) == {"code": "name"}

    def test_one_column_for_two_fields(self):
        with pytest.raises(InputError) as refused:
            guess(["name", "xy"], "stations", {"lng": "xy", "lat": "xy"}, "x.csv")
        assert str(refused.value) == "x.csv: column 'xy' is mapped to both lng and lat: give each its own"

    def test_a_file_without_columns(self):
        with pytest.raises(InputError, match=r"say --map code=COLUMN; the file has no columns$"):
            guess([], "areas", {})
        with pytest.raises(InputError, match=r"no column 'a' for code: the file has no columns$"):
            guess([], "areas", {"code": "a"})

    def test_a_column_that_does_not_exist(self):
        with pytest.raises(InputError) as refused:
            guess(["a", "b"], "areas", {"code": "NPTVID"}, "x.csv")
        assert str(refused.value) == "x.csv: no column 'NPTVID' for code: the file has a, b"

    def test_a_field_that_does_not_exist(self):
        with pytest.raises(
            InputError, match="there is no field 'colour' in areas: use one of code, name, kind"
        ):
            guess(["a"], "areas", {"colour": "a"})


@pytest.mark.parametrize("kind", [kind for kind, groups in REQUIRED.items() if groups])
def test_a_required_field_that_nothing_fills_says_how_to_map_it(kind):
    with pytest.raises(InputError) as refused:
        guess(["foo", "bar"], kind, {}, "x.csv")
    assert f"say --map {REQUIRED[kind][0][0]}=COLUMN; the file has foo, bar" in str(refused.value)


def test_every_synonym_is_written_as_names_are_compared():
    for kind, synonyms in SYNONYMS.items():
        for field, known in synonyms.items():
            for name in known.split(","):
                groups = {needed[0]: needed[0] for needed in REQUIRED[kind]}
                assert guess([name, *groups], kind, {}).get(field), f"{kind}.{field}: {name}"
