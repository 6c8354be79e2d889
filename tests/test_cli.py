"""The command as its user meets it: one clear line, the right exit code, and nothing half-saved."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import text

from gridmap.cli import main
from gridmap.config import ROOT
from gridmap.operations import serving
from gridmap.store.cluster import OWNER, Cluster

STREET = {
    "type": "Polygon",
    "coordinates": [[[107.8, 31], [107.9, 31], [107.9, 31.1], [107.8, 31.1], [107.8, 31]]],
}


@pytest.fixture(scope="module")
def database(settings):
    with serving.scratch(settings, "cli") as made:
        yield made


@pytest.fixture
def gridmap(settings, database, monkeypatch, capsys):
    """Run the command on a database of its own; answers (exit code, stdout, stderr)."""
    url = database.owner.url.render_as_string(hide_password=False)
    if not settings.database_url:
        url = Cluster.of(settings).url(OWNER, database.owner.url.database)
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", url)

    def run(folder, *words):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["gridmap", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def collection(*features):
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": told, "geometry": shape} for told, shape in features
            ],
        }
    )


def zipped(**parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return stream.getvalue()


def claims_two_gigabytes():
    """A stored entry whose headers claim 2 GB."""
    data = bytearray(zipped(a_dot_shp=b"x" * 10, a_dot_dbf=b"x", a_dot_shx=b"x"))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.find(mark) + at, 2_000_000_000)
    return bytes(data)


AREAS = ("areas", "--crs", "wgs84", "--level", "street")
REPORTS = ("reports", "--crs", "wgs84")
HEAD = "reference,text,lng,lat,reported_at\n"
MILLION = (
    "[" + ",".join(f"[{107 + i / 1e7:.7f},{31 + (i % 2) / 1e3}]" for i in range(1_000_001)) + ",[107.0,31.0]]"
)
SPOT = {"type": "Point", "coordinates": [107.8, 31]}
ONE = collection(({"code": "519900001"}, STREET))

BAD = {
    "no crs": ("x.geojson", ONE, ("areas", "--level", "street"), "must be declared"),
    "wrong crs": ("x.geojson", ONE, ("areas", "--crs", "utm", "--level", "street"), "wgs84, cgcs2000"),
    "no level": ("x.geojson", ONE, ("areas", "--crs", "wgs84"), "--level"),
    "swapped": ("x.csv", HEAD + "R1,灯,31.08,107.86,2026-01-02 08:00\n", REPORTS, "row 2"),
    "not a number": ("x.csv", HEAD + "R1,灯,nan,31.08,2026-01-02 08:00\n", REPORTS, "row 2"),
    "empty file": ("x.geojson", "", AREAS, "empty"),
    "empty table": ("x.csv", HEAD, REPORTS, "no rows"),
    "zero-byte zip": ("x.zip", b"", AREAS, "empty"),
    "zip that claims 2 GB": ("x.zip", claims_two_gigabytes(), AREAS, "x.zip"),
    "zip bomb": ("x.zip", zipped(a_dot_shp=b"\0" * 400_000_000, a_dot_dbf=b"x", a_dot_shx=b"x"), AREAS, "x.zip"),
    "zip that climbs": ("x.zip", zipped(**{"..__..__a_dot_shp": b"x", "a_dot_dbf": b"x"}), AREAS, "x.zip"),
    "no dbf": ("x.zip", zipped(a_dot_shp=b"x", a_dot_shx=b"x"), AREAS, "dbf"),
    "mixed shapes": (
        "x.geojson",
        collection(({"code": "519900001"}, STREET), ({"code": "519900002"}, SPOT)),
        AREAS,
        "row 2",
    ),
    "codes twice": (
        "x.geojson",
        collection(({"code": "519900001"}, STREET), ({"code": "519900001"}, STREET)),
        AREAS,
        "already in row 1",
    ),
    "no parent": (
        "x.geojson",
        collection(({"code": "519900001001"}, STREET)),
        ("areas", "--crs", "wgs84", "--level", "community"),
        "519900001 is not stored",
    ),
    "a million vertices": (
        "x.geojson",
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"519900001"},'
        f'"geometry":{{"type":"Polygon","coordinates":[{MILLION}]}}}}]}}',
        AREAS,
        "row 1",
    ),
    "gbk declared as utf-8": (
        "x.csv",
        (HEAD + "R1,路灯不亮,107.86,31.08,2026-01-02 08:00\n").encode("gbk"),
        (*REPORTS, "--encoding", "utf-8"),
        "x.csv",
    ),
    "a formula": ("x.csv", HEAD + 'R1,"=HYPERLINK(""http://x"")",107.86,31.08,2026-01-02 08:00\n', REPORTS, "formula"),
    "dates that contradict": (
        "x.csv",
        HEAD + "R1,灯,,,13/02/2026\nR2,灯,,,02/13/2026\nR3,灯,,,03/04/2026\n",
        REPORTS,
        "row 4",
    ),
    "no such file": (None, None, (*REPORTS,), "x.csv"),
    "no such column": (
        "x.csv",
        HEAD + "R1,灯,107.86,31.08,2026-01-02 08:00\n",
        (*REPORTS, "--map", "text=nothing"),
        "nothing",
    ),
    "unknown ending": ("x.docx", b"PK", REPORTS, "x.docx"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_line_and_nothing_is_saved(gridmap, database, tmp_path, case):
    name, content, (kind, *options), words = BAD[case]
    file = tmp_path / (name or "x.csv")
    if name:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, _, said = gridmap(tmp_path, "import", kind, file, *options, "--commit")
    last = said.strip().splitlines()[-1]
    assert code == 1, said[-800:]
    assert last.startswith("gridmap: ")
    assert words in last
    assert "Traceback" not in said
    with database.owner_session() as session:
        for table in ("areas", "reports", "imports"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0


def test_five_forms_of_a_date_are_read(gridmap, tmp_path):
    forms = [
        "2026-11-20",
        "2026/11/20 14:05",
        "20261120",
        "2026年11月20日 14时5分",
        "2026-11-20T14:05:00+08:00",
    ]
    file = tmp_path / "dates.csv"
    file.write_text(HEAD + "".join(f"R{n},灯,,,{form}\n" for n, form in enumerate(forms)), encoding="utf-8")
    code, told, said = gridmap(tmp_path, "import", "reports", file, "--crs", "wgs84")
    assert (code, "5 rows accepted, 0 rejected" in told) == (0, True), told + said


def test_rejected_rows_are_written_and_the_others_saved_only_when_asked(gridmap, tmp_path):
    file = tmp_path / "half.csv"
    file.write_text(
        HEAD + "R1,灯,107.86,31.08,2026-01-02 08:00\nR2,灯,500,31.08,2026-01-02 08:00\n", encoding="utf-8"
    )
    code, told, said = gridmap(tmp_path, "import", "reports", file, "--crs", "wgs84", "--commit")
    assert code == 1
    assert "1 of 2 rows rejected, nothing saved" in said
    written = (tmp_path / "half.rejected.csv").read_text(encoding="utf-8-sig").splitlines()
    assert written[0].startswith("row,field,value,reason")
    assert written[1].startswith("3,")
    code, told, _ = gridmap(
        tmp_path, "import", "reports", file, "--crs", "wgs84", "--commit", "--skip-rejected"
    )
    assert code == 0
    assert "1 added" in told


def test_locate_prints_json(gridmap, tmp_path):
    code, told, _ = gridmap(tmp_path, "locate", "--lng", "107.86", "--lat", "31.08")
    assert code == 0
    assert json.loads(told)["status"] == "outside"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["locate", "--lng", "31.08", "--lat", "107.86"], 1),
        (["import", "planets", "x.csv"], 2),
        (["import", "areas", "x.csv", "--map", "code"], 2),
        (["export", "areas", "out.doc"], 1),
        (["export", "areas", "/nowhere/out.geojson"], 1),
        (["nonsense"], 2),
        (["--help"], 0),
    ],
)
def test_exit_codes(gridmap, tmp_path, words, code):
    found, told, said = gridmap(tmp_path, *words)
    assert found == code, told + said


def test_an_unreachable_database_is_one_line(tmp_path):
    environ = {
        **os.environ,
        "GRIDMAP_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-m", "gridmap.cli", "locate", "--lng", "1", "--lat", "1"],
        cwd=tmp_path, env=environ, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_shell_names_its_words():
    done = subprocess.run([str(ROOT / "run"), "dance"], capture_output=True, text=True, cwd=Path("/"))
    assert done.returncode == 1
    assert "./run setup" in done.stderr
