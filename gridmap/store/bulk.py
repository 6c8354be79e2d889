"""Bulk loading: columns → PostgreSQL's binary COPY → a staging table → the table itself.

psycopg adapts values one by one (about 5 s for a million rows of a report). Here whole columns are
turned into the wire format of COPY … (FORMAT binary) by array operations, and interleaved into rows
by one compiled loop; PostgreSQL documents the format under "COPY", and EWKB is PostGIS's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from gridmap.geo.kernels import compiled
from gridmap.store.models.base import SRID

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
_TRAILER = b"\xff\xff"
_CHUNK_ROWS = 100_000
_EPOCH_US = 946_684_800_000_000  # 2000-01-01, where PostgreSQL counts from, in Unix microseconds
_EPOCH_DAYS = 10_957
_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8")])
_POINT_WITH_SRID = 0x20000001

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Column:
    """One column in wire format: value i is `data[offsets[i]:offsets[i + 1]]`, or NULL."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    valid: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.valid)


@dataclass(frozen=True)
class Merged:
    """What a merge did: rows added, rows whose values changed, rows that were there already."""

    added: int
    changed: int
    unchanged: int


def texts(values: Any) -> Column:
    """Text; missing values become NULL."""
    return _from_arrow(pa.array(values, type=pa.large_string(), from_pandas=True))


def text_arrays(values: Sequence[Sequence[str] | None]) -> Column:
    """One-dimensional text[]; None becomes NULL."""
    rows = [None if row is None else _text_array(row) for row in values]
    return _from_arrow(pa.array(rows, type=pa.large_binary()))


def numbers(values: Any, kind: str) -> Column:
    """`int4`, `int8` or `float8`; NaN and missing values become NULL."""
    series = pd.Series(values)
    valid = series.notna().to_numpy(dtype=bool)
    wire = {"int4": ">i4", "int8": ">i8", "float8": ">f8"}[kind]
    native = "float64" if kind == "float8" else "int64"
    array = series.where(valid, 0).to_numpy(dtype=native, na_value=0)
    return _fixed(array.astype(wire), valid)


def booleans(values: Any) -> Column:
    series = pd.Series(values)
    valid = series.notna().to_numpy(dtype=bool)
    return _fixed(series.where(valid, False).to_numpy(dtype=bool).astype("u1"), valid)


def times(values: Any) -> Column:
    """timestamptz from time-zone-aware datetimes."""
    series = pd.to_datetime(pd.Series(values), utc=True)
    valid = series.notna().to_numpy(dtype=bool)
    micros = series.dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype("int64") - _EPOCH_US
    return _fixed(np.where(valid, micros, 0).astype(">i8"), valid)


def days(values: Any) -> Column:
    """date from dates or datetimes without a time zone."""
    series = pd.to_datetime(pd.Series(values))
    valid = series.notna().to_numpy(dtype=bool)
    counted = series.to_numpy().astype("datetime64[D]").astype("int64") - _EPOCH_DAYS
    return _fixed(np.where(valid, counted, 0).astype(">i4"), valid)


def points(x: Any, y: Any) -> Column:
    """Point geometries of the storage CRS from lon/lat arrays; NaN becomes NULL."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    wire = np.empty(len(x), dtype=_POINT)
    wire["order"], wire["type"], wire["srid"] = 1, _POINT_WITH_SRID, SRID
    wire["x"], wire["y"] = x, y
    return _fixed(wire, np.isfinite(x) & np.isfinite(y))


def geometries(values: Any) -> Column:
    """Any shapely geometries of the storage CRS."""
    stamped = shapely.set_srid(np.asarray(values, dtype=object), SRID)
    return _from_arrow(pa.array(shapely.to_wkb(stamped, include_srid=True), type=pa.large_binary()))


def copy(
    connection: Connection, table: str, columns: Mapping[str, Column], progress: Progress | None = None
) -> int:
    """Load rows into a table by binary COPY inside the caller's transaction; returns their number."""
    names = ", ".join(f'"{name}"' for name in columns)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT binary)") as stream,
    ):
        stream.write(_SIGNATURE)
        for rows, block in wire_blocks(list(columns.values())):
            stream.write(block)
            if progress:
                progress(rows)
        stream.write(_TRAILER)
    return len(next(iter(columns.values())))


def wire_blocks(columns: Sequence[Column]) -> Iterator[tuple[int, memoryview]]:
    """(rows, bytes) pieces of the rows in COPY's binary format, without signature and trailer."""
    for start in range(0, len(columns[0]), _CHUNK_ROWS):
        stop = min(start + _CHUNK_ROWS, len(columns[0]))
        sizes = np.full(stop - start, 2 + 4 * len(columns), dtype=np.int64)
        for column in columns:
            sizes += np.where(column.valid[start:stop], np.diff(column.offsets[start : stop + 1]), 0)
        ends = np.cumsum(sizes)
        block = np.empty(int(ends[-1]), dtype=np.uint8)
        cursor = ends - sizes
        _write_count(block, cursor, len(columns))
        for column in columns:
            _write_column(
                block, cursor, column.data, column.offsets[start : stop + 1], column.valid[start:stop]
            )
        yield stop - start, block.data


def merge(
    connection: Connection,
    table: str,
    columns: Mapping[str, Column],
    key: Sequence[str],
    progress: Progress | None = None,
) -> Merged:
    """Insert rows, or update those whose key is there and whose values differ.

    All in the caller's transaction: a failure at any point leaves the table as it was.
    """
    total = stage(connection, table, columns, progress)
    merged = merge_staged(connection, table, list(columns), key, total)
    connection.execute(text("DROP TABLE staging"))
    return merged


def stage(
    connection: Connection, table: str, columns: Mapping[str, Column], progress: Progress | None = None
) -> int:
    """Make the temporary table `staging` with these columns of `table`, and fill it; returns its rows."""
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(
        text(f"CREATE TEMP TABLE staging ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0")
    )
    return copy(connection, "staging", columns, progress)


def merge_staged(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    key: Sequence[str],
    total: int,
    and_then: str = "",
) -> Merged:
    """Insert or update rows of `table` from the `total` rows of `staging`, as `merge` does.

    `and_then` is one more step of the same statement: a data-modifying query that reads `merged` (id
    and key of the rows that were added or changed) and still sees `table` as it was before.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    values = [f'"{name}"' for name in columns if name not in key]
    ours = ", ".join(f"{table}.{name}" for name in values)
    theirs = ", ".join(f"excluded.{name}" for name in values)
    row = connection.execute(
        text(
            f"WITH merged AS ("
            f"  INSERT INTO {table} ({names}) SELECT {names} FROM staging"
            f"  ON CONFLICT ({', '.join(key)}) DO UPDATE SET ({', '.join(values)}) = ROW({theirs})"
            f"  WHERE ({ours}) IS DISTINCT FROM ({theirs})"
            f"  RETURNING {f'{table}.id, ' if and_then else ''}{', '.join(key)}, (xmax = 0) AS added)"
            f"{f', followed AS ({and_then})' if and_then else ''}"
            f" SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM merged"
        )
    ).one()
    return Merged(row[0], row[1], total - row[0] - row[1])


def _fixed(values: NDArray[Any], valid: NDArray[np.bool_]) -> Column:
    width = values.dtype.itemsize
    data = np.ascontiguousarray(values).view(np.uint8).reshape(-1)
    return Column(data, np.arange(len(values) + 1, dtype=np.int64) * width, valid)


def _from_arrow(array: Any) -> Column:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    _, offsets, data = array.buffers()
    count = len(array)
    begin = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + count + 1]
    payload = np.frombuffer(data, dtype=np.uint8) if data else np.empty(0, dtype=np.uint8)
    return Column(payload, begin, array.is_valid().to_numpy(zero_copy_only=False))


def _text_array(values: Sequence[str]) -> bytes:
    """PostgreSQL's array_recv: dimensions, a null flag, the element type (25 = text), then elements."""
    head = [1 if values else 0, 0, 25] + ([len(values), 1] if values else [])
    body = b"".join(len(item).to_bytes(4, "big") + item for item in (value.encode() for value in values))
    return b"".join(number.to_bytes(4, "big") for number in head) + body


@compiled
def _write_count(block: NDArray[np.uint8], cursor: NDArray[np.int64], count: int) -> None:
    for row in range(len(cursor)):
        at = cursor[row]
        block[at] = count >> 8
        block[at + 1] = count & 255
        cursor[row] = at + 2


@compiled
def _write_column(
    block: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    valid: NDArray[np.bool_],
) -> None:
    for row in range(len(cursor)):
        at = cursor[row]
        size = offsets[row + 1] - offsets[row]
        if not valid[row]:
            block[at : at + 4] = 255
            cursor[row] = at + 4
            continue
        block[at] = (size >> 24) & 255
        block[at + 1] = (size >> 16) & 255
        block[at + 2] = (size >> 8) & 255
        block[at + 3] = size & 255
        begin = offsets[row]
        for i in range(size):
            block[at + 4 + i] = data[begin + i]
        cursor[row] = at + 4 + size
