"""A version is a TensorFlow with a Keras, sets of them have names, and a history runs along either of the two."""

from __future__ import annotations

import pytest

from benchmarks.errors import AxisError
from benchmarks.reports.history.versions import SETS, Axis, name_requirement, parse_versions, sort_versions


def test_a_version_is_written_with_a_stroke_and_a_tensorflow_alone_takes_the_newest_keras() -> None:
    assert parse_versions("2.15, 2.16/3.3,2.15") == ("2.15", "2.16/3.3")
    assert name_requirement("2.15") == "tensorflow-cpu==2.15.*"
    assert name_requirement("2.16/3.3") == "tensorflow-cpu==2.16.* keras==3.3.*"


def test_a_set_has_a_name() -> None:
    assert parse_versions("newest")[::9] == ("2.12", "2.21")
    assert parse_versions("released")[3:5] == ("2.15/2.15", "2.16/3.0")
    assert parse_versions("keras")[::15] == ("2.16/3.0", "2.16/3.15")


@pytest.mark.parametrize("text", ["", "2.x", "2.15/", "2.15/3.x", "2.15,,2.16", "all"])
def test_what_names_no_version_is_refused_with_the_sets_there_are(text: str) -> None:
    with pytest.raises(AxisError, match=f"^expected {', '.join(SETS)}, or versions apart by commas, got"):
        parse_versions(text)


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
