"""`gridmap geocode` and `gridmap locate --address` as their user meets them, killed and started again."""

from __future__ import annotations

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from gridmap.config import ROOT
from gridmap.store.cluster import OWNER, Cluster

BUILDING, GRID = "上城美域小区1栋", "519900001001001"
PHONE = "13912345678"


@pytest.fixture(scope="module")
def environ(settings, town_database):
    """The environment of a command that works on the demo town."""
    url = town_database.owner.url.render_as_string(hide_password=False)
    if not settings.database_url:
        url = Cluster.of(settings).url(OWNER, town_database.owner.url.database)
    return {**os.environ, "GRIDMAP_DATABASE_URL": url, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


def command(*words):
    return [sys.executable, "-m", "gridmap.cli", *map(str, words)]


def run(environ, folder, *words):
    done = subprocess.run(command(*words), cwd=folder, env=environ, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done


def table(file, texts):
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["n", "地址"], *([f"{n:05}", text] for n, text in enumerate(texts))])


def test_a_file_is_geocoded_and_the_summary_tells_how_many(environ, tmp_path):
    table(tmp_path / "in.csv", [BUILDING, "(无)", f"状元府 {PHONE}"])
    done = run(environ, tmp_path, "geocode", "in.csv", "-o", "out.csv")
    assert done.returncode == 0, done.stderr
    assert "3 rows geocoded by column '地址'" in done.stdout
    assert "in.csv: geocoding" in done.stderr
    for text in (BUILDING, PHONE, "状元府"):
        assert text not in done.stdout + done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert (rows[0]["n"], rows[0]["area"], rows[0]["status"]) == ("00000", GRID, "answered")
    again = run(environ, tmp_path, "geocode", "in.csv", "-o", "out.csv")
    assert again.returncode == 1
    assert again.stderr.strip().splitlines()[-1].startswith("gridmap: out.csv exists already: ")


def test_kill_minus_nine_costs_a_chunk_and_no_more(environ, tmp_path):
    names = json.loads((ROOT / "geodata/demo/buildings.geojson").read_text(encoding="utf-8"))["features"]
    texts = [f"{names[n % len(names)]['properties']['name']}{n % 60 + 1}室" for n in range(60_000)]
    table(tmp_path / "in.csv", texts)
    journal = tmp_path / "out.csv.part.jsonl"
    killed = subprocess.Popen(
        command("geocode", "in.csv", "-o", "out.csv"),
        cwd=tmp_path, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and killed.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") > 2:
            break
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "out.csv").exists(), "it was killed before its end"
    kept = json.loads(journal.read_bytes().splitlines()[-1])["done"]["rows"]
    assert kept >= 10_000
    done = run(environ, tmp_path, "geocode", "in.csv", "-o", "out.csv")
    assert done.returncode == 0, done.stderr
    assert f"Going on after the {kept:,} rows" in done.stderr
    assert f"60,000 rows geocoded by column '地址', {kept:,} of them in an earlier run" in done.stdout
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["n"] for row in rows] == [f"{n:05}" for n in range(60_000)]
    assert [row["地址"] for row in rows] == texts
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_control_c_says_how_to_go_on(environ, tmp_path):
    table(tmp_path / "in.csv", [BUILDING + f"{n}室" for n in range(100_000)])
    process = subprocess.Popen(
        command("geocode", "in.csv", "-o", "out.csv"),
        cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    journal = tmp_path / "out.csv.part.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") > 1:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 1
    last = said.strip().splitlines()[-1]
    assert last.startswith("gridmap: interrupted after ")
    assert last.endswith("of 100,000 rows: the same command goes on from there")
    assert "Traceback" not in said


@pytest.mark.parametrize(("ending", "limit"), [("csv", 1 << 20), ("xlsx", 5 << 20)])
def test_where_there_is_no_room_the_same_command_goes_on_later(environ, tmp_path, ending, limit):
    """The limit of a file's size ends a write as a full disk does."""
    table(tmp_path / "in.csv", [BUILDING + f"{n}室" for n in range(20_000)])
    words = command("geocode", "in.csv", "-o", f"out.{ending}")
    full = subprocess.run(
        words, cwd=tmp_path, env=environ, capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert full.returncode == 1
    assert "Traceback" not in full.stderr
    last = full.stderr.strip().splitlines()[-1]
    assert last.startswith(f"gridmap: out.{ending}")
    assert last.endswith("of 20,000 rows: make room, and the same command goes on from there")
    kept = json.loads((tmp_path / f"out.{ending}.part.jsonl").read_bytes().splitlines()[-1])["done"]["rows"]
    assert f": File too large after {kept:,} of" in last or f"): File too large after {kept:,} of" in last
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.csv", f"out.{ending}.part", f"out.{ending}.part.jsonl",
    ]  # fmt: skip
    done = run(environ, tmp_path, "geocode", "in.csv", "-o", f"out.{ending}")
    assert done.returncode == 0, done.stderr
    assert f"Going on after the {kept:,} rows" in done.stderr
    assert "20,000 rows geocoded" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["geocode", "none.csv", "-o", "out.csv"], 1, "none.csv: does not exist"),
        (["geocode", "in.csv", "-o", "out.json"], 1, "must be one of .csv, .xlsx"),
        (["geocode", "in.csv", "-o", "out.csv", "--column", "x"], 1, "no column 'x': the file has n, 地址"),
        (["geocode", "in.csv"], 2, "-o"),
        (["locate"], 2, "--lng and --lat, or --address"),
        (["locate", "--lng", "107.86"], 2, "--lng and --lat, or --address"),
        (["locate", "--lng", "107.86", "--lat", "31.08", "--address", "x"], 2, "--address stands alone"),
        (["locate", "--address", "x", "--crs", "gcj02"], 2, "--address stands alone"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(environ, tmp_path, words, code, told):
    table(tmp_path / "in.csv", [BUILDING])
    done = run(environ, tmp_path, *words)
    assert done.returncode == code
    assert told in done.stderr.strip().splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_locate_tells_the_grid_of_an_address(environ, tmp_path):
    done = run(environ, tmp_path, "locate", "--address", BUILDING)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["status"], found["area"]["code"]) == ("located", GRID)
    unsure = json.loads(run(environ, tmp_path, "locate", "--address", "(无)").stdout)
    assert (unsure["status"], unsure["area"]) == ("unsure", None)
    assert unsure["reasons"]
