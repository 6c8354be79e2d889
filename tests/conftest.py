"""The suite runs against a real PostGIS and a real server; without them it fails, it never skips."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from gridmap.config import ROOT, Settings
from gridmap.operations import importing, serving, town
from gridmap.store.db import Database

_WAITING = "reference,text,address,lng,lat,accuracy_m,reported_at\n" + "".join(
    f"W{number},夜里吵闹,{place},2026-11-21 23:{number}\n"
    for number, place in (
        (10, "幸福小区西门,,,"),
        (20, "状元府小区3栋,107.885,31.090,8"),
        (21, "状元府小区3栋,107.885,31.090,8"),
        (22, "状元府小区3栋,107.885,31.090,8"),
    )
)


def quiet(label: str, total: int):
    """Progress that nobody watches."""
    del label, total
    return lambda _steps: None


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings.load()


@pytest.fixture(scope="session")
def empty_database(settings: Settings) -> Iterator[Database]:
    """A migrated database with the dictionaries and nothing else."""
    with serving.scratch(settings, "test") as database:
        yield database


@pytest.fixture
def session(empty_database: Database) -> Iterator[Session]:
    """The owner's session on the empty database; whatever a test does is rolled back."""
    with empty_database.owner.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as opened:
            yield opened
        outer.rollback()


@pytest.fixture(scope="session")
def town_database(settings: Settings) -> Iterator[Database]:
    """The demo town, loaded once; tests only read it."""
    with serving.scratch(settings, "town") as database:
        with database.owner_session() as opened:
            town.load(opened, ROOT / "geodata" / "demo", quiet)
        yield database


@pytest.fixture(scope="session")
def worked_database(settings: Settings, tmp_path_factory) -> Iterator[Database]:
    """A demo town for tests that write through the application: each takes reports that no other has."""
    with serving.scratch(settings, "worked") as database:
        with database.owner_session() as opened:
            town.load(opened, ROOT / "geodata" / "demo", quiet)
            # Whatever the town's own reports are: the estates of one name, and people far from where they say.
            file = tmp_path_factory.mktemp("waiting") / "waiting.csv"
            file.write_text(_WAITING, encoding="utf-8")
            plan = importing.prepare(opened, importing.Request("reports", file, "wgs84"), quiet)
            importing.save(opened, plan, quiet)
        yield database


@pytest.fixture(scope="session")
def server_url(town_database: Database, tmp_path_factory) -> Iterator[str]:
    """The real server on the demo town."""
    yield from _served(town_database, tmp_path_factory.mktemp("server") / "log")


@pytest.fixture(scope="session")
def worked_url(worked_database: Database, tmp_path_factory) -> Iterator[str]:
    """The real server on the town that tests write to."""
    yield from _served(worked_database, tmp_path_factory.mktemp("worked") / "log")


def _served(database: Database, log: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start_server(str(database.owner.url.database), port, log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def start_server(database: str, port: int, log: Path) -> subprocess.Popen[bytes]:
    """`python -m tests.server`, and wait until it answers."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.server", database, str(port)],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return process
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the server did not answer: {log.read_text()[-2000:]}")
