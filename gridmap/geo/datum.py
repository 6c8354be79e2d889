"""WGS-84 ↔ GCJ-02 ↔ BD-09, vectorised.

Neither GCJ-02 nor BD-09 has an official public definition. What is called "the formula" here is the
public reconstruction that all open converters share (eviltransform, gcoord, PRCoords): the offset in
metres is a polynomial and a sum of sines in longitude - 105 and latitude - 35, divided by the length of
a degree on the Krasovsky 1940 ellipsoid. Accuracy is stated against that formula.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.errors import InputError

_Floats: TypeAlias = NDArray[np.float64]
_Step: TypeAlias = Callable[[_Floats, _Floats], tuple[_Floats, _Floats]]

_A: Final = 6378245.0
_EE: Final = 0.00669342162296594323

# West, south, east, north. The public formula tests this box, not the border: it takes in Bhutan,
# Mongolia and Korea as well.
CHINA_BOX: Final = (72.004, 0.8293, 137.8347, 55.8271)
# Wider than any offset (BD-09 stays under 0.02°): whatever lies farther out cannot have come from inside.
_MARGIN: Final = 0.05

# The temporaries of one block must stay in the second-level cache.
_BLOCK: Final = 8192

# Each round of p <- p - (f(p) - q) leaves about 1/150 of the error in GCJ-02 (700 m at first, 1e-4 m after
# three) and 1/50 in BD-09 (1,100 m at first).
_GCJ_ROUNDS: Final = 4
_BD_ROUNDS: Final = 5

_ORDER: Final = {"wgs84": 0, "cgcs2000": 0, "gcj02": 1, "bd09": 2}


def convert(xy: ArrayLike, source: str, target: str) -> _Floats:
    """Convert positions between two of `wgs84`, `gcj02` and `bd09`.

    `xy` has shape (n, 2): longitude, latitude in degrees; it is never modified, and the answer is always
    a new array of that shape. `cgcs2000` counts as `wgs84`: they differ by centimetres. The inverse
    directions solve the public formula by fixed point to better than 1e-5 m. Rows that are not finite
    come back as they are.

    Points outside China are left unshifted. "China" is the box of the public formula, 72.004..137.8347° E,
    0.8293..55.8271° N, tested on the unshifted position: at its very edge, far from any Chinese town, a
    strip of GCJ-02 as wide as the offset is reached from both sides, and the inverse takes the inner one.

    Raises InputError for any other shape and for an unknown system.
    """
    first, last = _rank(source), _rank(target)
    try:
        points = np.array(xy, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise InputError("coordinates must be numbers, in rows of longitude, latitude") from None
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError(f"coordinates must have the shape (n, 2), not {points.shape}")

    steps = _FORWARD[first:last] if first < last else _BACKWARD[last:first][::-1]
    for begin in range(0, len(points) if steps else 0, _BLOCK):
        block = points[begin : begin + _BLOCK]
        for step in steps:
            _apply(step, block)
    return points


def _rank(system: str) -> int:
    rank = _ORDER.get(str(system).lower())
    if rank is None:
        raise InputError(f"unknown coordinate system {str(system)[:40]!r}: use wgs84, gcj02 or bd09")
    return rank


def _inside(x: _Floats, y: _Floats, margin: float = 0.0) -> NDArray[np.bool_]:
    west, south, east, north = CHINA_BOX
    return (x >= west - margin) & (x <= east + margin) & (y >= south - margin) & (y <= north + margin)


def _apply(step: _Step, block: _Floats) -> None:
    # Comparisons with NaN are false, so rows that are not finite drop out here too.
    near = _inside(block[:, 0], block[:, 1], _MARGIN)
    if near.all():
        block[:, 0], block[:, 1] = step(block[:, 0].copy(), block[:, 1].copy())
    elif near.any():
        block[near, 0], block[near, 1] = step(block[near, 0], block[near, 1])


def _gcj_offset(lng: _Floats, lat: _Floats) -> tuple[_Floats, _Floats]:
    """The offset of GCJ-02 from WGS-84 at WGS-84 positions, in degrees of longitude and latitude."""
    x, y = lng - 105.0, lat - 35.0
    # Double and triple angles stand in for most of the sines, which would be nine tenths of the time:
    # sin 6πx, 2πx, πx, πx/3 all follow from the sine and cosine of πx/12.
    x12, x_third, x_one, x_two = _multiples(x)
    x_six = x_two * (3.0 - 4.0 * x_two * x_two)
    y12, y_third, y_one, _ = _multiples(y)
    ripple = 20.0 * (x_six + x_two)
    xy = 0.1 * x * y
    root = np.sqrt(np.abs(x))

    east = 300.0 + x + 2.0 * y + 0.1 * x * x + xy + 0.1 * root
    east += (ripple + 20.0 * x_one + 40.0 * x_third + 150.0 * x12 + 300.0 * np.sin(x * (np.pi / 30.0))) * (
        2.0 / 3.0
    )
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + xy + 0.2 * root
    north += (ripple + 20.0 * y_one + 40.0 * y_third + 160.0 * y12 + 320.0 * np.sin(y * (np.pi / 30.0))) * (
        2.0 / 3.0
    )

    sine = np.sin(np.radians(lat))
    sine *= sine
    magic = 1.0 - _EE * sine
    root_magic = np.sqrt(magic)
    east *= np.degrees(root_magic / (_A * np.sqrt(1.0 - sine)))
    north *= np.degrees(magic * root_magic / (_A * (1.0 - _EE)))
    return east, north


def _multiples(x: _Floats) -> tuple[_Floats, _Floats, _Floats, _Floats]:
    """sin(πx/12), sin(πx/3), sin(πx), sin(2πx)."""
    angle = x * (np.pi / 12.0)
    sine, cosine = np.sin(angle), np.cos(angle)
    half = 2.0 * sine * cosine
    half_cosine = 1.0 - 2.0 * sine * sine
    third = 2.0 * half * half_cosine
    third_square = third * third
    third_cosine = 1.0 - 2.0 * half * half
    one = third * (3.0 - 4.0 * third_square)
    one_cosine = third_cosine * (1.0 - 4.0 * third_square)
    return sine, third, one, 2.0 * one * one_cosine


def _bd_offset(lng: _Floats, lat: _Floats) -> tuple[_Floats, _Floats]:
    """The offset of BD-09 from GCJ-02 at GCJ-02 positions, in degrees of longitude and latitude."""
    # The formula turns the position about (0, 0) by 3e-6 cos(..) and stretches its radius. At such angles
    # cos t = 1 - t²/2 and sin t = t to the last bit, which saves the arc tangent.
    frequency = np.pi / 180.0 * 3000.0
    turn = 3e-6 * np.cos(lng * frequency)
    stretch = 2e-5 * np.sin(lat * frequency) / np.sqrt(lng * lng + lat * lat)
    shrink = 0.5 * turn * turn
    # Offsets rather than positions, so that no digits are lost.
    east = stretch * lng - (1.0 + stretch) * (shrink * lng + turn * lat) + 0.0065
    north = stretch * lat - (1.0 + stretch) * (shrink * lat - turn * lng) + 0.0060
    return east, north


def _forward(offset: _Step) -> _Step:
    def step(x: _Floats, y: _Floats) -> tuple[_Floats, _Floats]:
        inside = _inside(x, y)
        east, north = offset(x, y)
        return x + east * inside, y + north * inside

    return step


def _backward(offset: _Step, rounds: int) -> _Step:
    def step(x: _Floats, y: _Floats) -> tuple[_Floats, _Floats]:
        lng, lat = x, y
        for _ in range(rounds):
            # f(p) = p + offset(p), so p - (f(p) - q) is q - offset(p).
            east, north = offset(lng, lat)
            lng, lat = x - east, y - north
        inside = _inside(lng, lat)
        return np.where(inside, lng, x), np.where(inside, lat, y)

    return step


_FORWARD: Final = (_forward(_gcj_offset), _forward(_bd_offset))
_BACKWARD: Final = (_backward(_gcj_offset, _GCJ_ROUNDS), _backward(_bd_offset, _BD_ROUNDS))
