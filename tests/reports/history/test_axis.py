"""A history runs along TensorFlow or along Keras, and says so."""

from __future__ import annotations

from benchmarks.reports.history.axis import Axis, sort_versions


def test_versions_are_ordered_as_numbers_with_the_newest_keras_last() -> None:
    versions = ["2.16", "2.9", "2.16/3.10", "2.16/3.9", "2.10", "2.9"]
    assert sort_versions(versions) == ("2.9", "2.10", "2.16/3.9", "2.16/3.10", "2.16")


def test_an_axis_of_tensorflow_alone() -> None:
    axis = Axis(versions=("2.12", "2.13"))
    assert axis.span == "TensorFlow 2.12 to 2.13"
    assert axis.explanation == "Each TensorFlow has the newest Keras that it takes."
    assert (axis.label("2.12"), axis.names) == ("2.12", "TensorFlow")


def test_an_axis_of_tensorflow_each_with_a_keras() -> None:
    axis = Axis(versions=("2.15/2.15", "2.16/3.0"))
    assert axis.span == "TensorFlow 2.15 to 2.16"
    assert axis.explanation == "`2.15/2.15` is TensorFlow 2.15 with Keras 2.15."
    assert (axis.label("2.16/3.0"), axis.names) == ("2.16\n3.0", "TensorFlow\nKeras")


def test_an_axis_of_keras() -> None:
    axis = Axis(versions=("2.16/3.0", "2.16/3.15"))
    assert axis.span == "Keras 3.0 to 3.15"
    assert (axis.label("2.16/3.15"), axis.names) == ("3.15", "Keras")
    assert Axis(versions=("2.16/3.0", "2.16")).span == "Keras 3.0 to the newest"


def test_one_version_is_one_of_tensorflow() -> None:
    assert Axis(versions=("2.16/3.0",)).span == "TensorFlow 2.16 to 2.16"
