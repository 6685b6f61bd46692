from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from benchmarks.errors import StatisticsError
from benchmarks.verdicts.plan import GatePlan


def test_the_error_level_is_split_over_cases_and_then_over_looks() -> None:
    plan = GatePlan(judgements=20, family_alpha=0.05, looks=2)
    assert plan.judgement_alpha == pytest.approx(0.0025)
    assert plan.look_alpha == pytest.approx(0.00125)


def test_the_limits_are_log_ratios_of_the_tolerance() -> None:
    plan = GatePlan(judgements=1, tolerance=0.02)
    assert plan.rise_limit == pytest.approx(math.log(1.02))
    assert plan.fall_limit == pytest.approx(math.log(0.98))


@pytest.mark.parametrize(
    "values",
    [
        {"judgements": 0},
        {"tolerance": 0.0},
        {"tolerance": 1.0},
        {"tolerance": math.nan},
        {"screen_blocks": 1},
        {"blocks_per_look": 1},
        {"looks": 0},
        {"family_alpha": 0.0},
        {"family_alpha": 1.0},
        {"screen_confidence": 0.5},
        {"held_confidence": 1.0},
        {"report_confidence": 95.0},
    ],
    ids=str,
)
def test_numbers_that_cannot_be_meant_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(StatisticsError, match="expected"):
        dataclasses.replace(GatePlan(judgements=20), **values)
