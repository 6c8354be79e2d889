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
from gridmap.operations import serving, town
from gridmap.store.db import Database


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
def server_url(town_database: Database, tmp_path_factory) -> Iterator[str]:
    """The real server on the demo town."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    process = start_server(town_database.owner.url.database, port, log)
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
