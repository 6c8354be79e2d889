"""Whatever the bytes and whatever the cells: an answer, or InputError; never anything else."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.errors import InputError
from gridmap.ingest import clean
from gridmap.ingest.fields import SYNONYMS
from gridmap.ingest.readers import Source, read
from gridmap.types import Level

MARKS = [b"PAR1", b"PK\3\4", b"PK\5\6", b"SQLite format 3\0" + b"\0" * 52 + b"GPKG"]
ENDINGS = ("csv", "geojson", "json", "gpkg", "zip", "shp", "xlsx", "parquet")
# No folder of its own for each example, and examples that take long on a shared machine, are both fine.
relaxed = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def assert_read_or_refused(data: bytes, ending: str) -> Source | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file.{ending}"
        path.write_bytes(data)
        try:
            source = read(path)
        except InputError:
            return None
    assert len(source.rows) == len(source.frame)
    assert source.geometry is None or len(source.geometry) == len(source.rows)
    assert all(isinstance(cell, str) for column in source.frame for cell in source.frame[column])
    return source


@relaxed
@given(st.binary(max_size=300), st.sampled_from(ENDINGS))
def test_random_bytes(data, ending):
    assert_read_or_refused(data, ending)


@relaxed
@given(st.sampled_from(MARKS), st.binary(max_size=300))
def test_random_bytes_behind_the_marks_of_a_format(mark, data):
    assert_read_or_refused(mark + data, "zip")


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> dict[str, bytes]:
    """One sound file of each format."""
    folder = tmp_path_factory.mktemp("samples")
    frame = gpd.GeoDataFrame(
        {"code": ["a", "b"], "name": ["状元府", None]},
        geometry=[shapely.box(0, 0, 1, 1), None],
        crs="EPSG:4490",
    )
    frame.to_file(folder / "a.gpkg")
    frame.to_file(folder / "a.geojson")
    frame.to_parquet(folder / "a.parquet")
    frame.drop(columns="geometry").to_excel(folder / "a.xlsx")
    frame.drop(columns="geometry").to_csv(folder / "a.csv")
    frame.to_file(folder / "b.shp")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in folder.glob("b.*"):
            archive.write(part, part.name)
    return {path.suffix[1:]: path.read_bytes() for path in folder.glob("a.*")} | {"zip": packed.getvalue()}


@relaxed
@given(st.data())
def test_sound_files_with_some_bytes_changed(samples, data):
    ending = data.draw(st.sampled_from(sorted(samples)))
    content = bytearray(samples[ending])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert_read_or_refused(bytes(content[: data.draw(st.integers(1, len(content)))]), ending)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
KINDS = st.sampled_from(["Point", "LineString", "Polygon", "MultiPolygon", "GeometryCollection", "x"])
SHAPES = JSON | st.fixed_dictionaries({"type": KINDS, "coordinates": JSON})
FEATURES = JSON | st.fixed_dictionaries({"type": st.just("Feature"), "geometry": SHAPES, "properties": JSON})


@relaxed
@given(st.lists(FEATURES, max_size=5), JSON)
def test_random_features(features, system):
    document = {"type": "FeatureCollection", "features": features, "crs": system}
    source = assert_read_or_refused(json.dumps(document).encode(), "geojson")
    if source is not None:
        assert len(source.rows) + len(source.faults) == len(features)


CELLS = st.text(max_size=12) | st.sampled_from(
    [
        "107.8",
        "31.1",
        "-1",
        "nan",
        "1e400",
        "=1",
        "2026-11-20",
        "05/06/2020",
        "511723001001001",
        "yes",
        "24/7",
        "",
        "POINT(1 2)",
    ]
)
POSITIONS = st.floats() | st.floats(-200, 200)
BASES = [shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1), (2, 2)]), shapely.box(0, 0, 1, 1)]


@st.composite
def geometries(draw) -> shapely.Geometry | None:
    """A shape with any coordinates in it, put there without the checks of a constructor."""
    base = draw(st.sampled_from([None, *BASES]))
    if base is None:
        return None
    count = int(shapely.get_num_coordinates(base))
    xy = np.array(draw(st.lists(st.tuples(POSITIONS, POSITIONS), min_size=count, max_size=count)))
    if count > 1:
        # Constructors and readers hold a ring closed; NaN would not equal itself.
        xy[0] = xy[-1] = draw(st.tuples(st.floats(-200, 200), st.floats(-200, 200)))
    return shapely.set_coordinates(np.array([base]), xy)[0]


def cleaned(kind: str, source: Source, declared: str, dictionaries) -> clean.Cleaned:
    match kind:
        case "areas":
            return clean.clean_areas(source, declared, {}, level=Level.GRID)
        case "stations":
            kinds, amenities = dictionaries["station_kinds"], dictionaries["amenities"]
            return clean.clean_stations(source, declared, {}, kinds=kinds, amenities=amenities)
        case "places":
            return clean.clean_places(source, declared, {}, kinds=dictionaries["place_kinds"])
        case "reports":
            categories, sources = dictionaries["categories"], dictionaries["report_sources"]
            return clean.clean_reports(source, declared, {}, categories=categories, sources=sources)
    return getattr(clean, f"clean_{kind}")(source, declared, {})


@relaxed
@given(
    st.data(),
    st.sampled_from(sorted(SYNONYMS)),
    st.sampled_from(["wgs84", "gcj02", "EPSG:4545"]),
)
def test_random_cells_and_shapes(dictionaries, data, kind, declared):
    size = data.draw(st.integers(0, 6))
    frame = pd.DataFrame(
        {
            field: pd.array(data.draw(st.lists(CELLS, min_size=size, max_size=size)), dtype="str")
            for field in SYNONYMS[kind]
            if field != "wkt" or data.draw(st.booleans())
        },
        index=range(size),
    )
    geometry = None
    if data.draw(st.booleans()):
        geometry = np.array(
            [*data.draw(st.lists(geometries(), min_size=size, max_size=size)), None], dtype=object
        )[:-1]
    stated = data.draw(st.sampled_from([None, "EPSG:4326", "EPSG:3857"]))
    source = Source("x", frame, geometry, np.arange(size, dtype=np.int64) + 2, None, stated)
    try:
        done = cleaned(kind, source, declared, dictionaries)
    except InputError:
        return
    rows = set(done.accepted["row"]) | set(done.rejected["row"])
    assert rows == set(source.rows.tolist())
    assert not set(done.accepted["row"]) & set(done.rejected["row"])
    assert len(done.lines()) == len(done.rejected)
    assert all("\n" not in line for line in done.lines())
    if "geometry" in done.accepted:
        assert done.accepted.crs == "EPSG:4490"
        there = done.accepted.geometry.dropna()
        bounds = there.bounds.to_numpy()
        assert np.isfinite(bounds).all()
        assert (np.abs(bounds) <= [180, 90, 180, 90]).all()


@relaxed
@given(
    st.lists(
        st.lists(st.text(alphabet='a甲,;"\n ', max_size=5), min_size=3, max_size=3), min_size=1, max_size=8
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_writer_of_csv_quotes_is_read_with_the_lines_it_stands_on(rows, line_end):
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator=line_end)
    writer.writerow(["one", "two", "three"])
    lines = []
    for row in rows:
        lines.append(written.getvalue().count("\n") + 1)
        writer.writerow(row)
    kept = [(line, row) for line, row in zip(lines, rows, strict=True) if any(row)]
    source = assert_read_or_refused(written.getvalue().encode(), "csv")
    if not kept:
        assert source is None
        return
    assert source is not None
    assert source.frame.to_numpy().tolist() == [row for _, row in kept]
    assert source.rows.tolist() == [line for line, _ in kept]
    assert source.faults == ()


@relaxed
@given(st.text(alphabet='a,;"\n\r\t', max_size=40))
def test_any_text_as_csv(text):
    source = assert_read_or_refused(text.encode(), "csv")
    if source is not None:
        numbers = sorted([*source.rows.tolist(), *(fault.row for fault in source.faults)])
        assert numbers == sorted(set(numbers))
        assert numbers[-1] <= len(text.splitlines()) + 1
