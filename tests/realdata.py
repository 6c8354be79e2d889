"""Real data made by others, which lies beside the project and is never copied into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridmap.config import ROOT

FOLDER = ROOT.parent / "shared" / "realdata"


def path(name: str) -> Path:
    """A file of the real data; the test is skipped where the folder is not there."""
    if not FOLDER.is_dir():
        pytest.skip("the real data sets are not beside the project: ../shared/realdata")
    return FOLDER / name
