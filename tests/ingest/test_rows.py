"""Tables row by row: nothing lost, nothing changed, nothing held."""

from __future__ import annotations

import csv
import hashlib
import tempfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.errors import InputError
from gridmap.ingest.rows import open_rows

LONG = "519900199001010017"


def table(file, data):
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return open_rows(file, address)


def address(labels):
    return next((label for label in labels if label == "地址"), None)


def workbook(file, **sheets):
    """A workbook with the rows of each sheet, saved; then read."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(file)
    return open_rows(file, address)


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_every_cell_stays_as_it_was_written(tmp_path, codec):
    text = f'编号,地址,备注\n007,春风路3号,"说：""漏水""，\n第二行"\n{LONG},  前后空格  ,-5.20\n1e5,,\n'
    rows = table(tmp_path / "a.csv", text.encode(codec))
    assert rows.header == ("编号", "地址", "备注")
    assert list(rows.each()) == [
        ["007", "春风路3号", '说："漏水"，\n第二行'],
        [LONG, "  前后空格  ", "-5.20"],
        ["1e5", "", ""],
    ]
    assert list(rows.each()) == list(rows.each())
    assert rows.count == 3
    assert rows.sha256 == hashlib.sha256((tmp_path / "a.csv").read_bytes()).hexdigest()


@given(
    rows=st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=3, max_size=3), max_size=6
    ),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_a_cell_holds_comes_back(rows, codec):
    # A last row of empty cells keeps its place by its delimiters.
    rows = [*rows, ["", "", ""]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.csv"
        with file.open("w", encoding=codec, newline="") as stream:
            csv.writer(stream).writerows([["a", "b", "c"], *rows])
        read = open_rows(file, address)
        assert list(read.each()) == rows
        assert read.count == len(rows)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_blank_lines_between_rows_are_rows(tmp_path, ends, delimiter):
    lines = ["", "a,地址", "1,甲", "", "", "2,乙", "", ""]
    rows = table(tmp_path / "a.csv", ends.join(lines).replace(",", delimiter))
    assert list(rows.each()) == [["1", "甲"], ["", ""], ["", ""], ["2", "乙"]]
    assert rows.count == 4


def test_short_rows_are_filled_up_and_empty_cells_beyond_the_header_dropped(tmp_path):
    rows = table(tmp_path / "a.csv", "a,b,c\n1\n1,2,3,,\n")
    assert list(rows.each()) == [["1", "", ""], ["1", "2", "3"]]


def test_names_that_repeat_are_told_apart_by_their_labels(tmp_path):
    rows = table(tmp_path / "a.csv", "地址,地址,,x\n1,2,3,4\n")
    assert rows.header == ("地址", "地址", "", "x")
    assert rows.labels == ("地址", "地址 (2)", "column 3", "x")


def test_a_mark_inside_a_cell_is_text(tmp_path):
    rows = table(tmp_path / "a.csv", '地址,n\n5" 管道,1\n春风路,2\n')
    assert list(rows.each()) == [['5" 管道', "1"], ["春风路", "2"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "empty"),
        ("\n\n", "no text"),
        ("地址\n", "no rows"),
        ("地址,b\n1,2\n\n1,2,3\n", "row 4: has 3 cells where the header has 2"),
        ('地址,b\n1,2\n"3,4\n5,6\n', "row 3: a quoted cell is opened and never closed"),
        ('地址,b\n1,2\n"' + "x" * 200_000, "is a quotation mark never closed"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "save it as .xlsx"),
        (b"PK\3\4" + b"\0" * 600, "zip"),
        ("地址\n春".encode() + b"\xff\xff\xff\n", "neither UTF-8 nor GBK"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_before_any_work(tmp_path, data, words):
    with pytest.raises(InputError, match=words):
        table(tmp_path / "a.csv", data)


def test_no_file_a_folder_and_another_format_are_named(tmp_path):
    for path, words in (
        (tmp_path / "none.csv", "does not exist"),
        (tmp_path, "is a folder"),
        (tmp_path / "a.geojson", "give a .csv or .xlsx"),
    ):
        if path.suffix == ".geojson":
            path.write_text("{}")
        with pytest.raises(InputError, match=words):
            open_rows(path, address)


def test_a_workbook_keeps_its_rows_its_long_numbers_and_its_gaps(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["诉求清单"],
        ["编号", "地址", "电话", "时间", "户数"],
        ["007", "春风路3号", 13800001111, datetime(2026, 11, 20, 8, 5), 2.5],
        [],
        [LONG, None, "0816-1234567", None, 3],
    ):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    rows = open_rows(tmp_path / "a.xlsx", address)
    assert rows.header == ("编号", "地址", "电话", "时间", "户数")
    assert list(rows.each()) == [
        ["007", "春风路3号", "13800001111", "2026-11-20 08:05:00", "2.5"],
        [""] * 5,
        [LONG, "", "0816-1234567", "", "3"],
    ]
    assert (rows.count, rows.longest) == (3, 19)


@pytest.mark.parametrize(
    ("codec", "name"),
    [("gbk", "GBK"), ("big5", "Big5"), ("utf-16-le", "UTF-16LE"), ("utf-16-be", "UTF-16BE")],
)
def test_an_encoding_that_is_recognised_is_named(tmp_path, codec, name):
    text = {
        "gbk": "编号,地址\n1,台州市黄岩区天长路45号\n",
        "big5": "編號,地址\n1,臺北市信義區市府路45號一樓\n2,高雄市鹽埕區\n",
    }.get(codec, "上报,地址\n1,一环路一段1号\n2,一一一一一一一一一一\n")
    rows = table(tmp_path / "a.csv", text.encode(codec))
    assert [list(rows.header), *rows.each()] == [line.split(",") for line in text.splitlines()]
    assert rows.notes == (f"a.csv is read as {name}: save it as UTF-8 if its characters look wrong",)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_encoding_that_is_certain_needs_no_note(tmp_path, codec):
    assert table(tmp_path / "a.csv", "地址\n春风路3号\n".encode(codec)).notes == ()


# Names of streets and quarters in each script, one a file: so little text has to do.
@pytest.mark.parametrize(
    ("codec", "texts"),
    [
        (
            "gbk",
            "春风路3号 上城美域小区1栋 幸福里 解放碑 鑫鑫花园 臺北路 濠江区 亳州路 柘皋镇 弋阳里 嘉陵江畔",
        ),
        (
            "big5",
            "忠孝東路 臺北市信義區 鹽埕區 鶯歌鎮 中正路12號 彌陀鄉 鳳山區 旺角道 銅鑼灣 艋舺大道",
        ),
    ],
)
def test_one_name_tells_gbk_from_big5(tmp_path, codec, texts):
    for text in texts.split():
        rows = table(tmp_path / "a.csv", f"地址\n{text}\n".encode(codec))
        assert list(rows.each()) == [[text]]


def test_cells_of_a_workbook_are_read_as_their_user_sees_them(tmp_path):
    cells = {
        "2026-01-02": date(2026, 1, 2),
        "2026-01-03": datetime(2026, 1, 3),
        "2026-01-04 08:05:00": datetime(2026, 1, 4, 8, 5),
        "08:05:00": time(8, 5),
        "TRUE": True,
        "FALSE": False,
        "510724199001011300": 510724199001011300.0,
        "13800001111": 13800001111.0,
        "2.5": 2.5,
        "0.00001": 0.00001,
        "yes": "yes",
        "=A2": "=A2",
    }
    rows = workbook(tmp_path / "a.xlsx", 表=[["地址", "x"], *(["春风路", cell] for cell in cells.values())])
    assert [x for _, x in rows.each()] == list(cells)


def test_an_address_merged_over_rows_stands_in_each_of_them(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["诉求清单"],
        ["编号", "地址", "人"],
        [1, "春风路3号", "甲"],
        [2, None, None],
        [None, None, None],
        [3, None, "乙"],
        [4, None, "丙"],
        [5, "幸福里", None],
        ["合计", None, None],
    ):
        sheet.append(row)
    for merged in ("A1:C1", "B3:B6", "C3:C4", "B8:C8", "A9:C9"):
        sheet.merge_cells(merged)
    book.save(tmp_path / "a.xlsx")
    assert list(open_rows(tmp_path / "a.xlsx", address).each()) == [
        ["1", "春风路3号", "甲"],
        ["2", "春风路3号", ""],
        ["", "", ""],
        ["3", "春风路3号", "乙"],
        ["4", "", "丙"],
        ["5", "幸福里", ""],
        ["合计", "", ""],
    ]


NOTE = [["填表说明"], ["一行一件"], ["电话可以不填"]]
TABLE = [["编号", "地址"], ["1", "春风路"]]


@pytest.mark.parametrize("note", [[], NOTE[:1], NOTE, [["版本", "日期"], ["1", "2026"]]])
def test_the_sheet_of_the_addresses_is_found_and_named(tmp_path, note):
    rows = workbook(tmp_path / "a.xlsx", 说明=note, 清单=TABLE)
    assert list(rows.each()) == [["1", "春风路"]]
    assert rows.notes == ("a.xlsx: sheet '清单' is read, not 说明",)
    assert workbook(tmp_path / "a.xlsx", 清单=TABLE).notes == ()


@pytest.mark.parametrize(
    ("sheets", "words"),
    [
        ({"说明": NOTE, "一月": TABLE, "二月": TABLE}, r"addresses in 2 sheets \(一月, 二月\): save each"),
        ({"说明": NOTE, "一月": [["编号"], ["1"]]}, "none of its sheets 说明, 一月: say --column NAME"),
        ({"说明": NOTE[:1], "空": []}, "no sheet with rows below a header: it has 说明, 空"),
        ({"说明": NOTE[:1]}, "has a header but no rows"),
    ],
)
def test_a_workbook_in_which_no_sheet_is_the_one_is_refused(tmp_path, sheets, words):
    with pytest.raises(InputError, match=words):
        workbook(tmp_path / "a.xlsx", **sheets)
