"""`gridmap up` from nothing to a map, killed, started again, and stopped: as its user would."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from gridmap.config import ROOT, Settings
from gridmap.store.cluster import Cluster


@pytest.fixture
def installation():
    """An empty data folder, a free port, and the environment that names them."""
    folder = Path(tempfile.mkdtemp(prefix="gridmap-up-"))
    folder.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        **os.environ,
        "GRIDMAP_DATA": str(folder / "data"),
        "GRIDMAP_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    environ.pop("GRIDMAP_DATABASE_URL", None)
    yield environ
    subprocess.run(command("stop"), env=environ, capture_output=True, check=False)
    shutil.rmtree(folder)


def command(*words):
    return [sys.executable, "-m", "gridmap.cli", *words]


def cluster(environ) -> Cluster:
    return Cluster.of(Settings.load(environ))


def up(environ):
    process = subprocess.Popen(
        command("up"), env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{environ['GRIDMAP_PORT']}/healthz", timeout=2
            ) as answer:
                assert json.load(answer)["status"] == "ok"
                return process
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError(process.communicate()[1])


def ended(process, seconds=20):
    _, said = process.communicate(timeout=seconds)
    return said


def counted(environ) -> int:
    with urllib.request.urlopen(
        f"http://127.0.0.1:{environ['GRIDMAP_PORT']}/maps/overview/counts?level=grid"
    ) as answer:
        return json.load(answer)["total"]


def test_from_nothing_to_a_map_and_back(installation):
    first = up(installation)
    total = counted(installation)
    assert total > 10_000
    first.send_signal(signal.SIGINT)
    assert "Stopping the private PostGIS" in ended(first)
    assert not cluster(installation).running()

    second = up(installation)
    assert counted(installation) == total, "the demo town is not loaded twice"
    second.kill()
    ended(second)
    assert cluster(installation).running(), "the database outlives a killed command"

    third = up(installation)
    refused = subprocess.run(command("up"), env=installation, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "runs here already" in refused.stderr
    stopped = subprocess.run(command("stop"), env=installation, capture_output=True, text=True, check=False)
    assert stopped.returncode == 0
    assert "Stopping the web server" in stopped.stderr
    assert third.poll() is not None, "stop waits for the command's end"
    ended(third)
    assert not cluster(installation).running()


def test_a_start_killed_while_loading_leaves_no_half_town(installation):
    process = subprocess.Popen(
        command("up"), env=installation, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if "buildings.geojson" in line:
            break
    process.kill()
    process.communicate()
    again = up(installation)
    assert counted(installation) > 10_000
    again.send_signal(signal.SIGTERM)
    ended(again)
    assert not cluster(installation).running()
