"""One cell of text: what is stripped, what a spreadsheet would run, how it is shown and written."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from gridmap.ingest.cells import SUSPECT, is_altered, safe, shown, tidy, written

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x","y")',
    "@SUM(A1:A2)",
    "＝1+1",
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "+SUM(A1)",
    "-A1*2",
    "+$B$12",
    "--1*A1",
    "+-@SUM(1)",
    "-(1+2)",
    "+'Sheet 1'!A1",
    "+Sheet1!A1",
    "+cmd|'/C calc'!A0",
    "\t=1+1",
]
PROSE = [
    "-",
    "--",
    "-----",
    "-5",
    "+3.2",
    "-73.74160068847428",
    "+86 28 1234 5678",
    "+86-139-1234-5678",
    "+8613912345678",
    "+(86)139-1234-5678",
    "-楼道灯不亮",
    "- 门口有积水，老人摔倒",
    "+1 支持",
    "-1-2栋之间积水",
    "-(楼道)灯坏了",
    "- Mary (manager) called",
    "a=b",
    "3-2-501",
    "状元府小区3栋",
    "don't",
    "#3",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_run_is_refused(text):
    kept, reason = tidy(text)
    assert reason is not None
    assert "is a formula" in reason
    assert kept == text.strip()


@pytest.mark.parametrize("text", PROSE)
def test_telephone_numbers_and_prose_are_not(text):
    assert tidy(text) == (text, None)


@pytest.mark.parametrize("text", ["=1+1", "@home", "-A1", "+86"])
def test_the_apostrophe_of_this_program_s_exports_says_that_it_is_text(text):
    assert tidy("'" + text) == (text, None)


def test_an_apostrophe_before_anything_else_is_part_of_the_text():
    assert tidy("'t Hof") == ("'t Hof", None)


@pytest.mark.parametrize("text", ["#REF!", "#N/A", "#DIV/0!"])
def test_error_values_are_refused(text):
    assert tidy(text)[1] == "is a spreadsheet's error value: mend the cell"


@pytest.mark.parametrize(
    ("text", "kept", "altered"),
    [
        (" \u3000状元府\u00a0 ", "状元府", False),
        ("one\r\ntwo\rthree\tfour", "one\ntwo\nthree\tfour", False),
        ("a\x00b\x1bc", "abc", True),
        ("\u202egnp.exe", "gnp.exe", True),
        ("zero\u200bwidth\ufeff", "zerowidth", True),
    ],
)
def test_blanks_controls_and_marks_of_direction_are_taken_out(text, kept, altered):
    assert tidy(text) == (kept, None)
    assert is_altered(text) is altered


@pytest.mark.parametrize(
    "text", [*FORMULAS, *PROSE, "'=1", " a", "a\u3000", "a\x00", "a\r", "a\u202e", "#N/A", "", "a\nb"]
)
def test_arrow_finds_every_cell_that_tidy_would_change(text):
    [found] = pc.match_substring_regex(pa.array([text]), SUSPECT).to_pylist()
    assert found or tidy(text) == (text, None)


def test_plain_cells_need_no_second_look():
    plain = pa.array(["状元府小区3栋", "-73.7", "a\nb", "+86 139", "107.8", ""])
    assert pc.match_substring_regex(plain, SUSPECT).to_pylist() == [False] * 6


def test_shown_is_one_short_printable_line():
    assert shown("a\nb\x1b\u202e\ud800") == r"a\nb\x1b\u202e\ud800"
    assert shown("x" * 100) == "x" * 59 + "…"


def test_safe_does_not_run_in_a_spreadsheet():
    assert safe("=1+1") == "'=1+1"
    assert safe("-73.7") == "-73.7"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (6301200042.0, "6301200042"),
        (-0.5, "-0.5"),
        (1e15, "1000000000000000.0"),
        (5.11723001001001e17, "5.11723001001001e+17"),
        (float("inf"), "inf"),
        (Decimal("12.500"), "12.5"),
        (Decimal(10) ** 30, "1" + "0" * 30),
        (10**20 + 1, "100000000000000000001"),
        (True, "yes"),
        (b"\x00", ""),
        (["a", 1, None], "a;1;"),
        ({"a": "甲"}, '{"a": "甲"}'),
    ],
)
def test_written(value, text):
    assert written(value) == text
