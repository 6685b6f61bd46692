"""A version is a TensorFlow with a Keras, and the pairs that were released together are known."""

from __future__ import annotations

import pytest

from benchmarks.errors import AxisError
from benchmarks.launch.versions import SETS, name_requirement, parse_versions


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
