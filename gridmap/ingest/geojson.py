"""GeoJSON (RFC 7946, and the `crs` member of its forerunner) as a `Source`.

Read here rather than through GDAL, which turns integers of 20 digits into doubles and stops at the first
feature that it cannot read.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely

from gridmap.errors import InputError
from gridmap.geo.crs import Geometries
from gridmap.ingest import encodings
from gridmap.ingest.cells import shown, written
from gridmap.ingest.source import MAX_ROWS, Fault, Source, columns, stated

# Python's objects take about twenty times the bytes of the JSON that they come from.
MAX_JSON_BYTES: Final = 256 << 20

_GEOMETRIES: Final = (
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
)
_UNREADABLE: Final = "cannot be read: each position must be [x, y], each ring end where it begins"


def read_geojson(path: Path, name: str, _layer: str | None, encoding: str | None) -> Source:
    """The features of a collection, a single feature, or a bare geometry with its properties beside it.

    Numbers keep the digits of the file; the members of a list are joined by `;`. A feature that cannot be
    read is a fault of its own row.
    """
    if path.stat().st_size > MAX_JSON_BYTES:
        raise InputError(
            f"has more than {MAX_JSON_BYTES >> 20} MB of JSON: store it as .gpkg or .parquet", file=name
        )
    document, codec = _document(path.read_bytes(), name, encoding)
    with_reasons = [_feature(member) for member in _members(document, name)]
    shapes = _shapes([text for text, _, _ in with_reasons])
    faults = []
    for row, ((text, _, reason), missing) in enumerate(
        zip(with_reasons, shapely.is_missing(shapes), strict=True), 1
    ):
        if reason is not None:
            faults.append(Fault(row, "geometry", shown(text or ""), reason))
        elif text is not None and missing:
            faults.append(Fault(row, "geometry", shown(text), _UNREADABLE))
    frame = _frame([properties for _, properties, _ in with_reasons], name)
    kept = np.ones(len(frame), dtype=bool)
    kept[[fault.row - 1 for fault in faults]] = False
    system, notices = stated(_system(document))
    rows = np.flatnonzero(kept).astype(np.int64) + 1
    return Source(
        name, frame[kept].reset_index(drop=True), shapes[kept], rows, codec, system, tuple(faults), notices
    )


def _document(data: bytes, name: str, encoding: str | None) -> tuple[Any, str]:
    try:
        text, codec = encodings.decode(data, encoding)
        return json.loads(text), codec
    except encodings.EncodingError as error:
        row = data.count(b"\n", 0, error.offset) + 1
        raise InputError(f"line {row} {error.reason}", file=name) from error
    except RecursionError:
        raise InputError("is nested too deeply to be GeoJSON", file=name) from None
    except json.JSONDecodeError as error:
        reason = f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        raise InputError(reason, file=name) from error
    # Python refuses integers of more than 4,300 digits.
    except ValueError as error:
        raise InputError(f"cannot be read as JSON: {shown(str(error))}", file=name) from error


def _members(document: Any, name: str) -> list[Any]:
    match document:
        case {"type": "FeatureCollection", "features": list(members)}:
            if len(members) > MAX_ROWS:
                raise InputError(f"has {len(members):,} features; at most {MAX_ROWS:,} are read", file=name)
            return members
        case {"type": "Feature"}:
            return [document]
        case {"type": str(kind)} if kind in _GEOMETRIES:
            shape = {key: document[key] for key in ("type", "coordinates", "geometries") if key in document}
            return [{"type": "Feature", "geometry": shape, "properties": document.get("properties")}]
    raise InputError("is JSON but not GeoJSON: expected a FeatureCollection", file=name)


def _feature(member: Any) -> tuple[str | None, dict[str, Any], str | None]:
    """The geometry as JSON again, the properties, and why the feature cannot be used."""
    match member:
        case {"type": "Feature", "geometry": dict() | None as geometry}:
            properties = member.get("properties") or {}
            if not isinstance(properties, dict):
                return None, {}, "has properties that are not an object"
        case _:
            return None, {}, "is not a feature: it needs type, geometry and properties"
    if geometry is None:
        return None, properties, None
    try:
        return json.dumps(geometry, allow_nan=False), properties, None
    except ValueError:
        return None, properties, "has a coordinate that is not a finite number: remove or mend the feature"


def _shapes(texts: list[str | None]) -> Geometries:
    with np.errstate(all="ignore"):
        given = np.array(texts, dtype=object)
        shapes: Geometries = shapely.force_2d(shapely.from_geojson(given, on_invalid="ignore"))
    return shapes


def _frame(properties: list[dict[str, Any]], name: str) -> pd.DataFrame:
    keys = dict.fromkeys(key for members in properties for key in members)
    labels = columns(keys, name)
    return pd.DataFrame(
        {
            label: pd.array([written(members.get(key)) for members in properties], dtype="str")
            for label, key in zip(labels, keys, strict=True)
        },
        index=range(len(properties)),
    )


def _system(document: Any) -> str | None:
    match document:
        case {"crs": {"properties": {"name": str(text)}}} if re.match(
            r"(?i)(urn:ogc:def:crs:|epsg:|ogc:)", text
        ):
            return text
    return None
