"""A table of any length, row by row as text: a CSV is never held whole, and is read as often as asked.

Unlike the readers of the imports, which judge what to save, this keeps what it finds: every row, blank ones
between others too, every column, and every cell as it was written.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gridmap.errors import InputError
from gridmap.ingest.cells import shown
from gridmap.ingest.readers import read
from gridmap.ingest.source import columns

_PIECE: Final = 4 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Rows:
    """The rows below the header of one file.

    `header` is as written, `labels` the same as unique names that are never empty. `sha256` is of the file's
    bytes. Each call of `each` reads from the first row; each row has as many cells as the header.
    """

    name: str
    header: tuple[str, ...]
    labels: tuple[str, ...]
    count: int
    longest: int  # characters of the longest cell
    sha256: str
    each: Callable[[], Iterator[list[str]]]


def open_rows(path: Path) -> Rows:
    """The rows of a CSV (comma, semicolon or tab; UTF-8, GBK or marked UTF-16) or of a workbook (.xlsx).

    The file is read once to the end first, so that a fault is told before any work is done. Raises
    InputError for what is missing, empty, damaged, of another format, or has a row with more cells than the
    header. A row with fewer is filled up with empty cells.
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
    if ending not in (".csv", ".txt", ".tsv", ".xlsx") and not head.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError("is no table with addresses: give a .csv or .xlsx", file=name)
    if ending == ".xlsx" or head.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
        return _of_workbook(path, name, digest)
    return _of_csv(path, name, head, digest)


def _of_workbook(path: Path, name: str, digest: str) -> Rows:
    source = read(path)
    frame, numbers = source.frame, source.rows.tolist()
    labels = tuple(frame.columns)

    def each() -> Iterator[list[str]]:
        before = numbers[0] - 1
        for number, row in zip(numbers, frame.itertuples(index=False, name=None), strict=True):
            # The reader leaves out blank rows; here they keep their places.
            for _ in range(number - before - 1):
                yield [""] * len(labels)
            before = number
            yield list(row)

    longest = max((int(frame[label].str.len().max()) for label in frame), default=0)
    return Rows(name, labels, labels, numbers[-1] - numbers[0] + 1, longest, digest, each)


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

    return Rows(name, tuple(header), tuple(columns(header, name)), count, longest, digest, each)


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
    for codec in [marked] if marked else ["utf-8", "gb18030"]:
        decoder = codecs.getincrementaldecoder(codec)()
        try:
            with path.open("rb") as stream:
                while piece := stream.read(_PIECE):
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return codec
    raise InputError("is neither UTF-8 nor GBK text: save it as UTF-8", file=name)
