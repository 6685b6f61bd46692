"""The first bad release is found in as few comparisons as a binary search takes, against the last good one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import StatisticsError
from benchmarks.gate.bisection import Step, count_steps, find_first_bad


@given(st.integers(2, 60), st.data())
def test_the_first_bad_release_is_found(count: int, data: st.DataObject) -> None:
    first_bad = data.draw(st.integers(1, count - 1))
    judged: list[tuple[int, int]] = []

    def judge(good: str, version: str) -> Step:
        judged.append((int(good), int(version)))
        return Step(version=version, bad=int(version) >= first_bad, reason="as told")

    found = find_first_bad([str(number) for number in range(count)], judge)
    assert (found.last_good, found.first_bad) == (str(first_bad - 1), str(first_bad))
    assert len(judged) <= count_steps(count)
    assert all(good < first_bad for good, _ in judged)


def test_a_last_release_that_is_not_bad_ends_the_search() -> None:
    with pytest.raises(StatisticsError, match="expected 2 to be worse than 1, but HELD"):
        find_first_bad(["1", "2"], lambda good, version: Step(version=version, bad=False, reason="HELD"))


def test_one_release_is_refused() -> None:
    with pytest.raises(StatisticsError, match="expected a good and a bad release, got 1"):
        find_first_bad(["1"], lambda good, version: Step(version=version, bad=True, reason=""))
