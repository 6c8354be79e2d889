from __future__ import annotations

import numpy as np
import pytest

from gridmap.demo.grids import components, partition
from tests.drawing import lines


def board(drawing: str):
    """Cells with a digit for their weight, a dot where there is none: weights, middles, borders of 1 m."""
    rows = lines(drawing)
    cells = [(r, c) for r, row in enumerate(rows) for c, mark in enumerate(row) if mark != "."]
    index = {cell: i for i, cell in enumerate(cells)}
    near = {
        i: {
            index[r + dr, c + dc]: 1.0
            for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0))
            if (r + dr, c + dc) in index
        }
        for (r, c), i in index.items()
    }
    weight = np.array([float(rows[r][c]) for r, c in cells])
    return weight, np.array([(c, -r) for r, c in cells], dtype=float), near


def split(drawing: str, count: int, seed: int = 0):
    weight, middles, near = board(drawing)
    label = partition(np.random.default_rng(seed), list(near), weight, middles, near, count)
    parts = [{i for i, k in label.items() if k == part} for part in range(count)]
    return [sum(weight[i] for i in part) for part in parts], parts, near


@pytest.mark.parametrize("seed", range(5))
def test_parts_are_connected_complete_and_even(seed):
    loads, parts, near = split("11111111\n11111111\n11111111\n11111111", 4, seed)
    assert sum(len(part) for part in parts) == 32
    assert all(len(components(near, part)) == 1 for part in parts)
    assert max(loads) - min(loads) <= 4


def test_land_without_people_joins_a_part_and_weighs_nothing():
    loads, parts, _ = split("00000\n09090\n00000", 2)
    assert sorted(loads) == [9, 9]
    assert sum(len(part) for part in parts) == 15


def test_as_many_parts_as_members():
    loads, parts, _ = split("123", 3)
    assert sorted(loads) == [1, 2, 3]
    assert all(len(part) == 1 for part in parts)


def test_components_are_the_connected_pieces():
    _, _, near = board("11.11\n1...1")
    assert components(near, set(near)) == [[0, 1, 4], [2, 3, 5]]
