"""Shapefiles: shapes through GDAL, attributes from the .dbf itself.

GDAL reads numeric attributes as doubles, which lose the last digits of codes of 16 digits and more, and
takes text without a .cpg for Latin-1. The table is plain enough to be read here, byte for byte.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple
from zipfile import ZipInfo

import numpy as np
import pandas as pd
import pyogrio.raw
from numpy.typing import NDArray

from gridmap.errors import InputError
from gridmap.ingest import encodings
from gridmap.ingest.archives import Archive
from gridmap.ingest.cells import shown, written
from gridmap.ingest.source import MAX_ROWS, Fault, Source, columns, from_wkb, listed, parsing, staged, stated

_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NEEDED: Final = {".shx": "the index of its shapes", ".dbf": "the table of its attributes"}
_KINDS: Final = "CNFDL"
# Language driver ids of the .dbf header and code pages of the .cpg that Chinese software writes.
_DRIVERS: Final = {0x4D: "gb18030", 0x4F: "cp950", 0x7A: "gb18030", 0x78: "cp950"}
_PAGES: Final = {"65001": "utf-8", "936": "gb18030", "54936": "gb18030", "950": "cp950"}


def read_zip(path: Path, name: str, layer: str | None, encoding: str | None, *, without_prj: bool) -> Source:
    """The Shapefile of a zip; `layer` chooses where it holds several, by its path if its name is not enough."""
    with Archive(path, name) as archive, tempfile.TemporaryDirectory(prefix="gridmap-") as folder:
        found: dict[str, dict[str, ZipInfo]] = {}
        for entry in archive.entries:
            inner = PurePosixPath(_entry_name(entry))
            if inner.suffix.lower() in _PARTS and "__MACOSX" not in inner.parts:
                found.setdefault(str(inner.with_suffix("")), {})[inner.suffix.lower()] = entry
        layers = [stem for stem, parts in found.items() if ".shp" in parts]
        chosen = [layer] if layer in layers else layers
        if layer is not None and layer not in layers:
            chosen = [stem for stem in layers if PurePosixPath(stem).name == layer]
        if len(chosen) != 1:
            if not layers:
                what = "holds no .shp: a zip is read as a Shapefile (.shp, .shx, .dbf, .prj)"
            elif layer is not None and not chosen:
                what = f"has no layer {shown(layer)!r}: it has {listed(layers)}"
            else:
                what = f"holds several Shapefiles, {listed(chosen)}: name one as the layer"
            raise InputError(what, file=name)
        parts = found[chosen[0]]
        shp = f"{shown(PurePosixPath(chosen[0]).name)}.shp"
        _require(set(parts), name, shp)
        for ending, entry in parts.items():
            with (Path(folder) / f"layer{ending}").open("wb") as target:
                archive.copy(entry, target)
        files = {ending: Path(folder) / f"layer{ending}" for ending in parts}
        return _read(files, name, shp, encoding, without_prj)


def read_bare(
    path: Path, name: str, _layer: str | None, encoding: str | None, *, without_prj: bool
) -> Source:
    """The Shapefile whose .shp lies beside its other parts, whatever the case of their endings."""
    parts = {
        other.suffix.lower(): other
        for other in path.parent.iterdir()
        if other.stem == path.stem and other.suffix.lower() in _PARTS and other.is_file()
    }
    _require(set(parts), name, name)
    return _read(parts, name, name, encoding, without_prj)


def _require(endings: set[str], name: str, shp: str) -> None:
    for ending, what in _NEEDED.items():
        if ending not in endings:
            raise InputError(f"{shp} comes without its {ending}, {what}: add it", file=name)


def _entry_name(entry: ZipInfo) -> str:
    """The name of an entry; without the flag for UTF-8, Chinese Windows wrote it in GBK."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return encodings.decode(entry.filename.encode("cp437"), None)[0]
    except (UnicodeEncodeError, encodings.EncodingError):
        return entry.filename


def _read(parts: dict[str, Path], name: str, shp: str, encoding: str | None, without_prj: bool) -> Source:
    try:
        projection = parts[".prj"].read_bytes()[:65536] if ".prj" in parts else b""
        system = projection.decode("utf-8", "replace").strip("\ufeff \t\r\n\0")
        if not system and not without_prj:
            lack = "an empty" if ".prj" in parts else "no"
            raise InputError(
                f"{shp} has {lack} .prj, so nothing confirms the declared system: "
                "add it, or say --without-prj if you are certain",
                file=name,
            )
        page = parts[".cpg"].read_bytes()[:40].decode("ascii", "ignore").strip() if ".cpg" in parts else None
        frame, deleted, codec, notices = _attributes(parts[".dbf"].read_bytes(), name, page, encoding)
    except OSError as error:
        raise InputError(f"cannot be opened: {error.strerror}", file=name) from error
    # Without the .dbf, GDAL hands out the shapes of deleted rows too, one for each record.
    shapes = {f"shapes{ending}": parts[ending] for ending in (".shp", ".shx")}
    with parsing(name, "Shapefile"), staged(shapes) as folder:
        _, table = pyogrio.raw.read_arrow(folder / "shapes.shp", columns=[])
        blobs = table[table.column_names[-1]].to_pylist() if table.num_columns else [None] * table.num_rows
    if len(blobs) != len(frame):
        raise InputError(
            f"has {len(blobs):,} shapes but {len(frame):,} rows of attributes: its parts do not belong together",
            file=name,
        )
    geometry, unread = from_wkb(blobs)
    kept = ~deleted
    kept[unread] = False
    said, doubts = stated(system)
    return Source(
        name,
        frame[kept].reset_index(drop=True),
        geometry[kept],
        np.flatnonzero(kept).astype(np.int64) + 1,
        codec,
        said,
        tuple(
            Fault(position + 1, "geometry", "", "cannot be read as a geometry")
            for position in unread
            if not deleted[position]
        ),
        notices + doubts,
    )


class _Column(NamedTuple):
    label: bytes
    kind: str
    first: int
    stop: int


def _attributes(
    data: bytes, name: str, page: str | None, declared: str | None
) -> tuple[pd.DataFrame, NDArray[np.bool_], str, tuple[str, ...]]:
    """The rows of a .dbf as text, which of them are deleted, the codec that read them, and notices."""
    if len(data) < 32:
        raise InputError("its .dbf is empty: export it again", file=name)
    size, start, width = (int.from_bytes(data[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
    layout = _layout(data[32:start])
    if size > MAX_ROWS:
        raise InputError(f"has {size:,} rows; at most {MAX_ROWS:,} are read", file=name)
    if not layout or layout[-1].stop > width or start + size * width > len(data):
        raise InputError("its .dbf is damaged or cut off: export it again", file=name)
    records = [data[start + i * width : start + (i + 1) * width] for i in range(size)]
    known = [column for column in layout if column.kind in _KINDS]
    notices = []
    if len(known) < len(layout):
        others = (column.label.decode("ascii", "replace") for column in layout if column.kind not in _KINDS)
        notices.append(f"fields of binary types are left out: {', '.join(map(shown, others))}")
    said = _page(page) if page else _DRIVERS.get(data[29])
    codecs = (
        [encodings.named(declared)] if declared else dict.fromkeys(filter(None, (said, "utf-8", "gb18030")))
    )
    misfits: list[tuple[int, str]] = []
    for codec in codecs:
        cells, misfit = _cells(records, known, codec)
        if misfit is None:
            if declared is None and said not in (None, codec):
                notices.append(f"the file says that its text is {said}, but it is {codec}")
            labels = columns((_decoded(column.label, codec) for column in known), name)
            texts = (pd.array(column, dtype="str") for column in cells)
            frame = pd.DataFrame(dict(zip(labels, texts, strict=True)), index=range(size))
            return (
                frame,
                np.array([record[:1] == b"*" for record in records], dtype=bool),
                codec,
                tuple(notices),
            )
        misfits.append(misfit)
    row, field = max(misfits)
    raise InputError(
        f"its text is not {' nor '.join(codecs)}: declare the right encoding", file=name, row=row, field=field
    )


def _layout(descriptors: bytes) -> list[_Column]:
    layout: list[_Column] = []
    stop = 1
    for at in range(0, len(descriptors) - 31, 32):
        if descriptors[at] == 0x0D:
            break
        kind, length = chr(descriptors[at + 11]), descriptors[at + 16]
        if kind == "C":
            # Text longer than 255: the byte for decimals counts the 256s.
            length += descriptors[at + 17] << 8
        layout.append(_Column(descriptors[at : at + 11].partition(b"\0")[0], kind, stop, stop + length))
        stop += length
    return layout


def _cells(
    records: list[bytes], known: list[_Column], codec: str
) -> tuple[list[list[str]], tuple[int, str] | None]:
    """The texts of each column; or the first row, from 1, and the field that are not of the codec."""
    cells = []
    for column in known:
        texts: list[str] = []
        try:
            for record in records:
                text = _decoded(record[column.first : column.stop], codec)
                texts.append(_number(text) if column.kind in "NF" else text)
        except UnicodeDecodeError:
            return [], (len(texts) + 1, shown(column.label.decode(codec, "replace")))
        cells.append(texts)
    return cells, None


def _decoded(raw: bytes, codec: str) -> str:
    """The text of a field that may have been cut in the middle of its last character."""
    filled = raw.rstrip(b" \0")
    try:
        return filled.decode(codec).strip()
    except UnicodeDecodeError as error:
        if error.end < len(filled) or error.start < len(filled) - 3:
            raise
        return filled[: error.start].decode(codec).strip()


def _number(text: str) -> str:
    """A numeric field as it would be written: asterisks are dBASE's overflow, `6301200042.000` a code."""
    if re.fullmatch(r"-?\d*\.\d*", text):
        return text.rstrip("0").rstrip(".")
    if re.fullmatch(r"\*+", text):
        return ""
    try:
        return written(float(text)) if "e" in text.lower() else text
    except ValueError:
        return text


def _page(text: str) -> str | None:
    """The codec that a .cpg names; None where it is not known here."""
    number = re.search(r"\d{3,5}$", text)
    if number and number[0] in _PAGES:
        return _PAGES[number[0]]
    try:
        return encodings.named(text)
    except InputError:
        return None
