"""Arms that compute their weights step and pass as any others do, and carry no weights along."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.methods import METHODS, Kind, load_method
from benchmarks.methods._computed_entries import STEP_SCHEMES
from benchmarks.probes import Stopwatch
from benchmarks.records import Question
from tests.methods.make_task import make_task
from tests.probes.measure_real_arms import ONE_OF_EACH_ARM

pytestmark = pytest.mark.tensorflow

COMPUTED = [name for name in ONE_OF_EACH_ARM if METHODS[name].kind is not Kind.STATIC]
STEPPED_IN_FIT = [
    name for name in COMPUTED if name.startswith("fit_") and Question.STEP_TIME not in METHODS[name].without
]


def build_arm(name: str, *, weighted: bool = True, workload: str = "mlp_sgd", batch_size: int = 8) -> Any:
    task = make_task(workload=workload, batch_size=batch_size)
    return load_method(name).build_arm(task, weighted=weighted)


@pytest.mark.parametrize("name", [name for name in COMPUTED if not METHODS[name].by_class])
def test_an_arm_with_two_outputs_steps_and_passes_without_tracing_anew(name: str) -> None:
    arm = build_arm(name, workload="mlp_two_outputs")
    if Question.STEP_TIME not in METHODS[name].without:
        stepper = arm.open_steps(Stopwatch())
        assert all(stepper.measure_step().wall_ns > 0 for _ in range(3))
        stepper.close()
    arm.measure_pass(Stopwatch())
    traces = arm.trace_count
    arm.measure_pass(Stopwatch())
    assert arm.trace_count == traces


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", STEPPED_IN_FIT)
def test_a_single_step_makes_the_update_of_a_pass(name: str, *, weighted: bool) -> None:
    stepped, passed = (build_arm(name, weighted=weighted, batch_size=32) for _ in range(2))
    stepper = stepped.open_steps(Stopwatch())
    stepper.measure_step()
    stepper.close()
    passed.measure_pass(Stopwatch())
    for one, other in zip(stepped.model.trainable_variables, passed.model.trainable_variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("scheme", STEP_SCHEMES)
@pytest.mark.parametrize("path", ["fit", "loop"])
def test_a_scheme_makes_its_weights_of_features_and_labels_alone(path: str, scheme: str) -> None:
    arm = build_arm(f"{path}_{scheme}")
    data = arm._find_data()
    dataset = data["x"] if path == "fit" else data
    assert len(dataset.element_spec) == 2


@pytest.mark.parametrize("name", ["fit_focal", "loop_focal", "fit_refreshed"])
def test_the_twin_of_a_method_has_its_weighted_arm_and_a_control_that_is_handed_weights(name: str) -> None:
    def train(method: str, *, weighted: bool, data: str) -> Any:
        arm = build_arm(method, weighted=weighted)
        arm.measure_pass(Stopwatch())
        given = arm._find_data()
        assert len((given["x"] if isinstance(given, dict) else given).element_spec) == len(data)
        return arm.model.get_weights()

    data = "xyw" if name == "fit_refreshed" else "xy"
    alike = [train(each, weighted=True, data=data) for each in (name, f"{name}_over_static")]
    for one, other in zip(*alike, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    plain = train(name, weighted=False, data="xy")
    static = train(f"{name}_over_static", weighted=False, data="xyw")
    assert not np.allclose(plain[0], static[0], atol=1e-6)


def test_weights_that_a_callback_makes_are_of_mean_one_and_other_ones_in_the_next_epoch() -> None:
    arm = build_arm("fit_refreshed")
    seen = []
    for _ in range(2):
        arm.measure_pass(Stopwatch())
        seen.append(arm._refresher.weights.numpy())
    for weights in seen:
        assert weights.shape == (32,)
        assert weights.mean() == pytest.approx(1.0, rel=1e-5)
    assert not np.allclose(seen[0], seen[1])


@pytest.mark.parametrize("name", ["fit_rejection_resample", "fit_sample_from_datasets", "fit_oversampled_indices"])
def test_a_pass_over_drawn_samples_has_as_many_steps_as_one_over_all(name: str) -> None:
    for weighted in (False, True):
        arm = build_arm(name, weighted=weighted)
        arm.measure_pass(Stopwatch())
        assert int(arm.model.optimizer.iterations) == arm.steps_per_pass == 4
