"""Files that are broken, or made to break: each gets one clear line, quickly, and nothing else happens."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import subprocess
import sys
import zipfile

import geopandas as gpd
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from gridmap.errors import InputError
from gridmap.ingest import archives
from gridmap.ingest import source as sources
from gridmap.ingest.readers import MAX_FILE_BYTES, read
from tests.ingest.conftest import point


def refusal(path, **options) -> str:
    with pytest.raises(InputError) as refused:
        read(path, **options)
    line = str(refused.value)
    assert "\n" not in line
    return line


def zipped(path, *entries: tuple[str | zipfile.ZipInfo, bytes]):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


class TestFilesThatAreNoFiles:
    def test_missing_folder_and_empty(self, tmp_path):
        assert refusal(tmp_path / "no.csv") == "no.csv: does not exist: check the path"
        (tmp_path / "a.csv").mkdir()
        assert refusal(tmp_path / "a.csv") == "a.csv: is a folder: give a file"
        for ending in ("csv", "geojson", "zip", "xlsx", "gpkg", "parquet", "shp"):
            (tmp_path / f"b.{ending}").touch()
            assert refusal(tmp_path / f"b.{ending}") == f"b.{ending}: is empty (0 bytes): export it again"

    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.csv")
        assert refusal(tmp_path / "pipe.csv") == "pipe.csv: is not a regular file"

    def test_names_that_would_disturb_a_terminal(self, tmp_path):
        assert refusal(tmp_path / "a\x1b[31m\u202ecsv.csv").startswith(
            r"a\x1b[31m\u202ecsv.csv: does not exist"
        )

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("\ufeff", "holds no text: there is nothing to import"),
            ("\n\n", "holds no text: there is nothing to import"),
            ("name,lng,lat\n", "holds a header but no rows: there is nothing to import"),
            ("name,lng,lat\n,,\n,,\n", "holds no rows: there is nothing to import"),
        ],
    )
    def test_tables_without_rows(self, csv, text, reason):
        assert refusal(csv(text)) == f"table.csv: {reason}"

    def test_layers_without_rows(self, tmp_path, geojson):
        assert refusal(geojson()) == "areas.geojson: holds no rows: there is nothing to import"
        gpd.GeoDataFrame({"a": []}, geometry=[], crs=4490).to_file(tmp_path / "a.gpkg")
        assert "holds no rows" in refusal(tmp_path / "a.gpkg")
        openpyxl.Workbook().save(tmp_path / "a.xlsx")
        assert "has a header but no rows" in refusal(tmp_path / "a.xlsx")

    def test_larger_than_is_read(self, tmp_path):
        with (tmp_path / "big.csv").open("wb") as stream:
            stream.truncate(MAX_FILE_BYTES + 1)
        assert refusal(tmp_path / "big.csv") == (
            "big.csv: has 1,024 MB; at most 1,024 MB are read: cut it into smaller files"
        )

    @pytest.mark.parametrize(
        ("name", "data", "reason"),
        [
            ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel 97-2003 workbook, or has a password"),
            ("a.xlsx", b"<html><table>", "is not what its ending .xlsx says: it begins with '<html><table>'"),
            ("a.kml", b"<kml/>", "is of no known format: give one of .geojson"),
            ("a.gpkg", b"SQLite format 3\0" + b"\0" * 100, "is an SQLite database, but no GeoPackage"),
            (
                "a.gpkg",
                b"SQLite format 3\0" + b"\0" * 52 + b"GPKG" + b"\0" * 100,
                "cannot be read as GeoPackage",
            ),
            ("a.parquet", b"PAR1" + b"\0" * 40, "cannot be read as Parquet"),
            ("a.zip", b"PK\3\4" + b"\0" * 40, "is a damaged zip"),
            (
                "a.json",
                b"{'a': 1}",
                "is not JSON: Expecting property name enclosed in double quotes in line 1",
            ),
            ("a.json", b'{"type": "Topology"}', "is JSON but not GeoJSON: expected a FeatureCollection"),
            ("a.json", b'{"a": ' + b"9" * 5000 + b"}", "cannot be read as JSON"),
            ("a.json", b"[" * 1_000_000, "is nested too deeply to be GeoJSON"),
        ],
    )
    def test_of_another_kind_or_damaged(self, tmp_path, name, data, reason):
        (tmp_path / name).write_bytes(data)
        assert reason in refusal(tmp_path / name)

    @pytest.mark.parametrize("ending", ["gpkg", "parquet", "xlsx", "zip"])
    def test_cut_off(self, tmp_path, ending):
        frame = gpd.GeoDataFrame({"a": ["b"] * 50}, geometry=[shapely.Point(1, 2)] * 50, crs=4490)
        path = tmp_path / f"a.{ending}"
        if ending == "gpkg":
            frame.to_file(path)
        elif ending == "parquet":
            frame.to_parquet(path)
        elif ending == "xlsx":
            frame.drop(columns="geometry").to_excel(path)
        else:
            zipped(path, ("a.shp", b"x" * 1000))
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert path.name in refusal(path)


class TestZips:
    def test_without_a_shapefile(self, tmp_path):
        assert refusal(zipped(tmp_path / "a.zip", ("readme.txt", b"hello"))) == (
            "a.zip: holds no .shp: a zip is read as a Shapefile (.shp, .shx, .dbf, .prj)"
        )
        assert "holds no .shp" in refusal(zipped(tmp_path / "empty.zip"))

    @pytest.mark.parametrize("name", ["../a.shp", "/etc/a.shp", "x/../../a.shp", "..\\a.shp", "C:\\a.shp"])
    def test_a_path_that_leaves_the_archive(self, tmp_path, name):
        line = refusal(zipped(tmp_path / "a.zip", (name, b"")))
        assert "points outside the archive: refused; pack the bare files" in line
        assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]

    def test_a_symbolic_link(self, tmp_path):
        link = zipfile.ZipInfo("a.shp")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        assert "is a symbolic link: refused" in refusal(zipped(tmp_path / "a.zip", (link, b"/etc/passwd")))

    def test_too_many_entries(self, tmp_path):
        entries = [(f"{number}.txt", b"") for number in range(archives.MAX_ENTRIES + 1)]
        assert "holds 1,001 entries; at most 1,000 are taken" in refusal(zipped(tmp_path / "a.zip", *entries))

    def test_encrypted(self, tmp_path):
        path = zipped(tmp_path / "a.zip", ("a.shp", b"x"))
        data = bytearray(path.read_bytes())
        data[6] |= 1
        data[data.rindex(b"PK\1\2") + 8] |= 1
        path.write_bytes(data)
        assert "is encrypted: pack it again without a password" in refusal(path)

    @pytest.mark.parametrize("name", ["a.zip", "a.xlsx"])
    def test_a_claim_of_two_gigabytes(self, tmp_path, name):
        path = zipped(tmp_path / name, ("a.shp", b"x"), ("xl/workbook.xml", b"x"))
        data = bytearray(path.read_bytes())
        struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, 2 << 30)
        path.write_bytes(data)
        assert refusal(path) == f"{name}: claims to unpack to 2,048 MB; at most 1024 MB are taken"

    def test_a_claim_that_is_too_small_unpacks_no_more_than_it_claims(self, tmp_path):
        """The reader of Python stops at the claimed size and finds the checksum wrong."""
        path = zipped(
            tmp_path / "a.zip", *((f"a{ending}", b"\0" * 100_000) for ending in (".shp", ".shx", ".dbf"))
        )
        data = bytearray(path.read_bytes())
        struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, 10)
        path.write_bytes(data)
        assert "entry 'a.shp' is damaged" in refusal(path)

    @pytest.mark.parametrize("name", ["a.zip", "a.xlsx"])
    def test_a_bomb_is_refused_by_what_comes_out(self, tmp_path, name):
        """200 MB of zeros in 200 kB: 1,000-fold, where 250-fold is allowed above 64 MB."""
        zeros = io.BytesIO()
        with zipfile.ZipFile(zeros, "w", zipfile.ZIP_DEFLATED) as archive:
            for ending in (".shp", ".shx", ".dbf"):
                archive.writestr(f"a{ending}", b"")
            with archive.open("xl/workbook.xml" if name == "a.xlsx" else "a.SHP", "w") as entry:
                for _ in range(200):
                    entry.write(b"\0" * (1 << 20))
        (tmp_path / name).write_bytes(zeros.getvalue())
        assert "grows more than 250-fold when unpacked: refused as a zip bomb" in refusal(tmp_path / name)

    def test_what_comes_out_is_counted_over_all_entries(self, tmp_path, monkeypatch):
        path = zipped(tmp_path / "a.zip", ("a", b"x" * 600), ("b", b"x" * 600))
        with archives.Archive(path, "a.zip") as archive:
            monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1000)
            archive.copy(archive.entries[0], None)
            with pytest.raises(InputError, match="unpacks to more than"):
                archive.copy(archive.entries[1], None)

    def test_entities_that_multiply_in_a_workbook(self, tmp_path):
        levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
        laughs = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{levels}]><x>&e11;</x>'
        path = tmp_path / "laughs.xlsx"
        openpyxl.Workbook().save(tmp_path / "real.xlsx")
        with zipfile.ZipFile(tmp_path / "real.xlsx") as real, zipfile.ZipFile(path, "w") as fake:
            for entry in real.namelist():
                fake.writestr(entry, laughs if entry == "xl/workbook.xml" else real.read(entry))
        assert "cannot be read as an XLSX workbook" in refusal(path)


class TestWideAndDeep:
    def test_columns_beyond_the_limit(self, csv, geojson):
        many = sources.MAX_COLUMNS + 1
        assert "has 2,001 columns" in refusal(
            csv(",".join(map(str, range(many))) + "\n" + "," * (many - 1) + "1\n")
        )
        assert "has 2,001 columns" in refusal(geojson(*((point(1, 2), {str(n): n}) for n in range(many))))

    def test_a_sheet_that_claims_to_be_as_wide_as_can_be(self, tmp_path):
        book = openpyxl.Workbook()
        book.active.append(["a", "b"])
        book.active.append([1, 2])
        book.save(tmp_path / "real.xlsx")
        with (
            zipfile.ZipFile(tmp_path / "real.xlsx") as real,
            zipfile.ZipFile(tmp_path / "wide.xlsx", "w") as wide,
        ):
            for entry in real.namelist():
                text = real.read(entry)
                wide.writestr(entry, text.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"'))
        assert list(read(tmp_path / "wide.xlsx").frame) == ["a", "b"]

    @pytest.mark.parametrize("what", ["parquet", "csv", "geojson"])
    def test_nested_collections_do_not_exhaust_the_stack(self, tmp_path, what):
        """GEOS reads them by recursion: 200,000 levels end the process, so this runs in one of its own."""
        levels = 200_000
        path = tmp_path / f"deep.{what}"
        if what == "parquet":
            inner = struct.pack("<BIdd", 1, 1, 1.0, 2.0)
            blob = struct.pack("<BII", 1, 7, 1) * levels + inner
            geo = {"primary_column": "g", "columns": {"g": {"encoding": "WKB"}}}
            table = pa.table({"g": pa.array([blob], pa.binary())})
            pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
        elif what == "csv":
            path.write_text(
                "code,wkt\nA," + "GEOMETRYCOLLECTION(" * levels + "POINT(1 2)" + ")" * levels + "\n"
            )
        else:
            shape = '{"type":"GeometryCollection","geometries":[' * levels + "]}" * levels
            path.write_text('{"type":"Feature","properties":{},"geometry":' + shape + "}")
        script = (
            "import sys, pathlib\n"
            "from gridmap.errors import InputError\n"
            "from gridmap.ingest import clean, readers\n"
            "from gridmap.types import Level\n"
            "try:\n"
            "    source = readers.read(pathlib.Path(sys.argv[1]))\n"
            "    given = {} if 'code' in source.frame else None\n"
            "    faults = source.faults if given is None else clean.clean_areas(\n"
            "        source, 'wgs84', given, level=Level.GRID, codes='foreign').lines()\n"
            "    print('refused' if faults else 'taken')\n"
            "except InputError as error:\n"
            "    print('refused')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stdout.strip()) == (0, "refused"), done.stderr[-500:]

    def test_parquet_that_unpacks_to_more_than_fits(self, tmp_path, monkeypatch):
        monkeypatch.setattr("gridmap.ingest.readers.MAX_UNPACKED_BYTES", 1 << 20)
        pq.write_table(pa.table({"a": ["x" * 1000] * 5000}), tmp_path / "a.parquet")
        assert "unpacks to more than 1 MB" in refusal(tmp_path / "a.parquet")

    def test_coordinates_that_no_double_holds(self, tmp_path):
        path = tmp_path / "a.geojson"
        path.write_text(
            '{"type":"FeatureCollection","features":['
            + ",".join(
                f'{{"type":"Feature","properties":{{}},"geometry":{{"type":"Point","coordinates":[{x},1]}}}}'
                for x in ("NaN", "Infinity", "1e400", "1", "1" * 400)
            )
            + "]}"
        )
        source = read(path)
        assert [fault.row for fault in source.faults][:3] == [1, 2, 3]
        assert "is not a finite number" in source.faults[0].reason
        assert not np.isfinite(shapely.get_coordinates(source.geometry[1:])).any()
