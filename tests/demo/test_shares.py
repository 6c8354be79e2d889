from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gridmap.demo.shares import apportion


def test_largest_remainders_get_what_is_left():
    # 10 in proportion to 3:3:1 is 4.29, 4.29, 1.43: the third remainder is the largest.
    assert apportion(10, [3, 3, 1]).tolist() == [4, 4, 2]


@given(
    st.integers(0, 10**6),
    st.lists(st.floats(0.001, 1000), min_size=1, max_size=40),
)
def test_shares_add_up_and_stay_within_one_of_the_exact_share(total, weights):
    shares = apportion(total, weights)
    assert shares.sum() == total
    assert all(abs(n - w / sum(weights) * total) < 1 + 1e-6 for n, w in zip(shares, weights, strict=True))
