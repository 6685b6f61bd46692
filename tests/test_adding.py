"""Who follows one of the pages on adding something, to the letter, has what it promises, and has touched nothing else.

Each page is followed in a copy of the suite: a block of code below the name of a file that is not there is that file,
and one below the name of a file that is there is put in at its place.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.launch.targets import CACHE_VARIABLE
from benchmarks.methods import METHODS, SWEPT_METHODS

ROOT = Path(__file__).parent.parent

_PLACES = {
    "benchmarks/methods/__init__.py": '        )\n    }\n)\n"""Every method',
    "benchmarks/questions.py": "\n    def __str__(self)",
    "benchmarks/records/quantities.py": "\nQUANTITIES: ",
    "benchmarks/probes/training_graph.py": "        }\n        op_types = {}\n",
}
"""What the addition stands before, in files that are there."""

_BLOCK = re.compile(r"`(benchmarks/[\w/]+\.py)`(?:(?!\n#)[^`]|`(?!``))*?```python\n(.*?)```", re.DOTALL)
"""The file that was named last before a block, and the block."""

_SESSION = """
import sys
import pytest
from tests.plugin.conftest import FakeTarget
from tests.plugin.fakes import FakeLauncher
{setup}
sys.exit(pytest.main(["--assert=plain", *sys.argv[1:]], plugins=[FakeTarget({launcher})]))
"""

Follow = Callable[[str], list[str]]
Run = Callable[..., str]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the suite with its tests."""
    ignored = shutil.ignore_patterns("__pycache__", "recorded")
    for folder in ("benchmarks", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def follow(copy: Path) -> Follow:
    """Do what a page says, and return the files that are new or changed."""

    def do(page: str) -> list[str]:
        blocks = _BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
        for name, code in blocks:
            path = copy / name
            if not path.exists():
                path.write_text(code, encoding="utf-8")
                continue
            text = path.read_text(encoding="utf-8")
            assert text.count(_PLACES[name]) == 1
            addition = code if not code.startswith("MethodEntry") else textwrap.indent(code.rstrip(), " " * 12) + ",\n"
            path.write_text(text.replace(_PLACES[name], addition + _PLACES[name]), encoding="utf-8")
        return [name for name, _ in blocks]

    return do


@pytest.fixture
def run(copy: Path) -> Run:
    """Run Python in the copy and return what it printed."""

    def start(*arguments: str) -> str:
        environment = os.environ | {"PYTHONPATH": str(copy), "COLUMNS": "160", CACHE_VARIABLE: str(copy / "cache")}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return start


def run_session(run: Run, arguments: Sequence[str], setup: str = "", launcher: str = "FakeLauncher()") -> str:
    """Run the suite on a fake target and return what it printed."""
    return run("-c", _SESSION.format(setup=setup, launcher=launcher), *arguments)


def read_stored(path: Path) -> list[dict[str, Any]]:
    """Return what a saved run has of each of its cases."""
    return [each["extra_info"]["sample_weighting"] for each in json.loads(path.read_text())["benchmarks"]]


@pytest.mark.parametrize(
    ("page", "files"),
    [
        ("add-a-method.md", ["benchmarks/methods/fit_zipped.py", "benchmarks/methods/__init__.py"]),
        (
            "add-a-question.md",
            ["benchmarks/probes/first_pass_time.py", "benchmarks/questions.py", "benchmarks/test_first_pass_time.py"],
        ),
        ("add-a-reading.md", ["benchmarks/records/quantities.py", "benchmarks/probes/training_graph.py"]),
    ],
)
def test_what_a_page_adds_fits_into_the_house(page: str, files: list[str], follow: Follow, run: Run) -> None:
    assert follow(page) == files
    run("-m", "pytest", "-q", "tests/test_architecture.py", "-k", "registered or floor or plugins or sitting")


def test_a_method_is_asked_every_question_together_with_its_null_case(follow: Follow, run: Run) -> None:
    follow("add-a-method.md")
    output = run_session(run, ["benchmarks", "--collect-only", "-q", "--method", "fit_zipped"])
    asked = re.findall(r"test_(\w+)\[[\w-]+-(fit_zipped(?:-null)?)\]", output)
    assert len({question for question, _ in asked}) == 6
    assert [method for _, method in asked] == ["fit_zipped-null", "fit_zipped"] * 6


_PROBE = """
from benchmarks.probes import load_probe
from tests.probes.fake_arm import STEP_NS, STEPS_PER_PASS, FakeArm
arm = FakeArm()
slices = load_probe("first_pass_time").open_slices(lambda: arm, arm.make_watch())
assert slices.measure_slice().wall_ns == STEPS_PER_PASS * STEP_NS
"""


def test_a_question_is_swept_measured_reported_and_saved(follow: Follow, run: Run, copy: Path) -> None:
    follow("add-a-question.md")
    run("-c", _PROBE)
    collected = run_session(run, ["benchmarks", "--collect-only", "-q", "-k", "first_pass_time"])
    ids = re.findall(r"test_first_pass_time\[mlp-depth2-batch256-size20480-([\w-]+)\]", collected)
    controls = {METHODS[name].control_path for name in SWEPT_METHODS}
    assert len([name for name in ids if name.endswith("-null")]) == len(controls)
    assert len([name for name in ids if not name.endswith("-null")]) == len(SWEPT_METHODS)

    arguments = ["benchmarks", "-k", "first_pass_time", "--method", "fit_array", "--benchmark-json=run.json"]
    output = run_session(run, arguments, launcher="FakeLauncher(0.3)")
    case_ids = [
        f"first_pass_time[mlp-depth2-batch256-size20480-{method}]" for method in ("fit_array-null", "fit_array")
    ]
    assert all(case_id in output for case_id in case_ids)
    assert re.search(r"first pass rises by \+\d+\.\d %.* with fit_array", output)
    assert [stored["case_id"] for stored in read_stored(copy / "run.json")] == case_ids


_READING = """
import dataclasses
class Reading(FakeLauncher):
    def read_arm(self, request):
        readings = super().read_arm(request)
        extra = 0 if request.case.null or request.arm.value == "control" else 3
        return dataclasses.replace(readings, values={**readings.values, "model_variables": 10 + extra})
"""


def test_a_reading_is_judged_reported_and_saved(follow: Follow, run: Run, copy: Path) -> None:
    follow("add-a-reading.md")
    arguments = ["benchmarks", "-k", "training_graph", "--method", "fit_dataset", "--benchmark-json=run.json"]
    output = run_session(run, arguments, setup=_READING, launcher="Reading()")
    assert "+3 variables" in output  # the line of the finished case
    (header,) = [line for line in output.splitlines() if line.lstrip().startswith("case ") and "nodes" in line]
    assert "variables" in header
    (row,) = [line for line in output.splitlines() if line.startswith("fit_dataset ")]
    assert "10 → 13" in row
    (stored,) = [stored for stored in read_stored(copy / "run.json") if not stored["case"]["null"]]
    assert stored["readings"][0]["weighted"]["values"]["model_variables"] == 13

    held = run_session(run, [*arguments, "--benchmark-compare=run.json"], setup=_READING, launcher="Reading()")
    assert "HELD" in held
