"""A target is a TensorFlow with a Keras, and the pairs that were released together are known."""

from __future__ import annotations

import pytest

from benchmarks.errors import AxisError
from benchmarks.launch.versions import SETS, Pair, parse_pairs


def test_a_pair_is_written_with_a_stroke_and_a_tensorflow_alone_takes_the_newest_keras() -> None:
    assert parse_pairs("2.15, 2.16/3.3,2.15") == (Pair(tensorflow="2.15"), Pair(tensorflow="2.16", keras="3.3"))
    newest, chosen = parse_pairs("2.15,2.16/3.3")
    assert (newest.name, newest.requirement) == ("2.15", "tensorflow-cpu==2.15.*")
    assert (chosen.name, chosen.requirement) == ("2.16/3.3", "tensorflow-cpu==2.16.* keras==3.3.*")


def test_a_set_has_a_name() -> None:
    assert [pair.name for pair in parse_pairs("newest")][::9] == ["2.12", "2.21"]
    assert [pair.name for pair in parse_pairs("released")][3:5] == ["2.15/2.15", "2.16/3.0"]
    assert [pair.name for pair in parse_pairs("keras")][::15] == ["2.16/3.0", "2.16/3.15"]


@pytest.mark.parametrize("text", ["", "2.x", "2.15/", "2.15/3.x", "2.15,,2.16", "all"])
def test_what_names_no_version_is_refused_with_the_sets_there_are(text: str) -> None:
    with pytest.raises(AxisError, match=f"^expected {', '.join(SETS)}, or versions apart by commas, got"):
        parse_pairs(text)
