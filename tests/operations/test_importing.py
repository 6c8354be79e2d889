"""Imports end to end: what is told, what is saved, what a second import does."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import text

from gridmap.errors import InputError
from gridmap.geo import datum
from gridmap.operations import exporting, importing
from gridmap.store import areas, stations
from gridmap.types import Level
from tests.conftest import quiet
from tests.operations.conftest import COMMUNITY, STREET, D, S, W, count, grids, run, write_areas
from tests.realdata import path


def test_a_dry_run_saves_nothing(town, tmp_path):
    before = count(town, "imports")
    file = grids(tmp_path / "moved.geojson", shift=0.001)
    plan = importing.prepare(
        town, importing.Request(kind="areas", file=file, crs="wgs84", level=Level.GRID), quiet
    )
    assert plan.report()[0] == "moved.geojson: 3 rows accepted, 0 rejected"
    assert count(town, "areas", "valid_to IS NOT NULL") == 0
    assert count(town, "imports") == before


def test_the_same_file_again_changes_nothing(town, tmp_path):
    _, outcome = run(town, "areas", tmp_path / "g.geojson", level=Level.GRID)
    assert (outcome.merged.added, outcome.merged.changed, outcome.merged.unchanged) == (0, 0, 3)


def test_a_changed_boundary_is_a_new_version_and_old_reports_keep_theirs(town, tmp_path):
    told = tmp_path / "reports.csv"
    told.write_text(
        "reference,category,text,lng,lat,reported_at\n"
        f"R1,lighting,路灯不亮,{W + 0.0005},{S + 0.001},2026-02-01 08:00\n",
        encoding="utf-8",
    )
    run(town, "reports", told)
    old = town.execute(text("SELECT area, area_id FROM reports")).one()
    assert old.area == COMMUNITY + "001"
    _, outcome = run(
        town,
        "areas",
        grids(tmp_path / "moved.geojson", shift=0.001),
        level=Level.GRID,
        valid_from=date(2026, 6, 1),
    )
    assert outcome.merged.changed == 3
    versions = areas.list_versions(town, COMMUNITY + "001")
    assert versions["valid_to"].tolist() == [date(2026, 6, 1), None]
    assert town.execute(text("SELECT area, area_id FROM reports")).one() == old
    assert town.scalar(text("SELECT valid_to FROM areas WHERE id = :id"), {"id": old.area_id}) == date(
        2026, 6, 1
    )


def test_stations_follow_a_moved_boundary(town, tmp_path):
    told = tmp_path / "stations.csv"
    told.write_text(f"name,kind,lng,lat\n桥头驿站,jiuke,{W + D - 0.0005},{S + 0.001}\n", encoding="utf-8")
    run(town, "stations", told)
    assert stations.list_stations(town)["area"].tolist() == [COMMUNITY + "001"]
    run(town, "areas", grids(tmp_path / "moved.geojson", shift=-0.001), level=Level.GRID)
    assert stations.list_stations(town)["area"].tolist() == [COMMUNITY + "002"]


def test_a_report_outside_waits_and_is_adopted_when_its_area_comes(town, tmp_path):
    told = tmp_path / "reports.csv"
    told.write_text(
        f"reference,text,lng,lat,reported_at\n"
        f"IN,在网格内,{W + 0.001},{S + 0.001},2026-02-01 08:00\n"
        f"OUT,在网格外,{W + 3.5 * D},{S + 0.001},2026-02-01 08:00\n"
        f"WORDS,只有文字,,,2026-02-01 08:00\n",
        encoding="utf-8",
    )
    _, outcome = run(town, "reports", told)
    assert (outcome.merged.added, outcome.placed, outcome.queued) == (3, 1, 2)
    fourth = write_areas(
        tmp_path / "fourth.geojson",
        [(f"{COMMUNITY}004", shapely.box(W + 3 * D, S, W + 4 * D, S + D), {"kind": "专属网格"})],
    )
    _, outcome = run(town, "areas", fourth, level=Level.GRID)
    assert outcome.settled == 1
    placed = dict(town.execute(text("SELECT reference, area FROM reports")).all())
    assert placed == {"IN": COMMUNITY + "001", "OUT": COMMUNITY + "004", "WORDS": None}


def test_raw_coordinates_are_kept_as_declared(town, tmp_path):
    true = [[W + 0.001, S + 0.001]]
    (x, y), *_ = datum.convert(true, "wgs84", "bd09")
    told = tmp_path / "reports.csv"
    told.write_text(
        f"reference,text,lng,lat,reported_at\nB,百度坐标,{x},{y},2026-02-01 08:00\n", encoding="utf-8"
    )
    run(town, "reports", told, crs="bd09")
    row = town.execute(text("SELECT raw_x, raw_y, raw_crs, ST_X(geom) AS lng, area FROM reports")).one()
    assert (row.raw_x, row.raw_y, row.raw_crs) == (x, y, "bd09")
    assert row.lng == pytest.approx(true[0][0], abs=1e-8)
    assert row.area == COMMUNITY + "001"


def test_an_update_of_a_report_is_a_change_not_a_second_report(town, tmp_path):
    told = tmp_path / "reports.csv"
    head = "reference,text,lng,lat,reported_at,closed_at\n"
    told.write_text(head + f"R1,路灯,{W + 0.001},{S + 0.001},2026-02-01 08:00,\n", encoding="utf-8")
    run(town, "reports", told)
    told.write_text(
        head + f"R1,路灯,{W + 0.001},{S + 0.001},2026-02-01 08:00,2026-02-03 09:00\n", encoding="utf-8"
    )
    _, outcome = run(town, "reports", told)
    assert (outcome.merged.added, outcome.merged.changed) == (0, 1)
    assert count(town, "reports", "closed_at IS NOT NULL") == 1


def test_gaps_and_overlaps_are_told_and_drawn(town, tmp_path, monkeypatch):
    file = write_areas(
        tmp_path / "bad.geojson",
        [
            (COMMUNITY + "101", shapely.box(W, S, W + D, S + D), {}),
            (COMMUNITY + "102", shapely.box(W + D * 0.9, S, W + 2 * D, S + D), {}),
        ],
    )
    plan = importing.prepare(
        town, importing.Request(kind="areas", file=file, crs="wgs84", level=Level.GRID), quiet
    )
    # A tenth of a cell of 0.004° is about 38 m wide and 444 m high.
    assert any("1 overlap" in line for line in plan.report())
    monkeypatch.chdir(tmp_path)
    (written,) = plan.write_findings()
    drawn = gpd.read_file(written)
    assert drawn["finding"].tolist() == ["overlap"]
    assert drawn["area_m2"].iloc[0] == pytest.approx(38.2 * 443.5, rel=0.02)


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".zip", ".parquet"])
def test_areas_survive_a_round_trip(town, tmp_path, ending):
    file = tmp_path / f"out{ending}"
    assert exporting.export(town, "areas", file, Level.GRID) == 3
    plan, outcome = run(town, "areas", file, crs="cgcs2000", level=Level.GRID)
    assert outcome.merged.unchanged == 3, plan.report()


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".csv", ".xlsx", ".parquet"])
def test_stations_survive_a_round_trip(town, tmp_path, ending):
    told = tmp_path / "stations.csv"
    told.write_text(
        "reference,kind,name,address,phone,lng,lat,opening_hours,amenities,capacity,use_month,visits,waters,medicines\n"
        f"007,jiuke,=桥头驿站,'=1+1,+86 138,{W + 0.001},{S + 0.001},Mo-Su 08:00-22:00,water;toilet,9,2026-10,5,6,7\n"
        f"008,red,乙,地址,010-1,{W + 0.002},{S + 0.001},24/7,,,,,,\n".replace("=桥头", "桥头"),
        encoding="utf-8",
    )
    run(town, "stations", told, crs="cgcs2000")
    before = stations.list_stations(town)
    assert before["address"].tolist() == ["=1+1", "地址"]
    file = tmp_path / f"out{ending}"
    exporting.export(town, "stations", file, None)
    _, outcome = run(town, "stations", file, crs="cgcs2000")
    assert outcome.merged.unchanged == 2
    after = stations.list_stations(town)
    assert after["amenities"].tolist() == before["amenities"].tolist() == [["water", "toilet"], []]
    assert after["visits"].tolist()[0] == 5


class TestRealData:
    def test_taipei(self, session):
        plan, outcome = run(
            session,
            "areas",
            path("taipei/taipei_village.geojson"),
            level=Level.COMMUNITY,
            mapping={"code": "NPTVID", "name": "VNAME"},
        )
        assert outcome.merged.added == 456
        repaired = [line for line in plan.report() if "repaired" in line]
        assert len(repaired) == 2
        assert any("6301000001" in line for line in repaired)
        _, outcome = run(session, "stations", path("taipei/socl_welfare_organization_plc.geojson"))
        # Three lie in New Taipei, as their addresses say.
        assert (outcome.merged.added, outcome.placed, outcome.queued) == (578, 575, 3)
        villages = gpd.read_file(path("taipei/taipei_village.geojson"))
        district = dict(zip(villages["NPTVID"].astype("int64").astype(str), villages["TNAME"], strict=True))
        stored = stations.list_stations(session)
        agree = [
            district.get(area) is not None and district[area] in address
            for area, address in zip(stored["area"], stored["address"], strict=True)
        ]
        assert sum(agree) >= 575

    def test_new_york(self, session):
        zips = path("nyc_311/nyc-zipcodes.geojson")
        with pytest.raises(
            InputError, match=r"row 48, field \"postalCode\": code '10463' is already in row 43"
        ):
            run(session, "areas", zips, level=Level.GRID, mapping={"code": "postalCode"})
        run(session, "areas", zips, level=Level.GRID, mapping={"code": "postalCode"}, merge_parts=True)
        _, outcome = run(session, "reports", path("nyc_311/311.csv"))
        assert outcome.merged.added == 5895
        found = dict(
            session.execute(text("SELECT reference, area FROM reports WHERE area IS NOT NULL")).all()
        )
        import pandas as pd

        told = pd.read_csv(path("nyc_311/311.csv"), dtype=str).set_index("Unique Key")["Incident Zip"]
        # Thirteen of the 5,838 with coordinates lie in no zip's polygon.
        assert len(found) == 5825
        assert sum(told[key] == area for key, area in found.items()) / len(found) >= 0.969

    def test_a_county_in_gcj02_is_not_taken_for_wgs84(self, session, tmp_path):
        import numpy as np

        county = path("cn_admin/511723.geojson")
        true = shapely.transform(
            gpd.read_file(county).geometry.iloc[0], lambda xy: datum.convert(xy, "gcj02", "wgs84")
        )
        rng = np.random.default_rng(3)
        west, south, east, north = true.bounds
        spots = rng.uniform((west, south), (east, north), (3000, 2))
        spots = spots[shapely.contains_xy(true, *spots.T)]
        told = tmp_path / "points.csv"
        told.write_text(
            "name,lng,lat\n" + "".join(f"点{n},{x:.6f},{y:.6f}\n" for n, (x, y) in enumerate(spots)),
            encoding="utf-8",
        )
        run(session, "stations", told)

        def warnings(crs):
            request = importing.Request(kind="areas", file=county, crs=crs, level=Level.COUNTY)
            return importing.prepare(session, request, quiet).warnings

        (warning,) = warnings("wgs84")
        assert "if the areas were gcj02" in warning
        assert warnings("gcj02") == []
        run(session, "areas", county, crs="wgs84", level=Level.COUNTY)
        plan = importing.prepare(session, importing.Request(kind="stations", file=told, crs="wgs84"), quiet)
        assert len(plan.warnings) == 1


def test_swapped_and_mistaken_systems_are_warned_about(town, tmp_path):
    import numpy as np

    rng = np.random.default_rng(5)
    spots = rng.uniform((W, S), (W + 3 * D, S + D), (200, 2))
    told = tmp_path / "points.csv"
    told.write_text(
        "name,lng,lat\n" + "".join(f"点{n},{x},{y}\n" for n, (x, y) in enumerate(spots)), encoding="utf-8"
    )
    plain = importing.prepare(town, importing.Request(kind="stations", file=told, crs="wgs84"), quiet)
    assert plain.warnings == []
    mistaken = importing.prepare(town, importing.Request(kind="stations", file=told, crs="gcj02"), quiet)
    assert "if the file were wgs84" in mistaken.warnings[0]
    mistaken = importing.prepare(town, importing.Request(kind="stations", file=told, crs="bd09"), quiet)
    assert "if the file were wgs84" in mistaken.warnings[0]


def assert_refused(session, kind, file, words, **options):
    with pytest.raises(InputError, match=words):
        run(session, kind, file, **options)


def test_a_code_keeps_its_level(town, tmp_path):
    whole = shapely.box(W, S, W + D, S + D)
    file = write_areas(tmp_path / "again.geojson", [(STREET, whole, {"parent": COMMUNITY})])
    options = {"level": Level.COMMUNITY, "codes": "foreign", "mapping": {"parent": "parent"}}
    assert_refused(town, "areas", file, "is the code of a street already", **options)


def test_a_parent_must_be_broader(town, tmp_path):
    whole = shapely.box(W, S, W + D, S + D)
    file = write_areas(tmp_path / "loop.geojson", [("new", whole, {"parent": f"{COMMUNITY}001"})])
    options = {"level": Level.COMMUNITY, "codes": "foreign", "mapping": {"parent": "parent"}}
    assert_refused(town, "areas", file, "is a grid, which cannot hold a community", **options)


def test_a_boundary_begins_neither_in_the_future_nor_before_the_one_in_force(town, tmp_path):
    file = grids(tmp_path / "moved.geojson", shift=0.001)
    assert_refused(town, "areas", file, "lies in the future", level=Level.GRID, valid_from=date(2199, 1, 1))
    assert_refused(town, "areas", file, "began on 2026-01-01", level=Level.GRID, valid_from=date(2020, 1, 1))


def test_homes_at_one_point_are_all_kept_and_known_again(town, tmp_path):
    told = tmp_path / "demand.csv"
    spot = f"{W + 0.001},{S + 0.001}"
    told.write_text(
        f"building,people,lng,lat\nB1,3,{spot}\nB1,5,{spot}\nB1,5,{spot}\n,7,{spot}\n,9,{spot}\n",
        encoding="utf-8",
    )
    _, outcome = run(town, "demand", told)
    assert outcome.merged.added == 5
    assert town.scalar(text("SELECT sum(people) FROM demand")) == 29
    _, outcome = run(town, "demand", told)
    assert outcome.merged.unchanged == 5


def test_a_worker_of_a_grid_that_is_not_stored_is_refused(town, tmp_path):
    told = tmp_path / "workers.csv"
    told.write_text(
        f"name,phone,role,areas\n甲,139,专职,{COMMUNITY}001\n乙,138,专职,999999\n", encoding="utf-8"
    )
    assert_refused(town, "workers", told, "area 999999 is not stored")


def test_a_repaired_ring_is_listed_with_its_size_and_drawn(town, tmp_path, monkeypatch):
    bow_tie = shapely.Polygon([(W, S), (W + D, S + D), (W + D, S), (W, S + D)])
    file = write_areas(tmp_path / "bow.geojson", [(COMMUNITY + "009", bow_tie, {})])
    plan = importing.prepare(
        town, importing.Request(kind="areas", file=file, crs="wgs84", level=Level.GRID), quiet
    )
    assert any(line.startswith("tiling: invalid") and "m² after repair" in line for line in plan.report())
    monkeypatch.chdir(tmp_path)
    (written,) = plan.write_findings()
    assert gpd.read_file(written)["finding"].tolist() == ["invalid"]


def test_a_scribble_is_refused_at_once(town, tmp_path):
    import numpy as np

    rng = np.random.default_rng(1)
    file = write_areas(
        tmp_path / "scribble.geojson",
        [(COMMUNITY + "009", shapely.Polygon(rng.uniform((W, S), (W + D, S + D), (3000, 2))), {})],
    )
    assert_refused(town, "areas", file, "crosses itself too often", level=Level.GRID)


def test_findings_go_elsewhere_where_the_folder_cannot_be_written(town, tmp_path, monkeypatch):
    told = tmp_path / "stations.csv"
    told.write_text("name,lng,lat\n甲,500,31\n", encoding="utf-8")
    plan = importing.prepare(town, importing.Request(kind="stations", file=told, crs="wgs84"), quiet)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stations.rejected.csv").mkdir()
    (written,) = plan.write_findings()
    assert written.parent != tmp_path
    assert written.is_file()
