from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from gridmap.config import ROOT
from gridmap.demo import texts
from gridmap.demo.patterns import HOURS, PATTERNS, SOURCES

DICTIONARIES = ROOT / "geodata" / "dictionaries"
TIMES = ("occurred_at", "reported_at", "due_at", "closed_at")
END = pd.Timestamp("2026-11-22")


@pytest.fixture(scope="module")
def reports(town):
    table = town.reports.copy()
    for column in TIMES:
        table[column] = pd.to_datetime(table[column].replace("", None), format="%Y-%m-%d %H:%M")
    return table


def metres(lng, lat):
    x, y = Transformer.from_crs(4490, 4545, always_xy=True).transform(lng, lat)
    return np.column_stack([x, y])


def dictionary(name):
    return pd.read_csv(DICTIONARIES / name, dtype=str, keep_default_na=False)


def test_references_count_up_within_each_day(reports):
    assert reports["reference"].is_unique
    assert reports["reference"].str.fullmatch(r"CX\d{8}-\d{4}").all()
    assert (reports["reference"].str[2:10] == reports["reported_at"].dt.strftime("%Y%m%d")).all()
    serial = reports["reference"].str[-4:].astype(int)
    assert (serial == reports.groupby(reports["reference"].str[:10]).cumcount() + 1).all()


def test_categories_and_sources_are_leaves_of_the_dictionaries(reports):
    categories = dictionary("categories.csv")
    leaves = set(categories["code"]) - set(categories["parent"])
    assert set(reports["category"]) <= leaves
    assert set(PATTERNS) == leaves
    assert set(SOURCES) == set(dictionary("report_sources.csv")["code"]) - {"imported"}


def test_two_years_and_nothing_after_them(reports):
    assert reports["reported_at"].min() >= pd.Timestamp("2024-11-22")
    assert reports["reported_at"].is_monotonic_increasing
    assert reports[list(TIMES)].drop(columns="due_at").max().max() < END


def test_times_are_in_order(reports):
    assert (reports["occurred_at"] <= reports["reported_at"])[reports["occurred_at"].notna()].all()
    assert (reports["due_at"] > reports["reported_at"])[reports["due_at"].notna()].all()
    assert (reports["closed_at"] > reports["reported_at"])[reports["closed_at"].notna()].all()
    assert reports.loc[reports["due_at"].isna(), "category"].unique().tolist() == ["other"]


def test_most_are_closed_some_late_some_never(reports):
    old = reports[reports["reported_at"] < END - pd.Timedelta(days=30)]
    assert old["closed_at"].notna().mean() == pytest.approx(0.975, abs=0.01)
    late = reports["closed_at"] > reports["due_at"]
    assert 0.03 < late.mean() < 0.15
    overdue = reports["closed_at"].isna() & (reports["due_at"] < END)
    running = reports["closed_at"].isna() & (reports["due_at"] >= END)
    assert overdue.sum() > 100
    assert running.sum() > 30


# The article's fall from year to year, by kind and for the four together.
def test_disputes_fall_as_in_the_article(reports):
    second = reports["reported_at"] >= "2025-11-22"
    counts = reports.groupby(["category", second]).size().unstack()
    four = counts.loc[["property", "family", "commerce", "new_economy"]]
    change = (four[True] / four[False] - 1).round(2)
    assert change.to_dict() == {"property": -0.45, "family": -0.36, "commerce": -0.19, "new_economy": -0.27}
    assert four[True].sum() / four[False].sum() - 1 == pytest.approx(-0.32, abs=0.01)


def test_rhythm_of_day_week_and_season(reports):
    hour, weekday, month = (
        getattr(reports["reported_at"].dt, part) for part in ("hour", "day_of_week", "month")
    )
    assert all(len(curve) == 24 for curve in HOURS.values())
    assert hour.between(8, 20).mean() > 0.7
    noise = reports["category"] == "noise"
    assert ((hour >= 20) | (hour <= 1))[noise].mean() > 0.4
    assert month[noise].isin([6, 7, 8]).mean() > 0.35
    assert month[reports["category"] == "land"].isin([3, 4]).mean() > 0.35
    assert month[reports["category"] == "lighting"].isin([11, 12, 1, 2]).mean() > 0.5
    office = reports["category"] == "property"
    assert (weekday[office] < 5).mean() > 5 / 7


def test_part_time_workers_report_what_they_pass(reports):
    part_time = reports[reports["source"] == "part_time"]
    assert len(part_time) == 1_500
    assert set(part_time["category"]) <= {
        *("security", "fire", "ebike", "lighting", "parking", "road", "drainage", "litter", "noise")
    }


def test_seven_in_ten_carry_gps_and_the_others_words_alone(reports):
    located = reports["lng"].notna()
    assert located.mean() == pytest.approx(0.72, abs=0.03)
    assert (reports["lat"].notna() == located).all()
    assert (reports["accuracy_m"].notna() == located).all()
    assert not located[reports["source"].isin(["telephone", "hotline", "counter"])].any()
    assert reports.loc[located, "accuracy_m"].between(3, 120).all()


def test_one_in_two_hundred_has_gps_outside_the_town(town, reports):
    located = reports[reports["lng"].notna()]
    points = shapely.points(located["lng"], located["lat"])
    far = ~shapely.dwithin(points, town.street.geometry.iloc[0], 0.004)
    assert far.sum() / len(reports) == pytest.approx(0.005, abs=0.002)
    assert not located.loc[far, "reference"].isin(town.truth["reference"]).any()


# A Rayleigh distribution whose 68th percentile is the stated accuracy.
def test_gps_is_as_exact_as_it_says(town, reports):
    both = reports[reports["lng"].notna()].merge(town.truth, on="reference", suffixes=("", "_true"))
    error = np.hypot(*(metres(both["lng"], both["lat"]) - metres(both["lng_true"], both["lat_true"])).T)
    assert (error <= both["accuracy_m"].to_numpy(dtype=float)).mean() == pytest.approx(0.68, abs=0.02)


def test_truth_is_known_for_a_third_and_agrees_with_the_grids(any_town):
    truth = any_town.truth
    assert len(truth) / len(any_town.reports) == pytest.approx(0.36, abs=0.03)
    assert truth["reference"].isin(any_town.reports["reference"]).all()
    polygons = any_town.grids.set_index("code").geometry
    points = shapely.points(truth["lng"], truth["lat"])
    assert shapely.intersects(polygons[truth["area"]].to_numpy(), points).all()
    # The owner rule: a dedicated grid before the general one that it lies on, then the smallest code.
    point, grid = any_town.grids.sindex.query(points, predicate="intersects")
    covering = any_town.grids.iloc[grid].assign(point=point).sort_values(["kind", "code"])
    assert covering.groupby("point")["code"].first().tolist() == truth["area"].tolist()


def test_texts_are_short_varied_and_harmless_to_spreadsheets(reports):
    assert reports["text"].nunique() > 400
    assert reports["text"].str.len().between(4, 45).all()
    for column in ("text", "address"):
        assert not reports[column].str.match(r"[=+\-@\t\r]").any()


def test_some_texts_are_hostile_to_careless_pages(town):
    hostile = town.reports[town.reports["text"].isin(texts.HOSTILE)]
    assert len(hostile) == len(texts.HOSTILE) == 20
    for part in ("<script>", "${", "`", '"', "'); DROP"):
        assert hostile["text"].str.contains(part, regex=False).any(), part
    written = town.reports.to_csv(index=False)
    assert sum(row[3] in texts.HOSTILE for row in csv.reader(io.StringIO(written))) == 20


@pytest.mark.parametrize("category", sorted(PATTERNS))
def test_every_category_has_many_sentences(category):
    found = texts.sentences(category)
    assert len(found) == len(set(found)) >= 7
    assert not any(mark in sentence for sentence in found for mark in "[]|")


def test_alternatives_in_brackets_are_all_written_out():
    assert texts.sentences("romance")[:3] == [
        "情侣分手后上门纠缠",
        "情侣分手后索要彩礼",
        "情侣分手后要回转账",
    ]


def test_hot_spots_are_recorded_where_and_when_they_are(town, reports):
    located = reports[reports["lng"].notna()]
    xy = metres(located["lng"], located["lat"])
    assert len(town.hotspots) == 8
    for spot in town.hotspots:
        assert spot["excess"] >= 100
        near = np.hypot(*(xy - metres([spot["lng"]], [spot["lat"]])).T) < spot["radius_m"] + 30
        mine = located[near & (located["category"] == spot["category"])]
        when = mine["reported_at"]
        inside = when.between(spot["first"], pd.Timestamp(spot["last"]) + pd.Timedelta(days=1))
        if spot["months"]:
            inside &= when.dt.month.isin(spot["months"])
        # Seven in ten carry GPS.
        assert inside.sum() > 0.6 * spot["excess"], spot["name"]
        if not inside.all():
            days = pd.date_range("2024-11-22", "2026-11-21")
            active = (days >= spot["first"]) & (days <= spot["last"])
            if spot["months"]:
                active &= days.month.isin(spot["months"])
            rate_in, rate_out = inside.sum() / active.sum(), (~inside).sum() / (~active).sum()
            assert rate_in > 3 * rate_out, spot["name"]


def test_the_emerging_hot_spot_grows_through_its_eight_weeks(town, reports):
    spot = next(spot for spot in town.hotspots if spot["growing"])
    located = reports[reports["lng"].notna() & (reports["category"] == spot["category"])]
    near = np.hypot(*(metres(located["lng"], located["lat"]) - metres([spot["lng"]], [spot["lat"]])).T)
    when = located.loc[near < spot["radius_m"] + 30, "reported_at"]
    middle = END - pd.Timedelta(weeks=4)
    early, late = when.between(spot["first"], middle).sum(), when.between(middle, END).sum()
    assert late > 2 * early > 0
