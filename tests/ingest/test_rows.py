"""Tables row by row: nothing lost, nothing changed, nothing held."""

from __future__ import annotations

import csv
import hashlib
import tempfile
from datetime import datetime
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
    return open_rows(file)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
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
        read = open_rows(file)
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
            open_rows(path)


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
    rows = open_rows(tmp_path / "a.xlsx")
    assert rows.header == ("编号", "地址", "电话", "时间", "户数")
    assert list(rows.each()) == [
        ["007", "春风路3号", "13800001111", "2026-11-20 08:05:00", "2.5"],
        [""] * 5,
        [LONG, "", "0816-1234567", "", "3"],
    ]
    assert (rows.count, rows.longest) == (3, 19)
