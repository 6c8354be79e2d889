"""The labels hold together, the measures measure, and the geocoder reaches its goals on them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests import realdata
from tests.geocode import evaluation, generate, town, trial
from tests.geocode.taipei import Taipei

WRITTEN, GENERATED = (evaluation.load(name) for name in trial.FILES)
BOTH = pd.concat([WRITTEN, GENERATED], ignore_index=True)

REQUIRED = {
    "full", "short", "alias", "traditional", "homophone", "fullwidth", "relative", "ambiguous", "rural", "outside",
    "empty", "nonsense", "combined", "trap", "noise", "contradictory", "number",
}  # fmt: skip
LEAST_A_STRATUM = 20


def test_there_are_as_many_labels_as_promised():
    assert len(WRITTEN) >= 300
    assert len(BOTH) >= 800
    assert set(WRITTEN["stratum"]) >= REQUIRED
    assert BOTH.groupby("stratum").size().min() >= LEAST_A_STRATUM


def test_no_text_is_labelled_twice():
    for labels in (WRITTEN, GENERATED):
        assert not labels["text"].duplicated().any()


def test_gold_areas_are_the_grids_that_cover_the_gold_points():
    placed = BOTH[BOTH["area"] != ""]
    found = town.read().owner(placed["lng"].to_numpy(float), placed["lat"].to_numpy(float))
    assert list(found) == list(placed["area"])


def test_answers_have_a_place_and_abstentions_have_none():
    answer = BOTH["gold"] == "answer"
    assert BOTH.loc[answer, ["place", "area", "estate"]].ne("").all(axis=None)
    assert BOTH.loc[answer, ["lng", "lat"]].notna().all(axis=None)
    assert BOTH.loc[~answer, "place"].eq("").all()
    assert set(BOTH["gold"]) == {"answer", "abstain"}
    # Written by hand, what nobody can know has no true area; of removed records it is known all the same.
    assert WRITTEN.loc[WRITTEN["gold"] == "abstain", "area"].eq("").all()
    assert GENERATED["area"].ne("").all()


def test_strata_without_a_place_are_never_to_be_answered():
    assert WRITTEN.loc[WRITTEN["stratum"].isin(evaluation.NEVER_PLACED), "gold"].eq("abstain").all()


def test_the_split_never_divides_an_estate():
    assert BOTH.groupby("estate")["split"].nunique().max() == 1
    assert list(BOTH["split"]) == [evaluation.split_of(estate) for estate in BOTH["estate"]]
    assert BOTH["split"].value_counts(normalize=True).min() > 0.3


def test_generated_files_are_what_the_generator_makes(tmp_path):
    generate.write(tmp_path)
    for name in ("removed.csv", "generated.csv"):
        assert (tmp_path / name).read_bytes() == (evaluation.LABELS / name).read_bytes()


def test_removed_records_are_in_no_form_in_the_gazetteer_of_the_evaluation():
    entries = generate.known().entries()
    removed = generate.removed()
    named = removed[~removed["kind"].eq("estate") | ~removed["name"].duplicated(keep=False)]
    assert not set(entries["name"]) & set(named["name"])
    lost = tuple(removed.loc[removed["kind"] == "estate", "name"])
    assert not entries["name"].str.startswith(lost).any()
    assert len(entries) > 0.8 * len(town.read().entries())


@pytest.fixture
def labels():
    return pd.DataFrame(
        {
            "text": list("abcdef"),
            "stratum": ["full"] * 6,
            "gold": ["answer", "answer", "answer", "abstain", "abstain", "abstain"],
            "place": ["甲小区1栋", "乙路3号", "丙", "", "", ""],
            "lng": [107.85, 107.85, 107.85, 107.85, np.nan, np.nan],
            "lat": [31.08, 31.08, 31.08, 31.08, np.nan, np.nan],
            "area": ["1", "2", "3", "4", "", ""],
            "estate": ["甲小区", "乙路", "丙", "丁", "戊", "己"],
            "split": ["fit"] * 6,
        }
    )


@pytest.fixture
def answers():
    return pd.DataFrame(
        {
            "place": ["甲小区", "乙路", None, "丁小区", "戊", None],
            "x": [107.85, 107.86, np.nan, 107.85, 107.85, np.nan],
            "y": [31.08, 31.08, np.nan, 31.08, 31.08, np.nan],
            "area": ["1", "9", None, "4", "5", None],
            "confidence": [0.9, 0.6, 0.0, 0.8, 0.7, 0.0],
            "status": ["answered", "answered", "abstained", "answered", "answered", "abstained"],
        }
    )


def test_answers_are_judged_by_the_true_area(labels, answers):
    judged = evaluation.judge(labels, answers)
    # d is of gold `abstain`, but its true area was found; e has no true area.
    assert list(judged["right_area"]) == [1, 0, 0, 1, 0, 0]
    assert list(judged["wrong"]) == [0, 1, 0, 0, 1, 0]
    rates = evaluation.rates(judged)
    assert rates["right_of_answered"] == 2 / 4
    assert rates["right_of_answerable"] == 1 / 3
    assert rates["abstain_rate"] == 1 / 3
    assert rates["confident_wrong"] == 2 / 6
    assert rates["abstain_recall"] == 2 / 3
    # The road is not the door that was asked for, and 955 m from it.
    assert rates["top1_place"] == 1 / 3
    assert judged["error_m"][1] == pytest.approx(954, abs=2)
    assert np.isnan(judged["error_m"][2])


def test_intervals_hold_the_rate_and_vanish_without_variety(labels, answers):
    judged = evaluation.judge(labels, answers)
    bounds = evaluation.intervals(judged)
    for name, rate in evaluation.rates(judged).items():
        low, high = bounds[name]
        assert low <= rate <= high
    assert bounds == evaluation.intervals(judged)
    same = evaluation.intervals(judged.iloc[[0, 0, 0]].assign(estate=["a", "b", "c"]))
    assert same["right_of_answered"] == (1.0, 1.0)
    assert np.isnan(same["abstain_recall"]).all()


def test_reliability_and_risk_count_the_answered(labels, answers):
    judged = evaluation.judge(labels, answers)
    table = evaluation.reliability(judged)
    assert table["n"].sum() == 4
    assert table["right"][9] == 1.0
    curve = evaluation.risk_coverage(judged)
    assert curve[0] == (pytest.approx(1 / 6), 0.0)
    assert curve[-1] == (pytest.approx(4 / 6), 0.5)


ENTRIES = pd.DataFrame(
    {
        "name": ["状元府小区", "幸福小区", "幸福小区", "人民路335号"],
        "aliases": [["状元府"], [], [], None],
        "kind": ["estate", "estate", "estate", "address"],
        "parent": [None] * 4,
        "x": [107.1, 107.2, 107.3, 107.4],
        "y": [31.0] * 4,
        "area": ["1", "2", "3", "4"],
    }
)


def test_exact_match_answers_names_of_one_area():
    found = evaluation.exact(["狀元府", "幸福小区", "人民路３３５号", "状元府3栋", ""], ENTRIES)
    assert list(found["status"]) == ["answered", "abstained", "answered", "abstained", "abstained"]
    assert list(found["area"])[:3:2] == ["1", "4"]


def test_trigrams_are_padded_as_pg_trgm_pads_them():
    # Each has six, with two blanks before the word and one after it; three are in both, so nine in all.
    found = evaluation.trigram(["状元府3栋", "完全不同", ""], ENTRIES.iloc[[0]].assign(aliases=None))
    assert found["confidence"][0] == pytest.approx(3 / 9)
    assert list(found["status"]) == ["answered", "abstained", "abstained"]


@pytest.fixture(scope="module", params=["held", "all"])
def judged(request):
    rows = trial.judged("geocoder")
    return trial.held(rows) if request.param == "held" else rows


def told(rows: pd.DataFrame) -> str:
    """The first rows that are not as they should be."""
    return "\n" + rows[["text", "stratum", "place", "area", "gold_area", "confidence"]].head(40).to_string()


def test_answers_are_right(judged):
    rate = evaluation.rates(judged)["right_of_answered"]
    assert rate >= 0.98, told(judged[judged["wrong"] == 1])


def test_few_answers_are_confident_and_wrong(judged):
    rate = evaluation.rates(judged)["confident_wrong"]
    assert rate <= 0.01, told(judged[judged["wrong"] == 1])


def test_what_can_be_answered_is(judged):
    rate = evaluation.rates(judged)["abstain_rate"]
    assert rate <= 0.15, told(judged[judged["withheld"] == 1])


def test_what_has_no_place_in_town_is_never_placed(judged):
    rows = judged[judged["stratum"].isin(evaluation.NEVER_PLACED)]
    assert len(rows)
    assert not rows["answered"].any(), told(rows[rows["answered"] == 1])


@pytest.mark.parametrize("baseline", ["exact", "trigram"])
def test_the_geocoder_finds_more_than_the_baselines(judged, baseline):
    other = trial.judged(baseline)
    other = other.loc[judged.index]
    assert evaluation.rates(judged)["right_of_answerable"] > evaluation.rates(other)["right_of_answerable"]


def test_the_village_named_in_an_address_of_taipei_is_the_area_found():
    counts = Taipei(realdata.path("taipei")).villages_named()
    assert counts["n"] > 2_700
    assert counts["right"] >= 0.98 * counts["answered"]
    assert counts["wrong"] <= 0.01 * counts["n"]
    assert counts["answered"] >= 0.85 * counts["n"]
