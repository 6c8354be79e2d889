"""Figures: whose reports were then and whose the place is now."""

from __future__ import annotations

from datetime import date

from gridmap.operations import briefing
from gridmap.types import Level
from tests.operations.conftest import COMMUNITY, D, S, W, grids, run


def test_an_old_report_keeps_its_grid_and_a_table_shows_then_and_now(town, tmp_path):
    told = tmp_path / "reports.csv"
    told.write_text(
        "reference,text,lng,lat,reported_at\n"
        f"A,留在原网格,{W + 0.002},{S + 0.001},2026-02-01 08:00\n"
        f"B,今天属于左邻,{W + D + 0.0005},{S + 0.001},2026-02-01 08:00\n"
        f"C,今天在外面,{W + 0.0005},{S + 0.001},2026-02-01 08:00\n",
        encoding="utf-8",
    )
    run(town, "reports", told)
    assert briefing.then_and_now(town) == []
    run(
        town,
        "areas",
        grids(tmp_path / "moved.geojson", shift=0.001),
        level=Level.GRID,
        valid_from=date(2026, 6, 1),
    )
    rows = [(row["code"][-3:], (row["now_code"] or "")[-3:], row["n"]) for row in briefing.then_and_now(town)]
    # The boundaries moved 0.001° east: what was west of 001 now belongs to the community alone.
    assert sorted(rows) == [("001", "001", 1), ("001", COMMUNITY[-3:], 1), ("002", "001", 1)]
    assert {row["valid_to"] for row in briefing.then_and_now(town)} == {date(2026, 6, 1)}
