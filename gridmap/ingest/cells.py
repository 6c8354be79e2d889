"""One cell: how a value becomes text, what is stripped from it, what it is refused for, how it is shown.

Decided once for all imports:

- Line ends become `\\n`; blanks at both ends, control characters other than newline and tab, zero-width
  characters and marks that turn the direction of writing are taken out.
- A text that a spreadsheet would run is refused: one that begins with `=` or `@`, or with `+` or `-`
  before something that is an expression rather than a telephone number or prose. One apostrophe in front,
  as this program's own exports write it, says "this is text": it is taken off and the rest accepted.
- The error values of spreadsheets (`#REF!`) are refused.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

_INVISIBLE: Final = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
)
_SIGNS: Final = r"[+\-＋－][+\-＋－\s]*"
_FORMULA: Final = (
    r"[=@＝＠]"
    rf"|{_SIGNS}[=@]"
    rf"|{_SIGNS}[A-Za-z_][A-Za-z0-9_.]*[(|]"
    rf"|{_SIGNS}(?:'[^']*'|[A-Za-z_][A-Za-z0-9_.]*)!\$?[A-Za-z]{{1,3}}\$?\d"
    rf"|{_SIGNS}\$?[A-Za-z]{{1,3}}\$?\d{{1,7}}\s*(?:[-+*/^&<>=:%][ -~]*)?$"
    rf"|{_SIGNS}[\d.]+\s*[+*/^&][ -~]+$"
    r"|[-－]\s*[\d.]+\s*-[ -~]+$"
    rf"|{_SIGNS}\(\s*[+-]?[\d.]*\s*[-+*/^&A-Za-z$][ -~]*$"
)
_ERROR: Final = r"#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)$"

_BLANK: Final = "\\s\u00a0\u3000"

# Written for RE2 (Arrow): the cells that it does not find need no second look.
SUSPECT: Final = rf"[{_INVISIBLE}\r]|^[{_BLANK}']|[{_BLANK}]$|^(?:{_FORMULA}|{_ERROR})"

_STRIPPED: Final = re.compile(f"[{_INVISIBLE}]")
_EXECUTED: Final = re.compile(_FORMULA)
_FAILED: Final = re.compile(_ERROR)
_QUOTED: Final = re.compile(r"'(?=[=@+\-＝＠＋－])")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

# Above it the digits that a binary double shows are not the digits that were written.
_EXACT: Final = 1e15


def tidy(text: str) -> tuple[str, str | None]:
    """The text to keep and, where it must be refused, the reason."""
    kept = _STRIPPED.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if _QUOTED.match(kept):
        return kept[1:], None
    if _EXECUTED.match(kept):
        return kept, "is a formula: store its value, or write an apostrophe before a text that begins so"
    if _FAILED.match(kept):
        return kept, "is a spreadsheet's error value: mend the cell"
    return kept, None


def is_altered(text: str) -> bool:
    """Whether `tidy` takes more than blanks and line ends from the text."""
    return _STRIPPED.search(text.replace("\r", "")) is not None


def safe(text: str) -> str:
    """`shown`, with the apostrophe in front that keeps a spreadsheet from running it."""
    line = shown(text)
    return f"'{line}" if _EXECUTED.match(line.lstrip()) else line


def shown(text: str, longest: int = 60) -> str:
    """The text on one line for a message: short, with what cannot be printed escaped."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in cut
    )


def written(value: object) -> str:
    """A value of JSON, a workbook or Parquet as text; "" where there is none.

    A whole number loses the `.0` that came from being stored as a double. One of 1e15 or more keeps the
    exponent, so that a code whose last digits are lost is seen as such. The members of a list are joined
    by `;`.
    """
    match value:
        case None:
            return ""
        case str():
            return _SURROGATE.sub("\ufffd", value)
        case bool():
            return "yes" if value else "no"
        case float():
            if math.isnan(value):
                return ""
            return str(int(value)) if abs(value) < _EXACT and value == int(value) else repr(value)
        case Decimal():
            digits = format(value, "f")
            return digits.rstrip("0").rstrip(".") if "." in digits else digits
        case int():
            return str(value)
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case bytes():
            return ""
        case list() | tuple():
            return ";".join(written(member) for member in value)
        case dict():
            return _SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False, default=str))
    return str(value)
