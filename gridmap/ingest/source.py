"""What a file holds before anything is judged: its rows as text, its geometries, where they stand."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from gridmap.errors import InputError
from gridmap.geo.crs import Geometries
from gridmap.ingest.cells import shown, written

MAX_COLUMNS: Final = 2_000
MAX_ROWS: Final = 5_000_000
# GEOS reads nested collections by recursion, and enough of them exhaust the stack of the process.
_MAX_NESTED: Final = 1_000
_NESTED_WKB: Final = re.compile(
    rb"[\x00\x01](?:[\x04-\x0c\xec-\xf4\xd4-\xdc\xbc-\xc4][\x00\x03\x07\x0b]\x00[\x00\x20\x40\x80\xa0\xc0\xe0]"
    rb"|[\x00\x20\x40\x80\xa0\xc0\xe0]\x00[\x00\x03\x07\x0b][\x04-\x0c\xec-\xf4\xd4-\xdc\xbc-\xc4])"
)

RowNumbers: TypeAlias = NDArray[np.int64]


class Fault(NamedTuple):
    """Why one row cannot be used: the column, the cell as it may be shown, and how to mend it."""

    row: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True)
class Source:
    """The rows of one file, unjudged.

    `frame` has a column of text for each column of the file, "" where the file has nothing; a whole number
    stored as a double is written without its `.0`. `geometry` is in the system that the user declares, None
    where a row has none or the file cannot have any. `rows` are the numbers a person would look for: the
    line of a CSV on which the row begins (the header is on line 1, a quoted cell may span lines), the row of
    a worksheet, the feature from 1. `stated_crs` is what the file itself says: an authority's code, or
    WKT. `faults` are rows that could not be read at all and are not in the frame.
    """

    name: str
    frame: pd.DataFrame
    geometry: Geometries | None
    rows: RowNumbers
    encoding: str | None
    stated_crs: str | None
    faults: tuple[Fault, ...] = ()
    notices: tuple[str, ...] = ()


@contextmanager
def parsing(name: str, what: str) -> Iterator[None]:
    """Turns what a parser throws at damaged or hostile bytes into one InputError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError("does not fit into memory: cut it into smaller files", file=name) from error
    # Each library has its own family of exceptions, and hostile bytes find those that it does not document.
    except Exception as error:
        first = shown(str(error).partition("\n")[0], 160) or type(error).__name__
        raise InputError(f"cannot be read as {what}: {first}", file=name) from error


@contextmanager
def staged(files: Mapping[str, Path]) -> Iterator[Path]:
    """A folder in which the files bear the given names and are alone: GDAL chooses its driver by them."""
    with tempfile.TemporaryDirectory(prefix="gridmap-") as folder:
        for name, file in files.items():
            (Path(folder) / name).symlink_to(file.resolve())
        yield Path(folder)


def columns(names: Iterable[str], name: str) -> list[str]:
    """Column names that are unique and not empty; raises InputError when there are too many."""
    taken: dict[str, int] = {}
    unique = []
    for position, text in enumerate(names, 1):
        label = " ".join(written(text).replace("\ufeff", "").split()) or f"column {position}"
        taken[label] = taken.get(label, 0) + 1
        unique.append(label if taken[label] == 1 else f"{label} ({taken[label]})")
    if len(unique) > MAX_COLUMNS:
        raise InputError(f"has {len(unique):,} columns; at most {MAX_COLUMNS:,} are taken", file=name)
    return unique


def text_frame(table: pa.Table, name: str) -> pd.DataFrame:
    """The columns of an Arrow table as text."""
    arrays = [_text(column) for column in table.columns]
    labels = columns(table.column_names, name)
    frame = (
        pa.table(arrays, names=labels).to_pandas() if arrays else pd.DataFrame(index=range(table.num_rows))
    )
    return frame.set_axis(labels, axis="columns")


def _text(column: Any) -> Any:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column.fill_null("").cast(pa.large_string())
    if pa.types.is_integer(column.type):
        return column.cast(pa.large_string()).fill_null("")
    return pa.array([written(value) for value in column.to_pylist()], pa.large_string())


def arrow(texts: pd.Series) -> Any:
    """A column of text as one Arrow array, without a copy where pandas holds it as one."""
    array = pa.array(texts, pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def from_wkb(blobs: Sequence[bytes | None]) -> tuple[Geometries, list[int]]:
    """Geometries without heights, and the positions that could not be read."""
    safe = [None if blob is not None and _too_deep(blob) else blob for blob in blobs]
    given = np.array([blob is not None for blob in blobs], dtype=bool)
    with np.errstate(all="ignore"):
        geometry = shapely.force_2d(shapely.from_wkb(np.array(safe, dtype=object), on_invalid="ignore"))
    return geometry, np.flatnonzero(given & shapely.is_missing(geometry)).tolist()


def _too_deep(blob: bytes) -> bool:
    if len(blob) <= 9 * _MAX_NESTED or not _NESTED_WKB.match(blob):
        return False
    return sum(1 for _ in _NESTED_WKB.finditer(blob)) > _MAX_NESTED


def stated(system: object) -> tuple[str | None, tuple[str, ...]]:
    """What a file says of its system: an authority's code, or WKT; None where it says no place on the Earth.

    The second part is a notice where it cannot be read.
    """
    if system is None or system == "":
        return None, ()
    try:
        crs = pyproj.CRS.from_user_input(system)
    except (CRSError, TypeError, ValueError):
        label = shown(str(system))
        return None, (
            f"the file states a coordinate system that cannot be read ({label}); the declared one is used",
        )
    if not (crs.is_geographic or crs.is_projected) or crs.name.lower().startswith(("undefined", "unknown")):
        return None, ()
    authority = crs.to_authority(min_confidence=70)
    return ":".join(authority) if authority else crs.to_wkt(), ()


def listed(titles: Sequence[str], most: int = 8) -> str:
    """The titles, or the first of them, for a message."""
    return ", ".join(shown(title) for title in titles[:most]) + (", …" if len(titles) > most else "")
