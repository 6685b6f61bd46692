"""What resamples draws each class as often as its weight says and trains on that, and what does not is refused."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.errors import CaseError
from benchmarks.methods import METHODS, Kind, load_method, load_proof
from benchmarks.protocols import Samples
from benchmarks.workloads import load_workload

pytestmark = pytest.mark.tensorflow

RESAMPLED = [name for name, entry in METHODS.items() if entry.kind is Kind.RESAMPLED]


def resampling() -> Any:
    return importlib.import_module("benchmarks.methods.resampling")


def check(method: Any, workload: str = "mlp") -> None:
    load_proof("fit_oversampled_indices")(method, load_workload(workload), depth=2, seed=0)


@pytest.mark.parametrize("name", RESAMPLED)
def test_a_method_draws_and_trains_as_it_should(name: str) -> None:
    check(load_method(name))


@pytest.mark.parametrize("workload", ["cnn", "tabular"])
def test_samples_of_other_families_are_drawn_too(workload: str) -> None:
    check(load_method("fit_oversampled_indices"), workload)


def draw(pick: Callable[[Samples], Any]) -> Any:
    """Return a method that draws the numbers of samples so."""

    def draw_picked(samples: Samples, batch_size: int) -> Any:
        picked = pick(samples)
        arrays = (samples.features[picked], samples.labels[picked])
        return importlib.import_module("benchmarks.methods._steps").build_pipeline(arrays, batch_size)

    return resampling().make_resampling("handmade", draw_picked)


def refuse(method: Any, message: str) -> None:
    with pytest.raises(CaseError, match=message) as caught:
        check(method)
    assert "\n" not in str(caught.value)


def weigh(samples: Samples) -> Any:
    weights = np.array([samples.class_weight[label] for label in samples.labels.tolist()])
    return weights / weights.sum()


def choose(samples: Samples, chances: Any) -> Any:
    return np.random.default_rng(1).choice(len(samples.labels), size=len(samples.labels), p=chances)


def test_samples_as_they_are_are_refused() -> None:
    refuse(draw(lambda samples: np.arange(len(samples.labels))), "draw each class as often as its weight says")


def test_classes_of_one_size_where_weights_ask_for_others_are_refused() -> None:
    def pick(samples: Samples) -> Any:
        chances = 1.0 / np.bincount(samples.labels)[samples.labels]
        return choose(samples, chances / chances.sum())

    refuse(draw(pick), "give or take")


def test_weights_turned_upside_down_are_refused() -> None:
    def pick(samples: Samples) -> Any:
        chances = 1.0 / weigh(samples)
        return choose(samples, chances / chances.sum())

    refuse(draw(pick), "give or take")


def test_a_pass_of_another_length_is_refused() -> None:
    refuse(draw(lambda samples: choose(samples, weigh(samples))[:-1]), "as many samples as there are, 4096, got 4095")


def test_one_sample_of_each_class_drawn_again_and_again_is_refused() -> None:
    def pick(samples: Samples) -> Any:
        first = {label: int(np.flatnonzero(samples.labels == label)[0]) for label in np.unique(samples.labels)}
        return np.array([first[label] for label in samples.labels[choose(samples, weigh(samples))]])

    refuse(draw(pick), "draw the samples of a class alike")


def change(alter: Callable[[Any], Any]) -> Any:
    """Return a method that is right but for what is done to the dataset it draws."""
    right = resampling().draw_indices
    return resampling().make_resampling("handmade", lambda *arguments: alter(right(*arguments)))


def test_labels_of_other_samples_are_refused() -> None:
    rolled = change(lambda dataset: dataset.map(lambda numbers, labels: (numbers, labels[::-1])))
    refuse(rolled, "each sample with its own label")


def test_weights_beside_what_is_drawn_are_refused() -> None:
    ones_like = importlib.import_module("tensorflow").ones_like
    weighted = change(lambda dataset: dataset.map(lambda numbers, labels: (numbers, labels, ones_like(labels))))
    refuse(weighted, "leave weights out")


def test_a_step_that_weights_what_it_has_drawn_is_refused() -> None:
    right: Any = load_method("fit_oversampled_indices")
    fit = importlib.import_module("benchmarks.methods._fit")

    def build_doubled(task: Any, *, weighted: bool) -> Any:
        return fit.compile_for(
            task, task.workload.build_model(task.depth, task.seed), **({"loss_weights": [2.0]} if weighted else {})
        )

    refuse(dataclasses.replace(right, build_model=build_doubled), "on what it has drawn: expected the unweighted")
