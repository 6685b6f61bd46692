"""Every question has its probe, found without TensorFlow; an unknown one is told in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.errors import CaseError
from benchmarks.probes import load_gauge, load_probe
from benchmarks.records import Question

TIMED = [question for question in Question if question.is_timed]


def test_finding_probes_imports_no_tensorflow() -> None:
    script = (
        "import sys; from benchmarks.probes import load_probe; from benchmarks.records import Question; "
        "[load_probe(question) for question in Question if question.is_timed]; sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_every_timed_question_has_a_probe_and_no_gauge() -> None:
    for question in TIMED:
        assert load_probe(question) is load_probe(question.value)
        with pytest.raises(CaseError, match="expected one of peak_memory, retained_memory, training_graph, got"):
            load_gauge(question)


@pytest.mark.tensorflow
def test_every_other_question_has_a_gauge() -> None:
    assert all(load_gauge(question).read_arm for question in Question if question not in TIMED)


def test_an_unknown_question_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        CaseError, match="expected one of step_time, epoch_time, evaluation_time, startup_time, got 'wait'"
    ) as caught:
        load_probe("wait")
    assert "\n" not in str(caught.value)
