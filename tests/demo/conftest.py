"""The town at its default size, as committed, and a small one for what does not depend on size."""

from __future__ import annotations

import pytest

from gridmap.demo import Town, build


@pytest.fixture(scope="session")
def town() -> Town:
    return build()


@pytest.fixture(scope="session")
def small() -> Town:
    return build(seed=5, grids=40, reports=2_000)


@pytest.fixture(params=["town", "small"])
def any_town(request: pytest.FixtureRequest) -> Town:
    return request.getfixturevalue(request.param)
