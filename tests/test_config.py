"""Settings: from the file, from variables, and refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridmap.config import Settings
from gridmap.errors import ConfigError


def test_a_variable_wins_over_the_file(tmp_path):
    file = tmp_path / "gridmap.toml"
    file.write_text('port = 9000\nbasemap = "none"\n')
    found = Settings.load({"GRIDMAP_PORT": "9001", "GRIDMAP_DATA": "/srv/gridmap"}, file)
    assert (found.port, found.basemap, found.data) == (9001, "none", Path("/srv/gridmap"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1", "unknown setting 'prot'"),
        ("port = ", "cannot be read"),
        ("port = 70000", "1 to 65535"),
        ('port = "web"', "wrong type"),
        ('basemap = "google"', "basemap must be one of"),
        ('basemap = "xyz"', "basemap_url"),
        ('basemap = "tianditu"', "tianditu_key"),
        ("walk_speed_mps = 0", "above 0"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, text, words):
    file = tmp_path / "gridmap.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        Settings.load({}, file)


def test_a_file_that_is_named_must_exist(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        Settings.load({"GRIDMAP_CONFIG": str(tmp_path / "none.toml")})
