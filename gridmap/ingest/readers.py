"""Any vector or table file as a `Source`. Files in, frames out: nothing is judged here, nothing stored.

GeoJSON, GeoPackage, Shapefile (zipped or bare), CSV, XLSX, GeoParquet and plain Parquet. What the first
bytes say goes before the ending of the name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyogrio.raw

from gridmap.errors import InputError
from gridmap.ingest.archives import MAX_UNPACKED_BYTES, Archive
from gridmap.ingest.cells import shown
from gridmap.ingest.geojson import read_geojson
from gridmap.ingest.shapefile import read_bare, read_zip
from gridmap.ingest.source import (
    MAX_ROWS,
    Fault,
    Source,
    from_wkb,
    listed,
    parsing,
    staged,
    stated,
    text_frame,
)
from gridmap.ingest.tables import read_csv, read_xlsx

__all__ = ["MAX_FILE_BYTES", "Source", "read"]

MAX_FILE_BYTES: Final = 1 << 30

_ENDINGS: Final = ".geojson, .json, .gpkg, .zip (Shapefile), .shp, .csv, .xlsx, .parquet"
_Reader = Callable[[Path, str, str | None, str | None], Source]


def read(
    path: Path, *, layer: str | None = None, encoding: str | None = None, without_prj: bool = False
) -> Source:
    """Read a file whole; raises InputError for what is missing, empty, damaged, too large or unknown.

    `layer` names the layer of a GeoPackage, the sheet of a workbook or the Shapefile of a zip that holds
    several (by its path in the zip where two bear one name). `encoding` overrides what is recognised: UTF-8
    (with or without byte order mark), else GB18030; a Shapefile's .cpg and code page come first. A Shapefile
    whose system no .prj tells is refused, unless `without_prj`.
    """
    name = shown(path.name, 120)
    try:
        if path.is_dir():
            raise InputError("is a folder: give a file", file=name)
        if not path.exists():
            raise InputError("does not exist: check the path", file=name)
        if not path.is_file():
            raise InputError("is not a regular file", file=name)
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(4096)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"cannot be opened: {reason}", file=name) from error
    if size == 0:
        raise InputError("is empty (0 bytes): export it again", file=name)
    if size > MAX_FILE_BYTES:
        raise InputError(
            f"has {size >> 20:,} MB; at most {MAX_FILE_BYTES >> 20:,} MB are read: cut it into smaller files",
            file=name,
        )
    source = _filled(_reader(path, head, name, without_prj)(path, name, layer, encoding))
    if not len(source.rows) and not source.faults:
        raise InputError("holds no rows: there is nothing to import", file=name)
    return source


def _reader(path: Path, head: bytes, name: str, without_prj: bool) -> _Reader:
    ending = path.suffix.lower()
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        with Archive(path, name) as archive:
            workbook = any(entry.filename == "xl/workbook.xml" for entry in archive.entries)
        if workbook or ending == ".xlsx":
            return read_xlsx
        return partial(read_zip, without_prj=without_prj)
    if head.startswith(b"SQLite format 3\0"):
        if head[68:71] != b"GP1" and head[68:72] != b"GPKG":
            raise InputError("is an SQLite database, but no GeoPackage", file=name)
        return _gpkg
    if head.startswith(b"PAR1"):
        return _parquet
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError("is an Excel 97-2003 workbook, or has a password: save it as .xlsx", file=name)
    if ending == ".shp":
        return partial(read_bare, without_prj=without_prj)
    if ending in (".json", ".geojson"):
        return read_geojson
    if ending in (".csv", ".txt", ".tsv"):
        return read_csv
    if ending in (".gpkg", ".zip", ".xlsx", ".parquet"):
        begins = shown(head[:20].decode("latin-1"))
        raise InputError(f"is not what its ending {ending} says: it begins with {begins!r}", file=name)
    raise InputError(f"is of no known format: give one of {_ENDINGS}", file=name)


def _filled(source: Source) -> Source:
    """The source without the rows in which every cell is empty, as spreadsheets leave below a table."""
    if source.geometry is not None:
        return source
    blank = np.ones(len(source.rows), dtype=bool)
    for label in source.frame:
        blank &= (source.frame[label] == "").to_numpy(bool)
        if not blank.any():
            return source
    return replace(source, frame=source.frame[~blank].reset_index(drop=True), rows=source.rows[~blank])


def _gpkg(path: Path, name: str, layer: str | None, _encoding: str | None) -> Source:
    with parsing(name, "GeoPackage"), staged({"file.gpkg": path}) as folder:
        path = folder / "file.gpkg"
        layers = {str(title): kind for title, kind in pyogrio.list_layers(path)}
        if layer is None:
            spatial = [title for title, kind in layers.items() if kind is not None] or list(layers)
            if len(spatial) != 1:
                what = f"has the layers {listed(spatial)}: name one" if spatial else "has no layer"
                raise InputError(what, file=name)
            layer = spatial[0]
        elif layer not in layers:
            raise InputError(
                f"has no layer {shown(layer)!r}: it has {listed(list(layers)) or 'none'}", file=name
            )
        # Opened as immutable, a database leaves no lock file beside a file that is not ours.
        meta, table = pyogrio.raw.read_arrow(path, layer=layer, datetime_as_string=True, IMMUTABLE="YES")
        if table.num_rows > MAX_ROWS:
            raise InputError(f"has {table.num_rows:,} features; at most {MAX_ROWS:,} are read", file=name)
        shape = (meta["geometry_name"] or "wkb_geometry") if meta["geometry_type"] else None
        return _spatial(table, shape, name, "utf-8", meta["crs"])


def _parquet(path: Path, name: str, _layer: str | None, _encoding: str | None) -> Source:
    with parsing(name, "Parquet"), pq.ParquetFile(path) as file:
        if file.metadata.num_rows > MAX_ROWS:
            raise InputError(f"has {file.metadata.num_rows:,} rows; at most {MAX_ROWS:,} are read", file=name)
        geo = (file.schema_arrow.metadata or {}).get(b"geo")
        batches, size = [], 0
        for batch in file.iter_batches(batch_size=4096):
            size += batch.nbytes
            if size > MAX_UNPACKED_BYTES:
                raise InputError(
                    f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB: cut it into smaller files",
                    file=name,
                )
            batches.append(batch)
        table = pa.Table.from_batches(batches, file.schema_arrow)
        if geo is None:
            _refuse_bare_wkb(table, name)
            return _spatial(table, None, name, "utf-8", None)
        shape, system = _geo(geo, table, name)
        return _spatial(table, shape, name, "utf-8", system)


def _refuse_bare_wkb(table: pa.Table, name: str) -> None:
    for label, column in zip(table.column_names, table.columns, strict=True):
        blob = next((blob.as_py() for blob in column if blob.is_valid), None) if _is_binary(column) else None
        if blob is not None and not from_wkb([blob])[1]:
            raise InputError(
                "is binary WKB without the metadata of GeoParquet: write the file as GeoParquet "
                "(geopandas, ogr2ogr), the column as WKT, or leave it out",
                file=name,
                field=shown(label),
            )


def _geo(text: bytes, table: pa.Table, name: str) -> tuple[str, object]:
    """The column of geometries and its system by the `geo` metadata of GeoParquet 1.0 and 1.1."""
    try:
        geo = json.loads(text)
    except (ValueError, RecursionError):
        geo = None
    match geo:
        case {"primary_column": str(shape), "columns": dict(described)}:
            column = described.get(shape)
            if (
                isinstance(column, dict)
                and isinstance(encoding := column.get("encoding"), str)
                and table.column_names.count(shape) == 1
            ):
                if encoding != "WKB":
                    raise InputError(f"has geometries as {shown(encoding)}: write them as WKB", file=name)
                if _is_binary(table[shape]):
                    # A column without the member is in the default of the specification.
                    return shape, column.get("crs", "OGC:CRS84")
    raise InputError(
        "has damaged metadata of GeoParquet, which do not say which column holds the geometries and how: "
        "write it again (geopandas, ogr2ogr)",
        file=name,
    )


def _is_binary(column: pa.ChunkedArray) -> bool:
    kind = column.type
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def _spatial(table: pa.Table, shape: str | None, name: str, codec: str, system: object) -> Source:
    """The source of an Arrow table whose column `shape` holds WKB."""
    geometry, faults = None, []
    kept = np.ones(table.num_rows, dtype=bool)
    if shape is not None:
        geometry, unread = from_wkb(table[shape].to_pylist())
        kept[unread] = False
        faults = [Fault(position + 1, shape, "", "cannot be read as a geometry") for position in unread]
        geometry = geometry[kept]
        table = table.drop_columns([shape])
    said, notices = stated(system)
    return Source(
        name,
        text_frame(table, name)[kept].reset_index(drop=True),
        geometry,
        np.arange(1, len(kept) + 1, dtype=np.int64)[kept],
        codec,
        said,
        tuple(faults),
        notices,
    )
