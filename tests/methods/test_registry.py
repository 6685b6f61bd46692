"""Methods can be named without TensorFlow, and an unknown name is told in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.errors import CaseError
from benchmarks.methods import METHODS, STATIC_METHODS, EntryPoint, Kind, Replicas, load_method, load_proof


def test_naming_methods_imports_no_tensorflow() -> None:
    script = "import sys, benchmarks.methods; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_every_entry_point_has_a_method() -> None:
    assert {entry.entry_point for entry in METHODS.values()} == {*EntryPoint}


def test_a_method_whose_steps_are_of_another_names_one_that_has_its_own_and_says_why_it_is_not_asked() -> None:
    shared = {name: entry.steps_of for name, entry in METHODS.items() if entry.steps_of is not None}
    assert {"fit_array", "fit_array_float64", "fit_tensor", "fit_validation", "fit_sequence", "fit_generator"} <= {
        *shared
    }
    for name, other in shared.items():
        assert METHODS[other].has_own_steps
        assert not METHODS[name].has_own_steps
        assert other in METHODS[name].without.get("step_time", other)


def test_an_unknown_method_is_answered_with_the_known_ones() -> None:
    with pytest.raises(CaseError, match=r"expected one of fit_array, .*loop_jit, .*got 'fit'; choose") as caught:
        load_method("fit")
    assert "\n" not in str(caught.value)


def test_methods_of_static_weights_come_first_and_name_the_null_cases_that_others_share_with_them() -> None:
    """Stored runs name them: a null case is named by the first method with its control."""
    assert next(iter(METHODS)) in STATIC_METHODS
    first = {entry.control_path: name for name, entry in reversed(list(METHODS.items()))}
    assert first["model.fit(tf.data.Dataset of (x, y))"] == "fit_dataset"
    assert first["a GradientTape loop over (x, y), its step a tf.function"] == "loop_graph"


def test_every_kind_has_a_method() -> None:
    assert {entry.kind for entry in METHODS.values()} == {*Kind}


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_a_proof(name: str) -> None:
    assert callable(load_proof(name))


def test_methods_of_replicas_are_those_that_need_more_than_one_device() -> None:
    several = {name for name, entry in METHODS.items() if entry.replicas is not Replicas.ONE}
    assert several == {name for name, entry in METHODS.items() if entry.kind is Kind.REPLICATED}
    assert {METHODS[name].replicas for name in several} == {Replicas.TWO_DEVICES, Replicas.TWO_PROCESSES}


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", METHODS)
def test_a_method_loads_under_the_name_it_is_listed_with(name: str) -> None:
    assert load_method(name).name == name
