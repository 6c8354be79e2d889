from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from gridmap.config import ROOT
from gridmap.demo import build
from gridmap.demo.files import LAYERS, TABLES
from gridmap.errors import InputError

COMMITTED = ROOT / "geodata" / "demo"
FILES = {*(f"{name}.geojson" for name in LAYERS), *(f"{name}.csv" for name in TABLES), "hotspots.json"}


def test_size_is_that_of_the_issue(town):
    metric = town.street.to_crs("EPSG:4545")
    assert metric.area.sum() / 1e6 == pytest.approx(20, abs=0.01)
    assert len(town.communities) == 8
    assert len(town.grids) == 150
    assert len(town.estates) == 203
    assert len(town.reports) == 20_000
    assert town.street["population"].tolist() == [130_000]
    assert 47_000 <= town.street["households"].item() <= 50_000
    assert 1_600 <= len(town.buildings) <= 2_200


def test_committed_files_are_what_the_code_makes(town, tmp_path):
    town.write(tmp_path)
    assert {path.name for path in COMMITTED.iterdir()} == FILES
    for name in sorted(FILES):
        assert (tmp_path / name).read_bytes() == (COMMITTED / name).read_bytes(), name


def test_committed_files_are_smaller_than_five_megabytes():
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) < 5_000_000


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(small, tmp_path):
    small.write(tmp_path / "first")
    build(seed=5, grids=40, reports=2_000).write(tmp_path / "again")
    build(seed=6, grids=40, reports=2_000).write(tmp_path / "other")
    for name in FILES:
        first = (tmp_path / "first" / name).read_bytes()
        assert (tmp_path / "again" / name).read_bytes() == first, name
        assert (tmp_path / "other" / name).read_bytes() != first, name


def test_number_of_reports_does_not_move_the_town(small):
    other = build(seed=5, grids=40, reports=10)
    assert len(other.reports) == 10
    assert other.grids.equals(small.grids)
    assert other.buildings.equals(small.buildings)


def test_no_reports_at_all():
    silent = build(seed=5, grids=40, reports=0)
    assert len(silent.reports) == 0
    assert len(silent.truth) == 0


# 13.53 estates, 20/150 km² and 866.7 people to ten grids.
@pytest.mark.parametrize(
    ("grids", "estates", "people", "area_km2"), [(60, 81, 52_000, 8.0), (100, 135, 86_667, 13.33)]
)
def test_everything_grows_with_the_grids(grids, estates, people, area_km2):
    grown = build(seed=1, grids=grids, reports=100)
    assert len(grown.grids) == grids
    assert len(grown.estates) == estates
    assert grown.street["population"].item() == people
    assert grown.street.to_crs("EPSG:4545").area.sum() / 1e6 == pytest.approx(area_km2, abs=0.01)


@pytest.mark.parametrize(("grids", "reports"), [(39, 10), (0, 10), (150, -1)])
def test_impossible_sizes_are_refused(grids, reports):
    with pytest.raises(InputError, match="at least 40 grids"):
        build(grids=grids, reports=reports)


def test_layers_are_in_the_storage_crs_with_six_decimals(any_town):
    for name in LAYERS:
        layer = getattr(any_town, name)
        assert layer.crs.to_epsg() == 4490
        xy = layer.get_coordinates().to_numpy()
        assert np.array_equal(xy, np.round(xy, 6)), name
        assert layer.is_valid.all(), name
        assert not layer.is_empty.any(), name


def test_geojson_holds_one_feature_a_line(small, tmp_path):
    small.write(tmp_path)
    lines = (tmp_path / "grids.geojson").read_text(encoding="utf-8").splitlines()
    assert json.loads("\n".join(lines))["type"] == "FeatureCollection"
    features = [json.loads(line.rstrip(",")) for line in lines[1:-1]]
    assert [feature["properties"]["code"] for feature in features] == small.grids["code"].tolist()
    assert list(features[0]["properties"]) == ["code", "name", "kind", "households", "population"]


def test_tables_read_back_as_they_were(small, tmp_path):
    small.write(tmp_path)
    for name in TABLES:
        table = getattr(small, name)
        read = pd.read_csv(tmp_path / f"{name}.csv", dtype=str, keep_default_na=False)
        assert read.columns.tolist() == table.columns.tolist()
        assert read.iloc[:, 0].tolist() == table.iloc[:, 0].astype(str).tolist()
