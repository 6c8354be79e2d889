"""`python -m tests.geocode.fit`: the weights of `gridmap.geocode.confidence`, and how reliable they are.

The demo town's reports with a known truth are put to the whole gazetteer and to ones from which a quarter of
the estates, buildings, doors and places is missing at random: in real towns much is missing, and what is
missing is taken for what is like it. Half of the estates and roads (by `evaluation.split_of`) is fitted, the
other half tells whether the confidence is right. Nothing is written; the weights are copied by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from gridmap.geocode import address, confidence, match
from gridmap.geocode.gazetteer import Gazetteer
from tests.geocode import evaluation, town

MISSING: Final = 0.25
TOWNS: Final = 4
# Pulls weights that few texts speak for towards nothing.
RIDGE: Final = 0.5
NAMES: Final = tuple(confidence.WEIGHTS)
# What speaks for an answer; everything else speaks against it.
FOR: Final = frozenset({"agreed", "support"})
EDGES: Final = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)

Floats = NDArray[np.float64]


def thinned(entries: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The gazetteer without a quarter of its estates and of everything else but roads and areas."""
    rng = np.random.default_rng(seed)
    estates = entries.loc[entries["kind"] == "estate", "name"].unique()
    gone = tuple(estates[rng.random(len(estates)) < MISSING])
    single = ~entries["kind"].isin(["road", "estate", "street", "community", "grid"])
    out = single & (rng.random(len(entries)) < MISSING)
    return entries[~(out | entries["name"].str.startswith(gone))].reset_index(drop=True)


def cases() -> Iterator[tuple[str, bool, dict[str, float]]]:
    """Half (`fit` or `held`), whether the area is right, and the features, of every text that has evidence."""
    folder = town.FOLDER
    reports = pd.read_csv(folder / "reports.csv", dtype=str, keep_default_na=False)
    truth = pd.read_csv(folder / "truth.csv", dtype=str)
    known = reports[["reference", "address"]].merge(truth[["reference", "area"]], on="reference")
    known = known[known["address"] != ""].drop_duplicates(["address", "area"])
    place = town.read()
    entries = place.entries()
    for gazetteer in (entries, *(thinned(entries, seed) for seed in range(TOWNS))):
        index = Gazetteer(gazetteer)
        found = match.resolve(list(known["address"]), index, place.owner)
        for text, area, finding in zip(known["address"], known["area"], found, strict=True):
            if finding.evidence and not finding.refused:
                half = evaluation.split_of(_subject(text))
                yield half, finding.area == area, confidence.features(finding.evidence)


def fit(features: Floats, right: NDArray[np.bool_]) -> Floats:
    """Intercept and weights of the logistic model, by penalised likelihood within their signs."""

    def loss(weights: Floats) -> tuple[float, Floats]:
        score = weights[0] + features @ weights[1:]
        sure = 1 / (1 + np.exp(-score))
        value = -np.where(right, np.log(sure + 1e-12), np.log(1 - sure + 1e-12)).sum()
        error = sure - right
        slope = np.concatenate([[error.sum()], features.T @ error])
        slope[1:] += 2 * RIDGE * weights[1:]
        return float(value + RIDGE * (weights[1:] ** 2).sum()), slope

    bounds = [(None, None), *((0, None) if name in FOR else (None, 0) for name in NAMES)]
    start = np.zeros(len(NAMES) + 1)
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    weights: Floats = result.x
    return weights


def main() -> None:
    half, right, features = zip(*cases(), strict=True)
    matrix = np.array([[row.get(name, 0.0) for name in NAMES] for row in features])
    hit, fitted = np.array(right), np.array(half) == "fit"
    weights = fit(matrix[fitted], hit[fitted])
    print(f"fitted to {fitted.sum()} answers, {(~hit[fitted]).sum()} of them wrong")
    print(f"intercept {weights[0]:.2f}")
    for name, value, column in zip(NAMES, weights[1:], matrix.T, strict=True):
        wrong = ((column > 0) & ~hit).sum()
        print(f"  {name:10}{value:7.2f}   in {(column > 0).sum():6} answers, {wrong} wrong")
    sure = 1 / (1 + np.exp(-(weights[0] + matrix[~fitted] @ weights[1:])))
    print("\nheld: confidence   answers    mean   right")
    for low, high in pairwise(EDGES):
        inside = (sure >= low) & ((sure < high) | (high == 1.0))
        if inside.any():
            share = hit[~fitted][inside].mean()
            print(f"  {low:.2f}-{high:.2f}       {inside.sum():8}   {sure[inside].mean():.3f}   {share:.3f}")


def _subject(text: str) -> str:
    """What a text is about, so that one estate or road is in one half: its first name without numbers."""
    spelled = address.canonical(text)
    steps = address.steps(spelled)
    return spelled[: steps[0].start] if steps else spelled


if __name__ == "__main__":
    main()
