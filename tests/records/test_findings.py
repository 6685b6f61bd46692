"""An interval encloses its estimate, and environments are equal only when everything is."""

from __future__ import annotations

import math

import pytest

from benchmarks.errors import RecordError
from benchmarks.records import Environment, Interval
from tests.examples import make_environment


@pytest.mark.parametrize("values", [(1.0, 1.1, 1.2), (1.0, 0.9, 0.95), (math.nan, 0.9, 1.1)])
def test_an_interval_encloses_its_estimate(values: tuple[float, float, float]) -> None:
    estimate, lower, upper = values
    with pytest.raises(RecordError, match="lower <= estimate <= upper"):
        Interval(estimate=estimate, lower=lower, upper=upper, confidence=0.95)


def test_environments_are_equal_only_when_everything_is() -> None:
    assert make_environment() == make_environment()
    assert make_environment(tensorflow="2.20.0") != make_environment()


def test_a_run_that_does_not_know_what_keras_chose_is_read_and_is_no_other_place() -> None:
    stored = make_environment().to_json()
    del stored["jit_compile"]
    known = make_environment(jit_compile="True")
    read = Environment.from_json(stored)
    assert (read.jit_compile, Environment.from_json(known.to_json()).jit_compile) == ("", "True")
    assert read == known
