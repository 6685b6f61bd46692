"""Methods can be named without TensorFlow, and an unknown name is told in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.errors import CaseError
from benchmarks.methods import METHODS, STATIC_METHODS, EntryPoint, Kind, Replicas, load_method


def test_naming_methods_imports_no_tensorflow() -> None:
    script = "import sys, benchmarks.methods; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_every_entry_point_has_a_method() -> None:
    assert {entry.entry_point for entry in METHODS.values()} == {*EntryPoint}


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


def test_methods_of_replicas_are_those_that_need_more_than_one_device() -> None:
    several = {name for name, entry in METHODS.items() if entry.replicas is not Replicas.ONE}
    assert several == {name for name, entry in METHODS.items() if entry.kind is Kind.REPLICATED}
    assert {METHODS[name].replicas for name in several} == {Replicas.TWO_DEVICES, Replicas.TWO_PROCESSES}


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", METHODS)
def test_a_method_loads_under_the_name_it_is_listed_with(name: str) -> None:
    assert load_method(name).name == name
