"""The labels put to a method over the gazetteer that belongs to them: the written ones over the whole town, the
generated ones over the town without what was removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import pandas as pd

from gridmap.geocode.gazetteer import Gazetteer
from gridmap.geocode.match import geocode_many
from tests.geocode import evaluation, generate, town
from tests.geocode.town import Owner

# Texts, the gazetteer's entries and the owner of points → answers as `evaluation` takes them.
Method = Callable[[Sequence[str], pd.DataFrame, Owner], pd.DataFrame]

FILES = ("written.csv", "generated.csv")


def geocoder(texts: Sequence[str], entries: pd.DataFrame, owner: Owner) -> pd.DataFrame:
    return geocode_many(texts, Gazetteer(entries), owner)


def exact(texts: Sequence[str], entries: pd.DataFrame, _owner: Owner) -> pd.DataFrame:
    return evaluation.exact(texts, entries)


def trigram(texts: Sequence[str], entries: pd.DataFrame, _owner: Owner) -> pd.DataFrame:
    return evaluation.trigram(texts, entries)


METHODS: dict[str, Method] = {"geocoder": geocoder, "exact": exact, "trigram": trigram}


@cache
def judged(method: str) -> pd.DataFrame:
    """Every label and what the method's answer to it is worth; `file` says which set it is of."""
    owner = town.read().owner
    parts = []
    for file, place in zip(FILES, (town.read(), generate.known()), strict=True):
        labels = evaluation.load(file)
        answers = METHODS[method](list(labels["text"]), place.entries(), owner)
        parts.append(evaluation.judge(labels, answers).assign(file=file))
    return pd.concat(parts, ignore_index=True)


def held(rows: pd.DataFrame) -> pd.DataFrame:
    """Those on which nothing was fitted."""
    return rows[rows["split"] == "held"]
