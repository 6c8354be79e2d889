"""Tables without geometries: CSV through Arrow, workbooks through openpyxl."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from gridmap.errors import InputError
from gridmap.ingest import encodings, fields
from gridmap.ingest.archives import Archive
from gridmap.ingest.cells import safe, shown, written
from gridmap.ingest.source import MAX_ROWS, Fault, RowNumbers, Source, columns, listed, parsing

MAX_CELLS: Final = 50_000_000
_TITLE_ROWS: Final = 20
_BLOCK: Final = 16 << 20
_LARGEST_BLOCK: Final = (1 << 31) - 1


def read_csv(path: Path, name: str, _layer: str | None, encoding: str | None) -> Source:
    """The rows of a CSV, separated by comma, semicolon or tab; a row of another length is a fault."""
    data = path.read_bytes()
    try:
        data, codec = encodings.utf8(data, encoding)
    except encodings.EncodingError as error:
        row, field = _cell_at(data, error.offset)
        raise InputError(error.reason, file=name, row=row, field=field) from error
    starts, lines = _records(data)
    if len(starts) < 2:
        what = "a header but no rows" if len(starts) else "no text"
        raise InputError(f"holds {what}: there is nothing to import", file=name)
    if len(starts) > MAX_ROWS:
        raise InputError(f"has {len(starts):,} rows; at most {MAX_ROWS:,} are read", file=name)
    header = data[starts[0] : starts[1]].decode()
    delimiter = max(",\t;", key=re.sub(r'"[^"]*"', "", header).count)
    longest = int(np.diff(starts, append=len(data)).max())
    miscounted: dict[int, pa_csv.InvalidRow] = {}

    def set_aside(row: pa_csv.InvalidRow) -> str:
        miscounted[row.number - 1] = row
        return "skip"

    def parse(threads: bool) -> pa.Table:
        return pa_csv.read_csv(
            pa.BufferReader(pa.py_buffer(data).slice(int(starts[1]))),
            pa_csv.ReadOptions(
                column_names=names,
                use_threads=threads,
                block_size=min(max(_BLOCK, longest + 1), _LARGEST_BLOCK),
            ),
            pa_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=data.count(b"\n") > len(lines),
                invalid_row_handler=None if threads else set_aside,
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )

    with parsing(name, "CSV"):
        names = columns(next(csv.reader([header.strip("\r\n")], delimiter=delimiter)), name)
        try:
            table = parse(threads=True)
        except pa.ArrowInvalid:
            # RowNumbers with too many or too few cells: only the serial reader says which.
            table = parse(threads=False)
    rows, notices = _numbered(data, lines[1:], table.num_rows + len(miscounted), name)
    faults = [
        Fault(
            int(rows[position]),
            "",
            safe(row.text),
            f"the row has {row.actual_columns} cells where the header has {len(names)}: "
            "quote cells that hold the delimiter, and fill up short rows",
        )
        for position, row in miscounted.items()
        if row.text.strip()
    ]
    return Source(
        name,
        table.to_pandas(),
        None,
        np.delete(rows, list(miscounted)),
        codec,
        None,
        tuple(faults),
        notices,
    )


def _records(data: bytes) -> tuple[RowNumbers, RowNumbers]:
    """Where each record that is not blank begins: offsets and line numbers; a quoted cell may span lines."""
    view = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(view == ord("\n"))
    if not len(ends):
        ends = np.flatnonzero(view == ord("\r"))
    quotes = np.flatnonzero(view == ord('"'))
    outside = np.searchsorted(quotes, ends) % 2 == 0
    starts = np.concatenate([[0], ends[outside] + 1])
    lines = np.concatenate([[1], np.flatnonzero(outside) + 2])
    inside = starts < len(data)
    starts, lines = starts[inside], lines[inside]
    filled = ~np.isin(view[starts], (ord("\n"), ord("\r")))
    return starts[filled], lines[filled]


def _numbered(data: bytes, lines: RowNumbers, records: int, name: str) -> tuple[RowNumbers, tuple[str, ...]]:
    """The line of each of the records that the parser found, given the lines found by counting quotes."""
    if len(lines) == records:
        if data.count(b'"') % 2 and b"\n" in data[:-1].rpartition(b'"')[2]:
            raise InputError("a quoted cell is opened and never closed", file=name, row=int(lines[-1]))
        return lines, ()
    # A quotation mark inside an unquoted cell (5" pipe) is text to the parser and misleads the count.
    filled = [number for number, line in enumerate(data.splitlines(), 1) if line]
    if len(filled) == records + 1:
        return np.array(filled[1:], dtype=np.int64), ()
    notice = "stray quotation marks: row numbers count the records, not the lines"
    return np.arange(2, records + 2, dtype=np.int64), (notice,)


def _cell_at(data: bytes, offset: int) -> tuple[int, str | None]:
    """The line of a byte and the name of its column, as far as they can be told without its encoding."""
    first = data[: data.find(b"\n") + 1 or len(data)].decode("utf-8", "replace").strip("\ufeff\r\n")
    delimiter = max(",\t;", key=first.count)
    before = data[data.rfind(b"\n", 0, offset) + 1 : offset].decode("utf-8", "replace")
    try:
        names = next(csv.reader([first], delimiter=delimiter), [])
        position = max(len(next(csv.reader([before], delimiter=delimiter), [])) - 1, 0)
    except csv.Error:
        names, position = [], 0
    field = (
        names[position]
        if position < len(names) and "\ufffd" not in names[position]
        else f"column {position + 1}"
    )
    return data.count(b"\n", 0, offset) + 1, field


def read_xlsx(path: Path, name: str, layer: str | None, _encoding: str | None) -> Source:
    """The rows of one sheet; a formula is text that begins with `=`, a date ISO text."""
    with Archive(path, name) as archive:
        for entry in archive.entries:
            archive.copy(entry, None)
    with parsing(name, "an XLSX workbook"):
        book = openpyxl.load_workbook(path, read_only=True)
        try:
            sheet, notices = _sheet(book, layer, name)
            return table_of(sheet, name, notices)
        finally:
            book.close()


def _sheet(book: Any, layer: str | None, name: str) -> tuple[Any, tuple[str, ...]]:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if layer is not None:
        if layer not in sheets:
            raise InputError(
                f"has no sheet {shown(layer)!r}: it has {listed(list(sheets)) or 'none'}", file=name
            )
        return sheets[layer], ()
    visible = [title for title, sheet in sheets.items() if sheet.sheet_state == "visible"] or list(sheets)
    if not visible:
        raise InputError("has no worksheet", file=name)
    others = visible[1:]
    notices = (f"sheet {shown(visible[0])!r} is read, not {listed(others)}",) if others else ()
    return sheets[visible[0]], notices


def table_of(sheet: Any, name: str, notices: tuple[str, ...]) -> Source:
    # The size that a sheet states may be a million columns wide.
    sheet.reset_dimensions()
    cells = 0
    filled: list[tuple[int, list[str]]] = []
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells += len(row)
        if cells > MAX_CELLS or len(filled) > MAX_ROWS:
            raise InputError(f"has more than {MAX_CELLS:,} cells: cut it into smaller files", file=name)
        texts = [cell_text(cell) for cell in row]
        if any(texts):
            filled.append((number, texts))
    # A title above the table stands alone in its row.
    top = next((i for i, (_, texts) in enumerate(filled[:_TITLE_ROWS]) if sum(map(bool, texts)) > 1), 0)
    if len(filled) < top + 2:
        raise InputError("has a header but no rows: there is nothing to import", file=name)
    width = max(len(texts) for _, texts in filled[top:])
    (first, header), (second, below) = (
        (number, texts + [""] * (width - len(texts))) for number, texts in filled[top : top + 2]
    )
    body = filled[top + 1 :]
    if _is_header(below):
        if len(filled) < top + 3:
            raise InputError("has a header of two rows but no others: there is nothing to import", file=name)
        header = [lower or upper for upper, lower in zip(header, below, strict=True)]
        body = filled[top + 2 :]
        notices += (f"rows {first} and {second} are read as one header",)
    names = columns(header, name)
    frame = pd.DataFrame(
        {
            label: pd.array([texts[i] if i < len(texts) else "" for _, texts in body], dtype="str")
            for i, label in enumerate(names)
        }
    )
    rows = np.array([number for number, _ in body], dtype=np.int64)
    return Source(name, frame, None, rows, None, None, (), notices)


def _is_header(texts: list[str]) -> bool:
    """Whether a row below the header belongs to it, as 经度 and 纬度 do below a cell 坐标 that spans both."""
    given = [text for text in texts if text]
    return len(given) > 1 and all(map(fields.is_known, given))


def cell_text(cell: Any) -> str:
    value = cell.value
    # Array formulas and data tables are objects that carry their text.
    return written(
        value if cell.data_type != "f" or isinstance(value, str) else f"={getattr(value, 'text', '')}"
    )
