"""The private cluster's life: made, started, stopped, found again, and left alone by strangers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from gridmap.config import Settings
from gridmap.errors import ConfigError
from gridmap.store.cluster import APPLICATION, OWNER, Cluster
from gridmap.store.db import Database, bootstrap


@pytest.fixture
def home():
    """A folder that the server's own user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="gridmap-test-"))
    folder.chmod(0o755)
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def cluster(home):
    made = Cluster.of(Settings(data=home))
    yield made
    made.stop()
    shutil.rmtree(made.socket, ignore_errors=True)


def answers(cluster: Cluster, role: str = OWNER, database: str = "postgres") -> int:
    engine = create_engine(cluster.url(role, database))
    with engine.connect() as connection:
        value = connection.scalar(text("SELECT 41 + 1"))
    engine.dispose()
    return value


def test_it_is_created_started_stopped_and_started_again(home, cluster):
    assert not cluster.exists()
    assert cluster.start() is True
    assert cluster.start() is False, "it runs already"
    bootstrap(Settings(data=home))
    assert answers(cluster) == 42
    assert cluster.stop() is True
    assert cluster.stop() is False
    assert cluster.start() is True


def test_it_recovers_from_a_killed_server(home, cluster):
    cluster.start()
    bootstrap(Settings(data=home))
    postmaster = int((cluster.pgdata / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    for _ in range(100):
        if not cluster.running():
            break
        time.sleep(0.05)
    assert cluster.start() is True
    assert answers(cluster) == 42


def test_a_half_made_cluster_is_made_anew(home, cluster):
    (cluster.home / "pg.new").mkdir()
    (cluster.home / "pg.new" / "PG_VERSION").write_text("15\n")
    cluster.start()
    bootstrap(Settings(data=home))
    assert answers(cluster) == 42


def test_nothing_listens_on_tcp_and_strangers_are_refused(home, cluster):
    cluster.start()
    bootstrap(Settings(data=home))
    engine = create_engine(cluster.url(OWNER, "postgres"))
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW listen_addresses")) == ""
    engine.dispose()
    assert cluster.socket.stat().st_mode & 0o077 == 0
    with pytest.raises(OperationalError):
        answers(cluster, role="postgres")


def test_two_checkouts_live_side_by_side(cluster, home):
    other = Cluster.of(Settings(data=home.parent / "other"))
    cluster.start()
    bootstrap(Settings(data=home))
    try:
        assert other.start() is True
        bootstrap(Settings(data=home.parent / "other"))
        assert other.socket != cluster.socket
        assert answers(other) == answers(cluster) == 42
        other.stop()
        assert cluster.running(), "stopping one leaves the other alone"
    finally:
        other.stop()


def test_a_path_too_long_for_a_socket_is_no_obstacle(home):
    deep = home.parent / ("a" * 60) / ("b" * 60)
    deep.parent.mkdir(mode=0o755)
    cluster = Cluster.of(Settings(data=deep))
    try:
        assert cluster.start() is True
        assert len(os.fsencode(cluster.socket)) < 92
        bootstrap(Settings(data=deep))
        assert answers(cluster) == 42
    finally:
        cluster.stop()
        shutil.rmtree(cluster.socket)


def test_a_folder_out_of_reach_is_named(home):
    """Root may enter, but the server's own user may not; an ordinary user may not enter himself."""
    home.parent.chmod(0o700 if os.geteuid() == 0 else 0o500)
    try:
        with pytest.raises(ConfigError, match="GRIDMAP_DATA"):
            Cluster.of(Settings(data=home))
    finally:
        home.parent.chmod(0o755)


def test_the_application_role_owns_nothing(empty_database: Database):
    with empty_database.owner.connect() as connection:
        owned = connection.scalar(
            text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = :role"),
            {"role": APPLICATION},
        )
        assert owned == 0
    with empty_database.app.connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == APPLICATION
        with pytest.raises(Exception, match="permission denied"):
            connection.execute(text("DELETE FROM reports"))


def test_models_and_migrations_agree(empty_database: Database):
    assert empty_database.check() is None


def test_settings_name_another_data_folder(home):
    moved = replace(Settings(), data=home)
    assert Cluster.of(moved).pgdata == home / "pg"


def test_status_is_told_by_the_command(home):
    environ = {**os.environ, "GRIDMAP_DATA": str(home)}
    done = subprocess.run(
        [shutil.which("gridmap") or ".venv/bin/gridmap", "db", "status"],
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("not created yet")
