"""How likely an answer is to name the right area: a logistic model of the evidence, fitted to labelled texts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from gridmap.geocode.placing import How

# Below this an answer is withheld: nothing is placed on a guess. It lies between what a dialect's confusion of
# two sounds leaves (0.956) and what the name of a short road without its door does (0.946).
THRESHOLD: Final = 0.95


class Evidence(NamedTuple):
    """What speaks for and against an answer; each number grows with the doubt but for the last two."""

    how: How
    # What the name cost to recognise; unexplained words beside it; unexplained words elsewhere.
    cost: float = 0.0
    beside: int = 0
    elsewhere: int = 0
    # An alias that is a common noun or that several places share.
    common: int = 0
    # Metres of uncertainty.
    radius_m: float = 0.0
    # Named divisions that contain the place, and other names in the text that lie next to it.
    agreed: int = 0
    support: int = 0


# Fitted by `python -m tests.geocode.fit` to 8,717 answers in the demo town, four fifths of them from a
# gazetteer without a quarter of its places; 152 were wrong. Areas were not among them: 0 is no opinion.
_INTERCEPT: Final = 4.65
WEIGHTS: Final[Mapping[str, float]] = {
    "area": 0.0,
    "road": -1.78,
    "part": -0.54,
    "between": 0.0,
    "whole": -0.56,
    "cost": -2.62,
    "beside": -6.31,
    "elsewhere": -0.65,
    "common": -1.63,
    "radius": -0.45,
    "agreed": 0.97,
    "support": 1.22,
}


def features(evidence: Evidence) -> dict[str, float]:
    """The model's inputs; an exact place without any doubt has none."""
    found = {} if evidence.how is How.EXACT else {evidence.how.name.lower(): 1.0}
    if evidence.cost:
        found["cost"] = evidence.cost
    if evidence.beside:
        found["beside"] = 1.0
    if evidence.elsewhere:
        found["elsewhere"] = min(evidence.elsewhere, 3) / 3
    if evidence.common:
        found["common"] = 1.0
    if evidence.radius_m:
        found["radius"] = min(evidence.radius_m, 400.0) / 100
    if evidence.agreed > 0:
        found["agreed"] = 1.0
    if evidence.support:
        found["support"] = 1.0
    return found


def estimate(evidence: Evidence) -> float:
    """The probability (0..1) that the area is right."""
    score = _INTERCEPT
    for name, value in features(evidence).items():
        score += WEIGHTS[name] * value
    return 1 / (1 + math.exp(-score))
