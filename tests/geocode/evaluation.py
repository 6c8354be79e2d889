"""Labels, what an answer to a label is worth, and what many are: rates with intervals, and baselines.

Answers are a frame in the order of the labels: place, x, y (lon/lat EPSG:4490), area, confidence, status.
Nothing here knows how they came about.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Geod
from scipy.sparse import csr_matrix

from gridmap.geocode.address import normalise

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Baseline = Callable[[Sequence[str], pd.DataFrame], pd.DataFrame]

LABELS: Final = Path(__file__).parent / "labels"
RESAMPLES: Final = 1_000
# pg_trgm's own threshold for the operator %.
SIMILAR: Final = 0.3
# An answer this near to the gold point means the same place, whatever it is called.
SAME_M: Final = 15.0
BINS: Final = 10

# Metric → (numerator, denominator), columns of `judge`.
RATES: Final = {
    "top1_place": ("right_place", "answerable"),
    "right_of_answered": ("right_area", "answered"),
    "right_of_answerable": ("found", "answerable"),
    "abstain_rate": ("withheld", "answerable"),
    "confident_wrong": ("wrong", "row"),
    "abstain_recall": ("rightly_withheld", "unanswerable"),
}
# Texts of these strata have no place in the town: any answer is wrong.
NEVER_PLACED: Final = ("outside", "empty", "nonsense")

_GEOD = Geod(ellps="GRS80")


def split_of(estate: str) -> str:
    """`fit` or `held`: by the estate, so that no estate is in both."""
    return "held" if zlib.crc32(estate.encode()) % 2 else "fit"


def load(name: str) -> pd.DataFrame:
    """A file of labels, all text but lng and lat."""
    labels = pd.read_csv(LABELS / name, dtype=str, keep_default_na=False, encoding="utf-8")
    for column in ("lng", "lat"):
        labels[column] = pd.to_numeric(labels[column].replace("", None))
    return labels


def judge(labels: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Per row, what the answer is worth: flags as numbers for `RATES`, error in metres, confidence.

    A row of gold `abstain` may know the true area: an answer that is right all the same is not wrong, nor is
    it held against the abstaining.
    """
    answered = answers["status"].to_numpy() == "answered"
    answerable = labels["gold"].to_numpy() == "answer"
    area = answers["area"].fillna("").to_numpy()
    right = answered & (area == labels["area"].to_numpy()) & (area != "")
    error = _metres(labels, answers)
    error[~answered] = np.nan
    same = [_same(*row) for row in zip(answers["place"], labels["place"], labels["estate"], strict=True)]
    flags = {
        "row": np.ones(len(labels), bool),
        "answered": answered,
        "answerable": answerable,
        "unanswerable": ~answerable,
        "right_area": right,
        "found": right & answerable,
        "right_place": answered & answerable & (np.array(same, bool) | (error <= SAME_M)),
        "withheld": ~answered & answerable,
        "rightly_withheld": (~answered | right) & ~answerable,
        "wrong": answered & ~right,
    }
    judged = pd.DataFrame({name: flag.astype(float) for name, flag in flags.items()}, index=labels.index)
    return judged.assign(
        error_m=error,
        confidence=answers["confidence"].to_numpy(float),
        estate=labels["estate"].to_numpy(),
        stratum=labels["stratum"].to_numpy(),
        split=labels["split"].to_numpy(),
        text=labels["text"].to_numpy(),
        gold_area=labels["area"].to_numpy(),
        area=area,
        place=answers["place"].fillna("").to_numpy(),
    )


def _same(place: str | float | None, gold: str, estate: str) -> bool:
    """Whether a name means the gold place: the same, or, where no door is asked for, the same estate."""
    if not isinstance(place, str) or not gold:
        return False
    return place == gold or (not gold.endswith("号") and place.startswith(estate))


def _metres(labels: pd.DataFrame, answers: pd.DataFrame) -> Floats:
    x, y, lng, lat = (
        frame[name].to_numpy(float)
        for frame, name in ((answers, "x"), (answers, "y"), (labels, "lng"), (labels, "lat"))
    )
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(lng) & np.isfinite(lat)
    metres = np.full(len(x), np.nan)
    metres[known] = _GEOD.inv(x[known], y[known], lng[known], lat[known])[2]
    return metres


def rates(judged: pd.DataFrame) -> dict[str, float]:
    """Every rate of `RATES` (NaN where there is nothing to divide by), and the errors' median and P90."""
    found = {name: _ratio(judged[top].sum(), judged[bottom].sum()) for name, (top, bottom) in RATES.items()}
    error = judged["error_m"].dropna()
    if len(error):
        return found | {"median_m": float(error.median()), "p90_m": float(error.quantile(0.9))}
    return found | {"median_m": np.nan, "p90_m": np.nan}


def _ratio(top: float, bottom: float) -> float:
    return float(top / bottom) if bottom else np.nan


def intervals(judged: pd.DataFrame, seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % of the rates and error quantiles when estates, not rows, are drawn again with replacement."""
    key, groups = pd.factorize(judged["estate"])
    n = len(groups)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    bounds = {}
    for name, (top, bottom) in RATES.items():
        sums = [times @ np.bincount(key, judged[column].to_numpy(), n) for column in (top, bottom)]
        with np.errstate(invalid="ignore", divide="ignore"):
            bounds[name] = _middle(sums[0] / sums[1])
    error = judged["error_m"].to_numpy()
    order = np.argsort(error)[: np.isfinite(error).sum()]
    weight = np.cumsum(times[:, key[order]], axis=1)
    for name, share in (("median_m", 0.5), ("p90_m", 0.9)):
        bounds[name] = _middle(_weighted(error[order], weight, share))
    return bounds


def _middle(values: Floats) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not len(values):
        return np.nan, np.nan
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def _weighted(ordered: Floats, weight: NDArray[np.int64], share: float) -> Floats:
    """For each row of running weights, the value that the share of the weight lies at or below."""
    if not len(ordered):
        return np.array([])
    place = np.minimum((weight < share * weight[:, -1:]).sum(axis=1), len(ordered) - 1)
    return np.asarray(ordered[place], dtype=np.float64)


def reliability(judged: pd.DataFrame) -> pd.DataFrame:
    """The answered rows in bins of confidence: n, mean confidence, share right."""
    rows = judged[judged["answered"] == 1]
    bins = (rows["confidence"] * BINS).astype(int).clip(upper=BINS - 1).rename("bin")
    table = rows.groupby(bins).agg(
        n=("row", "size"), confidence=("confidence", "mean"), right=("right_area", "mean")
    )
    return table.reindex(pd.RangeIndex(BINS, name="bin")).assign(n=lambda t: t["n"].fillna(0).astype(int))


def risk_coverage(judged: pd.DataFrame, points: int = 10) -> list[tuple[float, float]]:
    """(share of the rows answered, share wrong among them), the most confident answers first."""
    rows = judged[judged["answered"] == 1].sort_values("confidence", ascending=False, kind="stable")
    if rows.empty:
        return []
    wrong = rows["wrong"].cumsum().to_numpy()
    counts = np.unique(np.ceil(np.linspace(1 / points, 1, points) * len(rows)).astype(int))
    return [(float(n / len(judged)), float(wrong[n - 1] / n)) for n in counts]


def exact(texts: Sequence[str], entries: pd.DataFrame) -> pd.DataFrame:
    """Baseline: the text is, normalised, the name or an alias of a place; names of two areas say nothing."""
    known = _named(entries)
    areas = known.groupby("key")["area"].transform("nunique")
    first = known[areas == 1].drop_duplicates("key").set_index("key")
    wanted = pd.Series([normalise(text) for text in texts], dtype=object)
    rows = first.reindex(wanted.where(wanted != "", None))
    found = rows["name"].notna().to_numpy(bool)
    return _answers(rows, found, found.astype(np.float64))


def trigram(texts: Sequence[str], entries: pd.DataFrame) -> pd.DataFrame:
    """Baseline: the name or alias most similar to the text as pg_trgm measures it, from `SIMILAR` on."""
    known = _named(entries).drop_duplicates("key").reset_index(drop=True)
    words = {gram: k for k, gram in enumerate(sorted({g for key in known["key"] for g in _grams(key)}))}
    ours, our_sizes = _incidence(list(known["key"]), words)
    theirs, their_sizes = _incidence([normalise(text) for text in texts], words)
    best, score = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts))
    shares = (theirs @ ours.T).tocsr()
    for k in range(len(texts)):
        span = slice(shares.indptr[k], shares.indptr[k + 1])
        names, common = shares.indices[span], shares.data[span]
        if len(names):
            alike = common / (their_sizes[k] + our_sizes[names] - common)
            # Of equals the first in the gazetteer.
            top = np.lexsort((names, -alike))[0]
            best[k], score[k] = names[top], alike[top]
    return _answers(known.iloc[best], score >= SIMILAR, score)


def _named(entries: pd.DataFrame) -> pd.DataFrame:
    """A row for every name and alias, `key` its normal form; in the order of the entries, names first."""
    aliases = entries["aliases"].map(lambda listed: listed if isinstance(listed, list) else [])
    called = pd.concat([entries.assign(word=entries["name"]), entries.assign(word=aliases).explode("word")])
    called = called[called["word"].notna() & called["area"].notna()]
    keys = {word: normalise(word) for word in called["word"].unique()}
    return called.assign(key=called["word"].map(keys))[["key", "name", "x", "y", "area"]]


def _grams(text: str) -> set[str]:
    """Trigrams of pg_trgm: each word with two blanks before it and one after it."""
    return {
        padded[k : k + 3]
        for word in "".join(c if c.isalnum() else " " for c in text.lower()).split()
        for padded in [f"  {word} "]
        for k in range(len(padded) - 2)
    }


def _incidence(texts: Sequence[str], words: dict[str, int]) -> tuple[csr_matrix, Floats]:
    """Which text (row) has which trigram (column), and how many different ones each text has."""
    grams = [_grams(text) for text in texts]
    pairs = [(k, words[gram]) for k, mine in enumerate(grams) for gram in mine if gram in words]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    matrix = csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=(len(texts), len(words)))
    return matrix, np.array([len(mine) for mine in grams], dtype=np.float64)


def _answers(rows: pd.DataFrame, found: Bools, confidence: Floats) -> pd.DataFrame:
    rows = rows.reset_index(drop=True)
    return pd.DataFrame(
        {
            "place": rows["name"].where(found, None),
            "x": rows["x"].where(found),
            "y": rows["y"].where(found),
            "area": rows["area"].where(found, None),
            "confidence": confidence,
            "status": np.where(found, "answered", "abstained"),
        }
    )
