"""Bringing an installation up, and down: database, schema, dictionaries, demo town, web server."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from gridmap.config import ROOT, Settings
from gridmap.errors import ConfigError, GridMapError
from gridmap.geocode.match import geocode
from gridmap.operations import gazetteer
from gridmap.store import dictionaries
from gridmap.store.cluster import Cluster
from gridmap.store.db import Database, bootstrap, drop

DICTIONARIES = ROOT / "geodata" / "dictionaries"
_STOP_SECONDS = 20.0
_log = logging.getLogger("gridmap.operations")

Say = Callable[[str], None]


def prepare(settings: Settings, say: Say) -> tuple[Database, bool]:
    """Database running, schema newest, dictionaries filled; and whether this call started the cluster."""
    started = False
    if not settings.database_url:
        cluster = Cluster.of(settings)
        if not cluster.running():
            say("Starting the private PostGIS" if cluster.exists() else "Creating the private PostGIS")
        started = cluster.start()
    try:
        database = Database.connect(settings)
        if not database.is_current():
            bootstrap(settings)
            database.upgrade()
        # Each start: one that was killed after its migrations left the lists empty.
        with database.owner_session() as session:
            dictionaries.load(session, DICTIONARIES)
    except BaseException:
        if started:
            Cluster.of(settings).stop()
        raise
    return database, started


@contextmanager
def scratch(settings: Settings, purpose: str) -> Iterator[Database]:
    """A fresh migrated database beside the real one, dropped at the end; for tests and checks."""
    name = f"gridmap_{purpose}_{os.getpid()}"
    started = not settings.database_url and Cluster.of(settings).start()
    bootstrap(settings, name)
    database = Database.connect(settings, name)
    try:
        database.upgrade()
        with database.owner_session() as session:
            dictionaries.load(session, DICTIONARIES)
        yield database
    finally:
        database.dispose()
        drop(settings, name)
        if started:
            Cluster.of(settings).stop()


def is_empty(database: Database) -> bool:
    """Whether nothing has been imported: no area, no station, no report."""
    with database.session() as session:
        return not session.scalar(
            text(
                "SELECT EXISTS (SELECT FROM areas) OR EXISTS (SELECT FROM stations) "
                "OR EXISTS (SELECT FROM reports)"
            )
        )


def check_port(settings: Settings) -> None:
    """Raise ConfigError when the port is taken, before anything else is begun."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigError(
                f"port {settings.port} of {settings.host} cannot be used ({error.strerror}): stop what uses it "
                "(./run stop, if it is GridMap), or set GRIDMAP_PORT to another"
            ) from error


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. The workers end with this process, however it ends."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "gridmap.app:serve",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=16,
        respawn_failed_workers=True,
        log_level=LogLevels.error,
    ).serve()


def warm(database: Database) -> threading.Thread:
    """Build the gazetteer in the background, so that nobody's first question waits for it.

    A failure is logged and stops nothing: whoever asks first builds it then, or is told why not.
    """

    def build() -> None:
        try:
            with database.session() as session:
                known = gazetteer.known(session)
            # What reading an address needs is loaded by the first one.
            geocode("淙溪街道1号", known.gazetteer, known.owner)
        except Exception:
            _log.exception("the gazetteer could not be built at the start")

    thread = threading.Thread(target=build, name="gazetteer", daemon=True)
    thread.start()
    return thread


def end_with_parent() -> None:
    """Ask the kernel to end this worker when its parent dies, so that `kill -9` leaves no orphan."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def stop(settings: Settings, say: Say) -> None:
    """Stop the server and the private cluster of this checkout, whatever of them runs."""
    record = RunRecord.of(settings)
    process = record.running()
    if process:
        say(f"Stopping the web server (process {process})")
        began = _began(process)
        os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        # Until the process is gone, not only its record: it still stops the database that it started.
        while _began(process) == began and time.monotonic() < deadline:
            time.sleep(0.1)
        if _began(process) == began:
            raise GridMapError(f"process {process} does not stop: end it with kill -9 {process}")
    if not settings.database_url and settings.data.exists():
        cluster = Cluster.of(settings)
        if cluster.stop():
            say("Stopped the private PostGIS")


@dataclass(frozen=True)
class RunRecord:
    """The file that tells which process serves this installation."""

    path: Path

    @classmethod
    def of(cls, settings: Settings) -> RunRecord:
        return cls(settings.data / "serve.json")

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this process brings the installation up and serves it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        told = {"process": os.getpid(), "began": _began(os.getpid())}
        self.path.write_text(json.dumps(told), encoding="utf-8")
        try:
            yield
        finally:
            if self.running() == os.getpid():
                self.path.unlink()

    def stale(self) -> bool:
        """Whether a server ended without a word (kill -9, power)."""
        return self.path.exists() and self.running() is None

    def running(self) -> int | None:
        """The serving process; None when it has ended, even if its number is in use again."""
        try:
            told = json.loads(self.path.read_text(encoding="utf-8"))
            process, began = int(told["process"]), told["began"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return process if began is not None and _began(process) == began else None


def _began(process: int) -> str | None:
    """The kernel's start time of a process: with its number, a name that is not used twice."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]
