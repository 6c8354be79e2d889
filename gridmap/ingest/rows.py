"""A table of any length, row by row as text: a CSV is never held whole, and is read as often as asked.

Unlike the readers of the imports, which judge what to save, this keeps what it finds: every row, blank ones
between others too, every column, and every cell as it was written.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.utils.cell import range_boundaries
from openpyxl.xml.functions import iterparse

from gridmap.errors import InputError
from gridmap.ingest import tables
from gridmap.ingest.archives import Archive
from gridmap.ingest.cells import shown, written
from gridmap.ingest.readers import MAX_FILE_BYTES
from gridmap.ingest.source import RowNumbers, Source, columns, listed, parsing

# The label of the column of addresses among the labels of a table; None where none of them is one.
FindColumn: TypeAlias = Callable[[Sequence[str]], str | None]

_PIECE: Final = 4 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OLE: Final = b"\xd0\xcf\x11\xe0"
# Each codec that is recognised without a mark, as its user knows it.
_NAMES: Final = {"gb18030": "GBK", "cp950": "Big5", "utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE"}
# Both standards put the characters in common use into a block of their own, level 1: the first and last of
# its leading bytes, and the smallest byte that follows one.
_LEVEL_1: Final = {"gb18030": (0xB0, 0xD7, 0xA1), "cp950": (0xA4, 0xC6, 0x40)}
# Punctuation, in both.
_SYMBOLS: Final = range(0xA1, 0xA4)


@dataclass(frozen=True)
class Rows:
    """The rows below the header of one file.

    `header` is as written, `labels` the same as unique names that are never empty. `sha256` is of the file's
    bytes. Each call of `each` reads from the first row; each row has as many cells as the header. `notes`
    say what was guessed: the encoding, the sheet.
    """

    name: str
    header: tuple[str, ...]
    labels: tuple[str, ...]
    count: int
    longest: int  # characters of the longest cell
    sha256: str
    each: Callable[[], Iterator[list[str]]]
    notes: tuple[str, ...]


class _Shown(NamedTuple):
    """A cell of a worksheet as the text that its user sees."""

    value: str
    data_type: str = "s"


@dataclass(frozen=True)
class _Sheet:
    """A worksheet whose cells are texts."""

    sheet: Any

    def reset_dimensions(self) -> None:
        self.sheet.reset_dimensions()

    def iter_rows(self) -> Iterator[list[_Shown]]:
        for row in self.sheet.iter_rows():
            yield [_Shown(_as_shown(cell)) for cell in row]


def open_rows(path: Path, find_column: FindColumn) -> Rows:
    """The rows of a CSV (comma, semicolon or tab; UTF-8, UTF-16, GBK or Big5) or of a workbook (.xlsx).

    Of a workbook with several visible sheets the one is read in which `find_column` finds the addresses; a
    cell of that column that is merged over rows stands in each of them that is not blank.

    The file is read once to the end first, so that a fault is told before any work is done. Raises
    InputError for what is missing, empty, damaged, of another format, has a row with more cells than the
    header, or has addresses in several sheets. A row with fewer cells is filled up with empty ones.
    """
    name = shown(path.name, 120)
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise InputError("does not exist: check the path", file=name) from None
        if isinstance(error, IsADirectoryError):
            raise InputError("is a folder: give a file", file=name) from None
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"cannot be opened: {reason}", file=name) from error
    if not head:
        raise InputError("is empty (0 bytes): export it again", file=name)
    ending = path.suffix.lower()
    if head.startswith(_OLE):
        raise InputError("is an Excel 97-2003 workbook, or has a password: save it as .xlsx", file=name)
    if ending not in (".csv", ".txt", ".tsv", ".xlsx"):
        raise InputError("is no table with addresses: give a .csv or .xlsx", file=name)
    if ending == ".xlsx" or head.startswith(b"PK\3\4"):
        return _of_workbook(path, name, digest, find_column)
    return _of_csv(path, name, head, digest)


def _of_workbook(path: Path, name: str, digest: str, find_column: FindColumn) -> Rows:
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise InputError(
            f"has {size >> 20:,} MB; at most {MAX_FILE_BYTES >> 20:,} MB are read: save it as CSV", file=name
        )
    with Archive(path, name) as archive:
        for entry in archive.entries:
            archive.copy(entry, None)
    with parsing(name, "an XLSX workbook"):
        book = openpyxl.load_workbook(path, read_only=True)
        try:
            sheet, source, notes = _sheet(book, name, find_column)
            frame, numbers = source.frame, source.rows.tolist()
            labels = tuple(frame.columns)
            column = find_column(labels)
            if column is not None:
                ranges = _merged(sheet, labels.index(column) + 1)
                frame[column] = pd.array(_spread(frame[column].tolist(), source.rows, ranges), dtype="str")
        finally:
            book.close()

    def each() -> Iterator[list[str]]:
        before = numbers[0] - 1
        for number, row in zip(numbers, frame.itertuples(index=False, name=None), strict=True):
            # The reader leaves out blank rows; here they keep their places.
            for _ in range(number - before - 1):
                yield [""] * len(labels)
            before = number
            yield list(row)

    longest = max((int(frame[label].str.len().max()) for label in frame), default=0)
    return Rows(name, labels, labels, numbers[-1] - numbers[0] + 1, longest, digest, each, notes)


def _sheet(book: Any, name: str, find_column: FindColumn) -> tuple[Any, Source, tuple[str, ...]]:
    """The sheet of the addresses, its table, and what is to be said of the choice."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    visible = [title for title, sheet in sheets.items() if sheet.sheet_state == "visible"] or list(sheets)
    filled: dict[str, Source] = {}
    for title in visible:
        try:
            filled[title] = tables.table_of(_Sheet(sheets[title]), name, ())
        except InputError:
            # A note, a cover or an empty sheet.
            if len(visible) == 1:
                raise
    if not filled:
        raise InputError(f"has no sheet with rows below a header: it has {listed(visible)}", file=name)
    found = [title for title in filled if find_column(list(filled[title].frame.columns))]
    if len(found) > 1:
        raise InputError(
            f"has addresses in {len(found)} sheets ({listed(found)}): save each as a file of its own",
            file=name,
        )
    if not found and len(filled) > 1:
        raise InputError(
            f"has the column of addresses in none of its sheets {listed(list(filled))}: say --column NAME",
            file=name,
        )
    title = (found or list(filled))[0]
    others = [other for other in visible if other != title]
    notes = [f"{name}: sheet {shown(title)!r} is read, not {listed(others)}"] if others else []
    return sheets[title], filled[title], (*notes, *(f"{name}: {text}" for text in filled[title].notices))


def _as_shown(cell: Any) -> str:
    value = cell.value
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            # Digits without an exponent: an identity number of 18 keeps those that the spreadsheet left it.
            return written(Decimal(repr(value)))
        case datetime() if value.time() == time():
            return value.date().isoformat()
    return tables.cell_text(cell)


def _merged(sheet: Any, column: int) -> list[tuple[int, int]]:
    """The first and the last row of each merged range whose leftmost column is the given one, from 1."""
    ranges: list[tuple[int, int]] = []
    with sheet._get_source() as stream:
        for _, element in iterparse(stream):
            if element.tag.rpartition("}")[2] == "mergeCell":
                left, first, _, last = range_boundaries(element.get("ref"))
                if left == column and first is not None and last is not None:
                    ranges.append((first, last))
            element.clear()
    return ranges


def _spread(texts: list[str], rows: RowNumbers, ranges: list[tuple[int, int]]) -> list[str]:
    """The texts with that of the first row of each range in its other rows that have none."""
    end = 0
    for first, last in sorted(ranges):
        begin = int(np.searchsorted(rows, first))
        # A range that begins above the rows is part of a title or of the header; ranges do not overlap.
        if end <= begin < len(rows) and rows[begin] == first:
            end = int(np.searchsorted(rows, last + 1))
            texts[begin:end] = [text or texts[begin] for text in texts[begin:end]]
    return texts


def _of_csv(path: Path, name: str, head: bytes, digest: str) -> Rows:
    codec = _codec(path, name, head)
    with path.open(encoding=codec, newline="") as stream:
        first = next((line for line in stream if line.strip("\r\n")), "")
    delimiter = max(",\t;", key=re.sub(r'"[^"]*"', "", first).count)
    records = _records(path, name, codec, delimiter)
    _, header = next(records, (1, []))
    if not header:
        raise InputError("holds no text: there is nothing to geocode", file=name)
    width, count, longest = len(header), 0, 0
    for line, record in records:
        if len(record) > width and any(record[width:]):
            raise InputError(
                f"has {len(record)} cells where the header has {width}: quote cells that hold the delimiter",
                file=name,
                row=line,
            )
        count += 1
        longest = max(longest, *map(len, record), 0)
    if not count:
        raise InputError("holds a header but no rows: there is nothing to geocode", file=name)

    def each() -> Iterator[list[str]]:
        lines = _records(path, name, codec, delimiter)
        next(lines)
        for _, record in lines:
            yield (record + [""] * (width - len(record)))[:width]

    notes = (
        (f"{name} is read as {_NAMES[codec]}: save it as UTF-8 if its characters look wrong",)
        if codec in _NAMES
        else ()
    )
    return Rows(name, tuple(header), tuple(columns(header, name)), count, longest, digest, each, notes)


def _records(path: Path, name: str, codec: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins; blank lines count between others, not around them."""
    quotes = 0

    def counted(stream: Iterator[str]) -> Iterator[str]:
        nonlocal quotes
        for line in stream:
            quotes += line.count('"')
            yield line

    with path.open(encoding=codec, newline="") as stream:
        reader = csv.reader(counted(stream), delimiter=delimiter)
        blank: list[int] | None = None
        line, unclosed = 1, None
        try:
            for record in reader:
                unclosed = line if quotes % 2 and reader.line_num > line else None
                quotes = 0
                if record:
                    yield from ((number, []) for number in blank or ())
                    yield line, record
                    blank = []
                elif blank is not None:
                    blank.append(line)
                line = reader.line_num + 1
        except csv.Error as error:
            reason = str(error)
            if "field limit" in reason:
                longest = csv.field_size_limit()
                reason = f"a cell has more than {longest:,} characters: is a quotation mark never closed?"
            raise InputError(reason, file=name, row=line) from None
        if unclosed is not None:
            raise InputError("a quoted cell is opened and never closed", file=name, row=unclosed)


def _codec(path: Path, name: str, head: bytes) -> str:
    marked = next((codec for mark, codec in _MARKS if head.startswith(mark)), None)
    if marked:
        if _reads(path, marked):
            return marked
        raise InputError(f"begins as {marked} text but does not go on so: save it as UTF-8", file=name)
    with path.open("rb") as stream:
        piece = stream.read(_PIECE)
    # In UTF-16 the delimiters and digits have a byte NUL, and so the whole may look like UTF-8.
    header = re.match(rb"[\r\n]*[^\r\n]*", piece)
    narrow = header is None or b"\0" not in header[0]
    if narrow and _reads(path, "utf-8"):
        return "utf-8"
    if b"\0" in piece:
        wide = max(
            ("utf-16-le", "utf-16-be"), key=lambda codec: len(piece.decode(codec, "ignore").splitlines())
        )
        if _reads(path, wide, forbidden="\0"):
            return wide
    if not narrow and _reads(path, "utf-8"):
        return "utf-8"
    # Most texts of each can be read as the other as well. The first is taken where both are as good.
    fitting = [codec for codec in _LEVEL_1 if _reads(path, codec)]
    if not fitting:
        raise InputError("is neither UTF-8 nor GBK nor Big5 text: save it as UTF-8", file=name)
    return max(fitting, key=lambda codec: _common(piece, codec))


def _reads(path: Path, codec: str, forbidden: str | None = None) -> bool:
    """Whether the whole file is text of the codec, without the forbidden character."""
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                text = decoder.decode(piece)
                if forbidden is not None and forbidden in text:
                    return False
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _common(piece: bytes, codec: str) -> float:
    """The share of its characters, 0..1, that are in common use where the codec is."""
    first, last, smallest = _LEVEL_1[codec]
    common = total = 0
    for char, times in Counter(codecs.getincrementaldecoder(codec)().decode(piece)).items():
        pair = char.encode(codec, "replace")
        if len(pair) > 1 and pair[0] not in _SYMBOLS:
            total += times
            common += times * (len(pair) == 2 and first <= pair[0] <= last and pair[1] >= smallest)
    return common / total if total else 0.0
