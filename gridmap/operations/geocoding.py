"""A file of addresses → the same file with places, in chunks that survive an interruption."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import openpyxl
import pandas as pd
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.writer.excel import ExcelWriter
from sqlalchemy.orm import Session

from gridmap import __version__
from gridmap.config import Settings
from gridmap.errors import ConflictError, GridMapError, InputError
from gridmap.geocode import match
from gridmap.geocode.address import masked
from gridmap.geocode.match import Match, Status
from gridmap.ingest import fields
from gridmap.ingest.rows import Rows, open_rows
from gridmap.operations import asking, exporting, gazetteer
from gridmap.operations.gazetteer import Known
from gridmap.operations.importing import Bars
from gridmap.operations.parts import Part
from gridmap.operations.serving import Say
from gridmap.providers.provider import Provider
from gridmap.store import areas
from gridmap.store.db import data_version

# What is added to each row: lng and lat in degrees of EPSG:4490, confidence 0..1, radius_m in metres.
RESULTS: Final = (
    "lng", "lat", "area", "area_name", "place", "confidence", "radius_m", "status", "reasons",
)  # fmt: skip
# Before a name that the file has already.
PREFIX: Final = "gridmap_"

_NUMBERS: Final = frozenset({"lng", "lat", "confidence", "radius_m"})
# Names of the column in ledgers of complaints, besides those that the imports know.
_ALSO: Final = ("发生地址", "诉求地址", "问题地址", "案发地址", "受理地址", "具体地址", "小区地址")
_ENDINGS: Final = (".csv", ".xlsx")
# What an interruption loses; smaller where each row may wait for a service outside.
_CHUNK_ROWS: Final = 5_000
_CHUNK_ROWS_ASKING: Final = 100
_XLSX_ROWS: Final = 1_048_576
_XLSX_CHARACTERS: Final = 32_767
_LOOKED_AT: Final = 1_000
# No room left: on the disk, in the user's share of it, or under the limit of a file's size.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SIGNED_NUMBER: Final = re.compile(r"[+-]\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Geocoder:
    """What places an address: the known places and areas, and the provider where one is configured."""

    known: Known
    names: dict[str, str]
    provider: Provider | None
    version: str

    @classmethod
    def load(cls, session: Session, settings: Settings) -> Geocoder:
        """As of one state of the data; the session is not needed afterwards. Raises ConflictError without data."""
        version = data_version(session, "areas", "ground", "stations", "aliases")
        known = gazetteer.known(session)
        if not len(known.gazetteer):
            raise ConflictError("no place is known yet: import areas and places first")
        owning = areas.list_areas(session, *areas.OWNING_LEVELS)
        return cls(
            known=known,
            names=dict(zip(owning["code"], owning["name"].fillna(""), strict=True)),
            provider=asking.provider(settings),
            # Two databases may count the same versions.
            version=f"{version} of {len(known.gazetteer)} names",
        )

    def one(self, text: str) -> Match:
        """Place one address; the provider is asked where the gazetteer abstained and the text may be sent."""
        known = self.known
        return asking.ask(match.geocode(text, known.gazetteer, known.owner), self.provider, known)

    def results(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """The cells of RESULTS for each address; one by one, since the provider may be waited for."""
        frame = match.geocode_many(texts, self.known.gazetteer, self.known.owner)
        for text, row in zip(texts, frame.itertuples(index=False), strict=True):
            if self.provider is not None and row.status == Status.ABSTAINED:
                answer = self.one(text)
                yield self._cells(answer, "；".join(answer.reasons))
            else:
                yield self._cells(row, str(row.reasons))

    def _cells(self, told: Any, reasons: str) -> list[str]:
        """`told`: a Match, or a row of the frame of `geocode_many`."""
        if told.status == Status.ABSTAINED:
            where = ["", "", "", "", ""]
        else:
            name = self.names.get(told.area, "")
            where = [f"{told.x:.7f}", f"{told.y:.7f}", told.area or "", name, told.place or ""]
        radius = "" if pd.isna(told.radius_m) else f"{told.radius_m:.0f}"
        return [*where, f"{told.confidence:.3f}", radius, str(told.status), reasons]


@dataclass(frozen=True)
class Work:
    """A file that can be geocoded, and where the result goes: refused before the database is needed."""

    rows: Rows
    column: str
    output: Path

    @property
    def position(self) -> int:
        return self.rows.labels.index(self.column)

    @property
    def header(self) -> list[str]:
        """The header of the file, then RESULTS; a name that the file has already gets PREFIX, then a number."""
        taken = {label.strip().casefold() for label in self.rows.header}
        added: list[str] = []
        for name in RESULTS:
            choices = (name, f"{PREFIX}{name}", *(f"{PREFIX}{name}_{n}" for n in range(2, len(taken) + 3)))
            added.append(next(choice for choice in choices if choice not in taken))
        return [*self.rows.header, *added]


@dataclass(frozen=True)
class Outcome:
    """What a run has done. `answered` and `abstained` count the whole file, `fresh` the rows of this run."""

    output: Path
    column: str
    answered: int
    abstained: int
    fresh: int
    seconds: float

    def report(self) -> list[str]:
        rows = self.answered + self.abstained
        earlier = f", {rows - self.fresh:,} of them in an earlier run" if rows > self.fresh else ""
        rate = f", {self.fresh / self.seconds:,.0f} rows/s" if self.fresh and self.seconds else ""
        return [
            f"{rows:,} rows geocoded by column {self.column!r}{earlier}{rate}",
            f"answered: {self.answered:,} ({self.answered / rows:.1%})",
            f"abstained: {self.abstained:,} ({self.abstained / rows:.1%}); their column reasons says why",
            f"written to {self.output}, coordinates in CGCS2000 (EPSG:4490)",
        ]


def prepare(file: Path, output: Path, column: str | None) -> Work:
    """Read `file` once and say what will be done; nothing is written.

    `column` is the one of the addresses; None finds it by its name. Raises InputError for what cannot be
    read or written, ConflictError where `output` exists.
    """
    if output.suffix.lower() not in _ENDINGS:
        raise InputError(f"{output.name}: the ending must be one of {', '.join(_ENDINGS)}")
    folder = output.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(f"{folder} is not a folder that can be written")
    _refuse_existing(output)
    rows = open_rows(file, lambda labels: _find_column(labels, column))
    if output.suffix.lower() == ".xlsx" and (rows.count >= _XLSX_ROWS or rows.longest > _XLSX_CHARACTERS):
        raise InputError(
            f"is more than a worksheet holds ({_XLSX_ROWS:,} rows, {_XLSX_CHARACTERS:,} characters in a cell): "
            "give an output that ends in .csv",
            file=rows.name,
        )
    work = Work(rows, _column(rows, column), output)
    first = [row[work.position].strip() for row in islice(rows.each(), _LOOKED_AT)]
    if any(first) and all(text.startswith("=") for text in first if text):
        raise InputError("holds formulas: paste them as values first", file=rows.name, field=work.column)
    return work


def run(geocoder: Geocoder, work: Work, bars: Bars, say: Say) -> Outcome:
    """Geocode every row that is not done yet, and put the result in its place.

    Raises ConflictError where `work.output` exists, another process writes it, or its part is the user's own
    file, and GridMapError where the user interrupts or the disk is full.
    """
    for note in work.rows.notes:
        say(note)
    made_of = {
        "input file": work.rows.sha256,
        "column": work.column,
        "gazetteer": geocoder.version,
        "provider": geocoder.provider.name if geocoder.provider else "",
        "version of GridMap": __version__,
    }
    part: Part | None = None
    # Around the part as a whole: closing it writes what did not fit, and fails once more.
    try:
        with Part.held(work.output, made_of) as part:
            return _run(part, geocoder, work, bars, say)
    except KeyboardInterrupt:
        raise GridMapError(
            f"interrupted after {_progress(part, work)}: the same command goes on from there"
        ) from None
    except OSError as error:
        if error.errno not in _FULL:
            raise
        written = error.filename or f"{work.output.name}.part"
        if not error.filename and part is not None and part.done["rows"] == work.rows.count:
            # The worksheet is put together in the folder of temporary files first.
            written = f"{work.output.name} (made in {tempfile.gettempdir()})"
        raise GridMapError(
            f"{written}: {error.strerror} after {_progress(part, work)}: make room, and the same command "
            "goes on from there"
        ) from None


def _run(part: Part, geocoder: Geocoder, work: Work, bars: Bars, say: Say) -> Outcome:
    _refuse_existing(work.output)
    before = part.done["rows"]
    if part.refused:
        say(f"{part.refused} since {part.path.name} was begun: beginning anew")
    elif before:
        say(f"Going on after the {before:,} rows of {part.path.name}")
    began = time.monotonic()
    _fill(part, geocoder, work, bars)
    seconds = time.monotonic() - began
    if work.output.suffix.lower() == ".xlsx":
        _write_workbook(part, work, bars)
        part.discard()
    else:
        part.publish()
    answered, rows = part.done["answered"], part.done["rows"]
    return Outcome(work.output, work.column, answered, rows - answered, rows - before, seconds)


def _progress(part: Part | None, work: Work) -> str:
    return f"{part.done['rows'] if part else 0:,} of {work.rows.count:,} rows"


def _refuse_existing(output: Path) -> None:
    # A link that leads nowhere is the user's own as well, and would be replaced.
    if output.exists() or output.is_symlink():
        raise ConflictError(f"{output} exists already: give another name with -o, or move it away")


def _column(rows: Rows, given: str | None) -> str:
    """The label of the column of addresses. A file without a header has addresses there: they are masked."""
    labels = list(rows.labels)
    found = _find_column(labels, given)
    if found is not None:
        return found
    have = fields.have([masked(label) for label in labels])
    if given is not None:
        raise InputError(f"no column {masked(given)!r}: {have}", file=rows.name)
    raise InputError(f"no column of addresses is recognised: say --column NAME; {have}", file=rows.name)


def _find_column(labels: Sequence[str], given: str | None) -> str | None:
    if given is not None:
        return next((label for label in labels if label in (given, given.strip())), None)
    # The imports ask places for a name as well, which a list of addresses need not have.
    guessed = fields.guess([*labels, "name"], "places", {}).get("address")
    return guessed or next((label for label in labels if label in _ALSO), None)


def _fill(part: Part, geocoder: Geocoder, work: Work, bars: Bars) -> None:
    """Append the rows that the part does not hold yet."""
    progress = bars(f"{work.rows.name}: geocoding", work.rows.count)
    done = part.done["rows"]
    progress(done)
    rows = islice(work.rows.each(), done, None)
    size = _CHUNK_ROWS_ASKING if geocoder.provider else _CHUNK_ROWS
    while chunk := list(islice(rows, size)):
        texts = [row[work.position] for row in chunk]
        lines = io.StringIO()
        # With the default ends of lines, CR LF, the writer quotes cells that hold either of the two.
        writer = csv.writer(lines)
        if not part.done["rows"]:
            writer.writerow(map(_inert, work.header))
        answered = 0
        for row, cells in zip(chunk, geocoder.results(texts), strict=True):
            answered += cells[RESULTS.index("status")] == Status.ANSWERED
            writer.writerow(map(_inert, (*row, *cells)))
            progress(1)
        # The mark at the beginning lets Excel read Chinese.
        encoding = "utf-8" if part.done["rows"] else "utf-8-sig"
        part.add(lines.getvalue().encode(encoding), {"rows": len(chunk), "answered": answered})


def _inert(cell: str) -> str:
    """As the exports write it; but a signed number (a coordinate, +86138…) is no formula and stays as it is."""
    if not cell.startswith(exporting._FORMULA) or _SIGNED_NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}"


def _write_workbook(part: Part, work: Work, bars: Bars) -> None:
    """The part as a worksheet: the file's cells as text, results that are numbers as numbers."""
    progress = bars(f"{work.output.name}: writing", work.rows.count + 1)
    width = len(work.rows.header)
    numeric = {width + position for position, name in enumerate(RESULTS) if name in _NUMBERS}
    book = openpyxl.Workbook(write_only=True)
    sheet: Any = book.create_sheet()
    try:
        _append(sheet, part, numeric, progress)
        # The archive is ours to close: one that the collector closes on a full disk complains in many lines.
        with zipfile.ZipFile(part.whole, "w", zipfile.ZIP_DEFLATED) as archive:
            ExcelWriter(book, archive).save()
        part.whole.replace(work.output)
    except OSError:
        # And so does the stream of the worksheet.
        if sheet._writer is not None:
            with suppress(OSError):
                sheet._writer.close()
        raise
    finally:
        part.whole.unlink(missing_ok=True)


def _append(sheet: Any, part: Part, numeric: set[int], progress: Callable[[int], object]) -> None:
    with part.path.open(encoding="utf-8-sig", newline="") as stream:
        for number, row in enumerate(csv.reader(stream)):
            sheet.append(
                [
                    float(cell)
                    if number and position in numeric and cell
                    else ILLEGAL_CHARACTERS_RE.sub("", cell)
                    for position, cell in enumerate(row)
                ]
            )
            progress(1)
