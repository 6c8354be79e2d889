"""Where a place may be, laid over the areas: one that may be in two of them, or outside, is no answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gridmap.geocode import placing
from gridmap.geocode.finding import Finding
from gridmap.geocode.gazetteer import Gazetteer, Owner

# The half of a road's width, and the points along it that are looked at.
_ROADSIDE_M, _MOST_ROADSIDE = 20.0, 32
_SIDES: Final = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
# The disc is looked at in its middle, on a ring at half its radius and on its rim.
_RINGS: Final = tuple(
    [(0.0, 0.0)]
    + [(0.5 * math.cos(math.pi * k / 3), 0.5 * math.sin(math.pi * k / 3)) for k in range(6)]
    + [(math.cos(math.pi * k / 6), math.sin(math.pi * k / 6)) for k in range(12)]
)


def lay(findings: Sequence[Finding], gazetteer: Gazetteer, owner: Owner | None) -> None:
    """Lay the discs over the areas: one that meets two of them, or the outside, is no answer."""
    if not findings:
        return
    round_ones = [finding for finding in findings if not finding.line and not finding.road]
    others = [finding for finding in findings if finding.line or finding.road]
    findings = [*round_ones, *others]
    points = [_discs(round_ones), *(_stretch(finding, gazetteer) for finding in others)]
    counts = [len(_RINGS)] * len(round_ones) + [len(each) for each in points[1:]]
    x, y = np.concatenate(points).T
    found = owner(x, y) if owner is not None else gazetteer.areas_nearest(x, y)
    codes = np.split(found, np.cumsum(counts)[:-1])
    for finding, around in zip(findings, codes, strict=True):
        met = set(around)
        finding.area = around[0]
        finding.share = sum(code == around[0] for code in around) / len(around)
        if finding.split:
            finding.share *= 0.5
            finding.reasons.append("两侧已知门牌不在同一网格，无法判断")
            finding.refused = True
        elif None in met and len(met) > 1:
            finding.reasons.append("误差范围伸出辖区")
            finding.refused = True
        elif len(met) > 1:
            finding.reasons.append(f"误差范围跨 {len(met)} 个网格，请在图上指认")
            finding.refused = True
        elif owner is not None and met == {None}:
            finding.reasons.append("位置在辖区之外")
            finding.refused = True


def _discs(findings: Sequence[Finding]) -> NDArray[np.float64]:
    """Positions (n × points of a disc, 2) in degrees, disc after disc, the middle of each first."""
    at = np.array([(finding.x, finding.y, finding.radius_m) for finding in findings]).reshape(-1, 3)
    x, y, radius = at[:, :1], at[:, 1:2], at[:, 2:]
    east, north = np.array(_RINGS).T
    px, py = placing.moved_many(x, y, east * radius, north * radius)
    return np.column_stack([px.ravel(), py.ravel()])


def _stretch(finding: Finding, gazetteer: Gazetteer) -> NDArray[np.float64]:
    """Positions (n, 2) in degrees along the stretch or the road that a place lies on; the likeliest first."""
    if finding.line:
        x1, y1, x2, y2 = finding.line
        length = placing.metres(x1, y1, x2, y2)
        middle = placing.metres(x1, y1, finding.x, finding.y)
        first, last = max(0.0, middle - finding.radius_m), min(length, middle + finding.radius_m)
        share = np.concatenate([[middle], np.linspace(first, last, len(_RINGS) - 1)]) / max(length, 1.0)
        return np.column_stack([x1 + share * (x2 - x1), y1 + share * (y2 - y1)])
    at = gazetteer.positions(finding.road[:: len(finding.road) // _MOST_ROADSIDE + 1])
    at = np.concatenate([[[finding.x, finding.y]], at])
    sides = [
        placing.moved_many(at[:, 0], at[:, 1], east * _ROADSIDE_M, north * _ROADSIDE_M)
        for east, north in _SIDES
    ]
    return np.concatenate([np.column_stack(side) for side in sides])
