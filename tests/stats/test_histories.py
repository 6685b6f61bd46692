"""A change between neighbours is marked where it is beyond noise, and hardly ever where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.stats.histories import estimate_track

_VERSIONS = [f"2.{minor}" for minor in range(12, 22)]


def draw(rng: np.random.Generator, levels: list[float], blocks: int = 6) -> dict[str, list[float]]:
    return {
        version: [float(level * value) for value in np.exp(rng.normal(0.0, 0.02, blocks))]
        for version, level in zip(_VERSIONS, levels, strict=True)
    }


def test_a_step_between_two_versions_is_marked_there_alone() -> None:
    levels = [1.0] * 5 + [1.3] * 5
    track = estimate_track("step time", draw(np.random.default_rng(2), levels), alpha=0.05 / 9)
    assert list(track.changes) == ["2.17"]
    assert track.changes["2.17"] == pytest.approx(1.3, abs=0.05)
    assert track.points["2.12"].lower < 1.0 < track.points["2.12"].upper


def test_a_level_history_is_marked_in_few_of_many_draws() -> None:
    """The error level is that of a whole history: 5 % of 400, and three binomial standard errors."""
    rng = np.random.default_rng(3)
    marked = sum(bool(estimate_track("x", draw(rng, [1.0] * 10), alpha=0.05 / 9).changes) for _ in range(400))
    assert marked / 400 < 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


def test_counts_that_are_the_same_in_each_block_are_marked_by_any_difference() -> None:
    track = estimate_track("nodes", {"2.12": [200.0, 200.0], "2.13": [201.0, 201.0]}, alpha=0.001)
    assert list(track.changes) == ["2.13"]


def test_a_version_without_values_is_left_out() -> None:
    track = estimate_track("x", {"2.12": [1.0, 1.0], "2.13": [], "2.14": [1.0, 1.0]}, alpha=0.01)
    assert list(track.points) == ["2.12", "2.14"]
