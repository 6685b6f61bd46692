"""Null cases run before the cases they vouch for, in whatever order tests are asked for, and shards share them out.

Shards are even, each case is in one of them, and a null case is with those it vouches for.
"""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import plugin
from benchmarks.cases import find_null_method
from benchmarks.methods import METHODS
from benchmarks.plugin.collection import divide
from benchmarks.records import Block, BlockRequest, Meeting
from tests.plugin.conftest import RunSuite
from tests.plugin.fakes import FakeLauncher

pytest_plugins = ["pytester"]

_ROOT = Path(__file__).resolve().parents[2]

_STEP = "test_step_time.py"
_CASE = f"{_STEP}::test_step_time[mlp-depth2-batch256-loop_graph]"
_NULL = f"{_STEP}::test_step_time[mlp-depth2-batch256-loop_graph-null]"

_REVERSING = """
    import pytest

    @pytest.hookimpl({how})
    def pytest_collection_modifyitems(items):
        {body}
"""


class Biased(FakeLauncher):
    """A target on which whatever runs as the weighted arm takes longer, weights or not."""

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        block = super().run_block(request)
        longer = tuple(round(1.2 * slice_ns) for slice_ns in block.weighted_slice_ns)
        return dataclasses.replace(block, weighted_slice_ns=longer)


def list_cases(result: pytest.RunResult) -> list[str]:
    """Return the ids of the cases in the order in which they ran."""
    return re.findall(r"^\[\d+/\d+\] (\S+)", result.stdout.str(), re.MULTILINE)


@pytest.mark.parametrize(
    ("how", "body"),
    [
        ("trylast=True", "items.reverse()"),
        ("wrapper=True, tryfirst=True", "yield; items.reverse()"),
    ],
)
def test_a_plugin_that_reverses_all_tests_leaves_null_cases_first(
    run_suite: RunSuite, pytester: pytest.Pytester, how: str, body: str
) -> None:
    pytester.makeconftest(_REVERSING.format(how=how, body=body))
    cases = list_cases(run_suite("test_step_time.py", "test_training_graph.py", "--method", "loop_graph,loop_jit"))
    assert [case.replace("mlp-depth2-batch256-", "") for case in cases] == [
        "training_graph[loop_jit-null]",
        "training_graph[loop_graph-null]",
        "training_graph[loop_jit]",
        "training_graph[loop_graph]",
        "step_time[loop_jit-null]",
        "step_time[loop_graph-null]",
        "step_time[loop_jit]",
        "step_time[loop_graph]",
    ]


def test_node_ids_in_the_wrong_order_leave_null_cases_first(run_suite: RunSuite) -> None:
    assert "null" in list_cases(run_suite(_CASE, _NULL))[0]


def test_what_failed_last_time_runs_after_its_null_case_all_the_same(run_suite: RunSuite) -> None:
    one = (_STEP, "--method", "loop_graph")
    run_suite(*one, "--benchmark-save=base")
    run_suite(*one, "--benchmark-compare", "--failed-first", launcher=FakeLauncher(0.15, run_seed=2))
    assert "null" in list_cases(run_suite(*one, "--failed-first"))[0]


def test_tests_keep_the_places_of_their_function(run_suite: RunSuite, pytester: pytest.Pytester) -> None:
    """As when a plugin that shuffles has mixed the cases of several questions with other tests."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(items):
            by_file = {}
            for item in reversed(items):
                by_file.setdefault(item.path.name, []).append(item)
            mixed = [item for group in zip(*by_file.values()) for item in group]
            items[:] = mixed + [item for item in items if item not in mixed]
        """
    )
    pytester.makepyfile(test_other="def test_one(): pass\n\ndef test_two(): pass")
    result = run_suite("--collect-only", "-q", _STEP, "test_other.py", "--method", "loop_graph")
    result.stdout.fnmatch_lines(
        ["test_other.py::test_two", _NULL.replace("[", "[[]"), "test_other.py::test_one", _CASE.replace("[", "[[]")],
        consecutive=True,
    )


def test_the_verdict_is_the_same_in_any_order(run_suite: RunSuite) -> None:
    run_suite(_CASE, _NULL, "--benchmark-save=base").assert_outcomes(passed=2)
    for ids in ((_NULL, _CASE), (_CASE, _NULL)):
        result = run_suite(*ids, "--benchmark-compare", launcher=Biased())
        result.stdout.fnmatch_lines(["NOT COMPARABLE *loop_graph[]]: would be REGRESSED*its null case was off*"])


@pytest.mark.parametrize("method", ["loop_graph", "fit_class_weight_dataset"])
def test_the_advised_command_measures_the_null_case_first(run_suite: RunSuite, method: str) -> None:
    """`fit_class_weight_dataset` has the control of `fit_dataset`, and so its null case."""
    null = {"loop_graph": "loop_graph-null", "fit_class_weight_dataset": "fit_dataset-null"}[method]
    arguments = ("test_step_time.py", "--method", method)
    run_suite(*arguments, "--benchmark-save=base", launcher=FakeLauncher(0.02))
    result = run_suite(*arguments, "--benchmark-compare", launcher=FakeLauncher(0.3, run_seed=2))
    (command,) = re.findall(r"next +(pytest .*)", result.stdout.str())
    ids = [f"'test_step_time.py::test_step_time[mlp-depth2-batch256-{name}]'" for name in (null, method)]
    assert command == f"pytest {' '.join(ids)} --method {method} --benchmark-compare --blocks 20"
    again = run_suite(*[each.strip("'") for each in command.split()[1:]], launcher=FakeLauncher(0.3, run_seed=3))
    again.assert_outcomes(passed=1, failed=1)


@given(st.dictionaries(st.text(min_size=1), st.floats(0.1, 100.0), max_size=40), st.integers(1, 8))
def test_every_name_is_in_one_part_and_no_part_is_dearer_than_the_cheapest_by_more_than_one_name(
    costs: dict[str, float], count: int
) -> None:
    parts = divide(costs, count)
    assert sorted(name for part in parts for name in part) == sorted(costs)
    totals = [sum(costs[name] for name in part) for part in parts]
    assert max(totals) - min(totals) <= max(costs.values(), default=0.0) + 1e-9


def list_collected(result: pytest.RunResult) -> list[str]:
    return re.findall(r"::(test_\w+\[\S+\])", result.stdout.str())


def test_what_was_named_and_is_not_asked_is_told_with_the_reason(run_suite: RunSuite) -> None:
    result = run_suite(_STEP, "--method", "fit_tensor,loop_graph")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["not asked: step_time of fit_tensor: its steps are those of fit_dataset, *"])
    assert "not asked" not in run_suite(_STEP, "--method", "loop_graph").stdout.str()


def test_the_shards_of_a_sweep_are_the_sweep(run_suite: RunSuite) -> None:
    whole = list_collected(run_suite("--collect-only", "-q", "--sweep", "gate"))
    shards = [
        list_collected(run_suite("--collect-only", "-q", "--sweep", "gate", "--shard", f"{k}/3")) for k in (1, 2, 3)
    ]
    assert sorted(case for shard in shards for case in shard) == sorted(whole)
    assert all(len(shard) > len(whole) / 6 for shard in shards)


def test_a_null_case_stays_with_its_methods(run_suite: RunSuite) -> None:
    seen = set()
    for k in (1, 2, 3, 4):
        arguments = ("--collect-only", "-q", "--method", ",".join(METHODS), "--shard", f"{k}/4")
        cases = set(list_collected(run_suite(*arguments)))
        for case in cases:
            if "-null" not in case:
                sizes, _, method = case.removesuffix("]").rpartition("-")
                assert f"{sizes}-{find_null_method(method)}-null]" in cases
                seen.add(method)
    assert seen == {*METHODS}


def test_the_sizes_of_a_method_stay_together(run_suite: RunSuite) -> None:
    """A cost per sample is a slope over them."""
    sizes = ("test_peak_memory.py", "--dataset-size", "1e4,1e5,1e6")
    for k in (1, 2):
        cases = set(list_collected(run_suite("--collect-only", "-q", *sizes, "--shard", f"{k}/2")))
        assert cases
        assert all(case.replace("size10000-", "size1000000-") in cases for case in cases)


def test_cases_are_listed_without_what_is_slow_to_load() -> None:
    """scipy.stats, which judging needs, takes longer to import than 1,000 cases take to be listed."""
    modules = ", ".join(plugin.pytest_plugins)
    script = f"import sys, {modules}; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=_ROOT, check=False).returncode == 0
