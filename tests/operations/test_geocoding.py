"""A file of addresses in, the same file with places out: on the demo town, interrupted, and with a provider."""

from __future__ import annotations

import csv
import dataclasses
import json
from datetime import datetime

import openpyxl
import pytest

from gridmap.config import ROOT, Settings
from gridmap.errors import ConflictError, GridMapError, InputError
from gridmap.operations import geocoding
from gridmap.operations.geocoding import PREFIX, RESULTS, Geocoder
from tests.conftest import quiet

# A building of the demo town and the grid that its code begins with.
BUILDING, GRID = "上城美域小区1栋", "519900001001001"
LONG = "519900199001010017"


@pytest.fixture(scope="module")
def geocoder(town_database):
    with town_database.session() as session:
        return Geocoder.load(session, Settings())


@pytest.fixture(scope="module")
def addresses():
    """Names of 60 buildings with what people write of none, in turn."""
    features = json.loads((ROOT / "geodata/demo/buildings.geojson").read_text(encoding="utf-8"))["features"]
    names = [feature["properties"]["name"] for feature in features[:: len(features) // 60][:60]]
    return [text for name in names for text in (name, "(无)")]


def geocode(geocoder, file, output, column=None, say=None, bars=quiet):
    said = []
    work = geocoding.prepare(file, output, column)
    outcome = geocoding.run(geocoder, work, bars, say or said.append)
    return outcome, said


def read(path):
    """Header and rows of a CSV or a workbook, as they are in the file."""
    if path.suffix == ".xlsx":
        rows = [list(row) for row in openpyxl.load_workbook(path).active.iter_rows(values_only=True)]
    else:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
    return rows[0], rows[1:]


def told(header, row):
    return dict(zip(header, row, strict=True))


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk"])
def test_the_same_rows_come_back_with_places(geocoder, tmp_path, codec):
    before = [
        ["编号", "证件", "地址", "备注"],
        ["007", LONG, BUILDING, " 空格 "],
        ["008", "0816-1234567", "", '他说"漏水"，\n又来了'],
        [],
        ["1e5", "1.10", "(无)", "-5.20"],
    ]
    file = tmp_path / "in.csv"
    with file.open("w", encoding=codec, newline="") as stream:
        csv.writer(stream).writerows(before)
    outcome, _ = geocode(geocoder, file, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf"), "Excel reads Chinese by the mark"
    header, rows = read(tmp_path / "out.csv")
    assert header == [*before[0], *RESULTS]
    assert [row[:4] for row in rows] == [row or [""] * 4 for row in before[1:]]
    first = told(header, rows[0])
    assert (first["area"], first["status"]) == (GRID, "answered")
    assert first["area_name"].endswith("网格")
    assert 107 < float(first["lng"]) < 109
    assert 30 < float(first["lat"]) < 32
    assert 0.5 < float(first["confidence"]) <= 1
    assert first["place"]
    for row in rows[1:]:
        found = told(header, row)
        assert found["status"] == "abstained"
        assert found["reasons"]
        assert {found[name] for name in ("lng", "lat", "area", "area_name", "place")} == {""}
    assert (outcome.answered, outcome.abstained) == (1, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_workbook_in_and_out(geocoder, tmp_path):
    book = openpyxl.Workbook()
    for row in (["编号", "发生地址", "电话"], ["007", BUILDING, 13800001111], [], [LONG, "(无)", "=1+1"]):
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    for name in ("out.xlsx", "out.csv"):
        outcome, _ = geocode(geocoder, tmp_path / "in.xlsx", tmp_path / name)
        header, rows = read(tmp_path / name)
        assert outcome.column == "发生地址"
        assert header == ["编号", "发生地址", "电话", *RESULTS]
        assert [row[:3] for row in rows] == [
            ["007", BUILDING, "13800001111"],
            [None] * 3 if name == "out.xlsx" else [""] * 3,
            [LONG, "(无)", "'=1+1"],
        ]
        assert told(header, rows[0])["area"] == GRID
    assert isinstance(told(*[header, read(tmp_path / "out.xlsx")[1][0]])["lng"], float)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.xlsx", "out.csv", "out.xlsx"]


def test_a_table_becomes_a_workbook_whatever_is_in_it(geocoder, tmp_path):
    (tmp_path / "in.csv").write_text(f"地址,x\n{BUILDING},\x07bell\n#N/A,=cmd()\n", encoding="utf-8")
    geocode(geocoder, tmp_path / "in.csv", tmp_path / "out.xlsx")
    header, rows = read(tmp_path / "out.xlsx")
    assert told(header, rows[0])["x"] == "bell"
    assert told(header, rows[1])["x"] == "'=cmd()"


def test_what_a_spreadsheet_would_run_is_made_text_and_numbers_are_left(geocoder, tmp_path):
    cells = [
        '=HYPERLINK("http://x")',
        "@SUM(1)",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "\t=1",
        "-73.98",
        "+8613800001111",
    ]
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [["address", "=x"], *([BUILDING, cell] for cell in cells), [cells[0], ""]]
        )
    geocode(geocoder, tmp_path / "in.csv", tmp_path / "out.csv")
    header, rows = read(tmp_path / "out.csv")
    assert header[1] == "'=x"
    assert [row[1] for row in rows] == [*(f"'{cell}" for cell in cells[:5]), *cells[5:], ""]
    assert rows[-1][0] == f"'{cells[0]}"


def test_names_that_the_file_has_already_get_a_prefix(geocoder, tmp_path):
    (tmp_path / "in.csv").write_text(f"LNG,地址,status,reasons\n1,{BUILDING},open,x\n", encoding="utf-8")
    geocode(geocoder, tmp_path / "in.csv", tmp_path / "out.csv")
    header, rows = read(tmp_path / "out.csv")
    found = told(header, rows[0])
    assert (found["LNG"], found["status"], found[f"{PREFIX}status"]) == ("1", "open", "answered")
    assert f"{PREFIX}lng" in found
    assert "lng" not in found
    assert f"{PREFIX}lat" not in found
    geocode(geocoder, tmp_path / "out.csv", tmp_path / "again.csv")
    again, _ = read(tmp_path / "again.csv")
    assert len(set(again)) == len(again) == len(header) + len(RESULTS)
    assert f"{PREFIX}status_2" in again


@pytest.mark.parametrize(
    "name", ["address", "地址", "发生地址", "事发地点", "Street Address", "详细地址（必填）"]
)
def test_the_column_of_addresses_is_known_by_its_name(tmp_path, name):
    (tmp_path / "in.csv").write_text(f"编号,{name},name\n1,x,y\n", encoding="utf-8")
    assert geocoding.prepare(tmp_path / "in.csv", tmp_path / "out.csv", None).column == name


def test_the_column_may_be_given_and_must_be_there(tmp_path):
    (tmp_path / "in.csv").write_text("编号,哪里, 内容\n1,x,y\n", encoding="utf-8")
    assert geocoding.prepare(tmp_path / "in.csv", tmp_path / "out.csv", "哪里").column == "哪里"
    assert geocoding.prepare(tmp_path / "in.csv", tmp_path / "out.csv", " 内容").position == 2
    with pytest.raises(InputError, match=r"say --column NAME; the file has 编号, 哪里, 内容"):
        geocoding.prepare(tmp_path / "in.csv", tmp_path / "out.csv", None)
    with pytest.raises(InputError, match="no column '那里': the file has 编号, 哪里, 内容"):
        geocoding.prepare(tmp_path / "in.csv", tmp_path / "out.csv", "那里")


def test_a_file_without_a_header_does_not_tell_its_first_caller(tmp_path):
    (tmp_path / "in.csv").write_text(f"春风路3号张三13912345678,{LONG}\nx,y\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        geocoding.prepare(tmp_path / "in.csv", tmp_path / "out.csv", None)
    assert "139****5678" in str(caught.value)
    assert LONG not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "output", "words"),
    [
        ("in.csv", "地址\nx\n", "out.json", "must be one of .csv, .xlsx"),
        ("in.csv", "地址\nx\n", "nowhere/out.csv", "not a folder that can be written"),
        ("in.csv", "地址\nx\n", "in.csv", "exists already"),
        ("in.csv", '地址\n"=A1&B1"\n=A2&B2\n', "out.csv", "formulas: paste them as values"),
        ("in.csv", "地址,x\n" + "长" * 40_000 + ",1\n", "out.xlsx", "than a worksheet holds"),
        ("in.geojson", "{}", "out.csv", "give a .csv or .xlsx"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(tmp_path, name, content, output, words):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(GridMapError, match=words):
        geocoding.prepare(tmp_path / name, tmp_path / output, None)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def interrupting(after):
    """Bars under which the user presses Ctrl-C once so many rows are done."""
    seen = 0

    def bars(_label, _total):
        def step(rows):
            nonlocal seen
            seen += rows
            if seen >= after:
                raise KeyboardInterrupt

        return step

    return bars


@pytest.fixture
def listing(addresses, tmp_path, monkeypatch):
    """A file of 120 rows, geocoded by ten at a time."""
    monkeypatch.setattr(geocoding, "_CHUNK_ROWS", 10)
    (tmp_path / "in.csv").write_text(
        "n,地址\n" + "".join(f"{n:03},{text}\n" for n, text in enumerate(addresses)), encoding="utf-8"
    )
    return tmp_path / "in.csv"


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_interrupted_run_goes_on_without_doing_rows_again(geocoder, listing, tmp_path, ending):
    whole, output = tmp_path / f"whole.{ending}", tmp_path / f"out.{ending}"
    geocode(geocoder, listing, whole)
    with pytest.raises(GridMapError, match=r"interrupted after 30 of 120 rows: the same command goes on"):
        geocode(geocoder, listing, output, bars=interrupting(35))
    assert not output.exists()
    with pytest.raises(GridMapError, match="after 70 of 120"):
        geocode(geocoder, listing, output, bars=interrupting(75))
    outcome, said = geocode(geocoder, listing, output)
    assert said == [f"Going on after the 70 rows of {output.name}.part"]
    assert (outcome.fresh, outcome.answered + outcome.abstained) == (50, 120)
    assert read(output) == read(whole)
    assert "70 of them in an earlier run" in "".join(outcome.report())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([listing.name, output.name, whole.name])


def test_a_torn_line_is_done_again_and_no_other(geocoder, listing, tmp_path):
    geocode(geocoder, listing, tmp_path / "whole.csv")
    output = tmp_path / "out.csv"
    with pytest.raises(GridMapError, match="after 30 of 120"):
        geocode(geocoder, listing, output, bars=interrupting(35))
    part = tmp_path / "out.csv.part"
    part.write_bytes(part.read_bytes()[:-7])
    outcome, said = geocode(geocoder, listing, output)
    assert said == ["Going on after the 20 rows of out.csv.part"]
    assert outcome.fresh == 100
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize("what", ["input file", "column", "gazetteer"])
def test_what_has_changed_is_named_and_everything_done_anew(geocoder, listing, tmp_path, what):
    output, column = tmp_path / "out.csv", None
    with pytest.raises(GridMapError, match="after 30 of 120"):
        geocode(geocoder, listing, output, bars=interrupting(35))
    if what == "input file":
        listing.write_text(listing.read_text(encoding="utf-8").replace("000,", "999,"), encoding="utf-8")
    elif what == "column":
        column = "n"
    else:
        geocoder = dataclasses.replace(geocoder, version="later")
    outcome, said = geocode(geocoder, listing, output, column)
    assert said == [f"the {what} has changed since out.csv.part was begun: beginning anew"]
    assert outcome.fresh == 120
    assert len(read(output)[1]) == 120


def test_what_exists_is_not_overwritten(geocoder, listing, tmp_path):
    geocode(geocoder, listing, tmp_path / "out.csv")
    before = (tmp_path / "out.csv").read_bytes()
    with pytest.raises(ConflictError, match="give another name with -o, or move it away"):
        geocode(geocoder, listing, tmp_path / "out.csv")
    work = geocoding.prepare(listing, tmp_path / "other.csv", None)
    (tmp_path / "other.csv").write_text("mine")
    with pytest.raises(ConflictError, match="exists already"):
        geocoding.run(geocoder, work, quiet, print)
    assert (tmp_path / "other.csv").read_text() == "mine"
    assert (tmp_path / "out.csv").read_bytes() == before


def test_a_link_that_leads_nowhere_is_not_replaced(listing, tmp_path):
    (tmp_path / "out.csv").symlink_to("elsewhere.csv")
    with pytest.raises(ConflictError, match=r"out\.csv exists already"):
        geocoding.prepare(listing, tmp_path / "out.csv", None)
    assert (tmp_path / "out.csv").is_symlink()


def test_a_file_of_the_user_beside_the_output_is_left_alone(geocoder, listing, tmp_path):
    (tmp_path / "out.csv.part").write_text("mine")
    with pytest.raises(ConflictError, match=r"out\.csv\.part exists already and is of no earlier run"):
        geocode(geocoder, listing, tmp_path / "out.csv")
    assert (tmp_path / "out.csv.part").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv.part"]


def test_the_sheet_of_the_addresses_is_taken_and_said(geocoder, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "说明"
    book.active.append(["一行一件"])
    for row in (["哪里", "日期", "急"], [BUILDING, datetime(2026, 1, 2), True]):
        (book["清单"] if "清单" in book else book.create_sheet("清单")).append(row)
    book.save(tmp_path / "in.xlsx")
    outcome, said = geocode(geocoder, tmp_path / "in.xlsx", tmp_path / "out.csv", column="哪里")
    assert said == ["in.xlsx: sheet '清单' is read, not 说明"]
    assert outcome.answered == 1
    assert read(tmp_path / "out.csv")[1][0][:3] == [BUILDING, "2026-01-02", "TRUE"]


def test_traditional_characters_in_big5_find_their_place(geocoder, tmp_path):
    (tmp_path / "in.csv").write_bytes("編號,地址\n1,上城美域小區1棟\n".encode("big5"))
    outcome, said = geocode(geocoder, tmp_path / "in.csv", tmp_path / "out.csv")
    assert said == ["in.csv is read as Big5: save it as UTF-8 if its characters look wrong"]
    header, rows = read(tmp_path / "out.csv")
    assert rows[0][1] == "上城美域小區1棟"
    assert (outcome.answered, told(header, rows[0])["area"]) == (1, GRID)


def test_without_any_data_it_says_what_to_do(session):
    with pytest.raises(ConflictError, match="import areas and places first"):
        Geocoder.load(session, Settings())


def test_the_summary_counts_and_names_the_system(geocoder, listing, tmp_path):
    outcome, _ = geocode(geocoder, listing, tmp_path / "out.csv")
    _, rows = read(tmp_path / "out.csv")
    answered = sum("answered" in row for row in rows)
    lines = outcome.report()
    assert lines[0].startswith("120 rows geocoded by column '地址', ")
    assert lines[1] == f"answered: {answered} ({answered / 120:.1%})"
    assert lines[2].startswith(f"abstained: {120 - answered} (")
    assert lines[3].endswith("coordinates in CGCS2000 (EPSG:4490)")
    assert answered >= 50
