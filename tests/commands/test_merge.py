"""Shards are joined where they are parts of one run, and refused with the reason where they are not."""

from __future__ import annotations

import copy
import errno
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.baselines.store import EXTRA_INFO_KEY, RUN_KEY, SUMMARY_KEY, check_run, read_baseline, to_extra_info
from benchmarks.commands import merge
from benchmarks.commands.merge import merge_runs
from benchmarks.errors import BaselineError
from benchmarks.records import Case, Json, Question
from tests.examples import (
    make_case,
    make_case_report,
    make_environment,
    make_measurement,
    make_read_block,
    make_read_measurement,
)

_STATS = dict.fromkeys(("min", "max", "mean", "median", "iqr", "stddev", "ops", "rounds", "iterations"), 1.0)


def make_shard(number: int, *names: str, count: int = 2) -> Json:
    environment = make_environment().to_json()
    return {
        "machine_info": {},
        "commit_info": {"id": "abc", "dirty": False},
        "benchmarks": [
            {
                "fullname": name,
                "stats": {**_STATS, "outliers": "0;0"},
                "extra_info": {EXTRA_INFO_KEY: {"environment": environment}},
            }
            for name in names
        ],
        RUN_KEY: {"profile": "gate", "seed": 1, "shard": f"{number}/{count}", "failed_cases": {}, "sample_costs": []},
    }


def test_two_shards_become_one_run() -> None:
    first, second = make_shard(1, "c", "a"), make_shard(2, "b")
    second[RUN_KEY]["failed_cases"] = {"d": "killed"}
    first[RUN_KEY][SUMMARY_KEY] = {"head": "of the first shard alone"}
    merged = merge_runs([first, second])
    assert merged[RUN_KEY][SUMMARY_KEY] is None, "no shard has a summary of them all"
    assert [benchmark["fullname"] for benchmark in merged["benchmarks"]] == ["a", "b", "c"]
    assert merged[RUN_KEY]["failed_cases"] == {"d": "killed"}
    assert merged[RUN_KEY]["shard"] is None


def store(case: Case, log_ratio: float) -> Json:
    """Return a benchmark as a shard holds it, of a case with two blocks or, where bytes are read, two readings."""
    if case.question.is_timed:
        measurement = make_measurement(case, (log_ratio, log_ratio + 0.01))
    else:
        readings = [make_read_block("pass_peak_tensor_bytes", 1e6, 1e6 + extra) for extra in (4096, 8192)]
        measurement = make_read_measurement(case, readings)
    report = make_case_report(measurement)
    return {
        "name": f"test_{case.case_id}",
        "fullname": f"benchmarks/test_{case.question.value}.py::test_{case.case_id}",
        "stats": {**_STATS, "outliers": "0;0"},
        "extra_info": {EXTRA_INFO_KEY: to_extra_info(report)},
    }


def make_measured_shards() -> tuple[Json, Json]:
    """Return two shards with a null case, a timed case and one of bytes, a failed case and a cost per sample each."""
    shards = []
    for number, method in ((1, "loop_graph"), (2, "fit_array")):
        shard = make_shard(number)
        shard["machine_info"] = {"node": "one", "cpu": {"brand_raw": "AMD EPYC"}}
        shard["benchmarks"] = [
            store(make_case(method=method, null=True), 0.0),
            store(make_case(method=method), 0.02 * number),
            store(make_case(question=Question.PEAK_MEMORY, dataset_size=10_000, method=method), 0.0),
        ]
        shard[RUN_KEY]["failed_cases"] = {f"step_time[mlp-depth9-batch256-{method}]": f"killed in shard {number}"}
        shard[RUN_KEY]["sample_costs"] = [{"case_name": f"mlp-depth4-batch256-{method}", "sizes": [10_000, 100_000]}]
        shards.append(json.loads(json.dumps(shard)))
    first, second = shards
    return first, second


def test_the_merged_run_holds_each_benchmark_of_each_shard_as_it_was() -> None:
    shards = make_measured_shards()
    merged = merge_runs(copy.deepcopy(shards))
    given = {each["fullname"]: each for shard in shards for each in shard["benchmarks"]}
    assert len(given) == 6
    assert {each["fullname"]: each for each in merged["benchmarks"]} == given
    assert len(merged["benchmarks"]) == 6


def test_the_merged_run_gives_the_measurements_of_its_shards() -> None:
    shards = make_measured_shards()
    parts = [read_baseline(shard) for shard in shards]
    whole = read_baseline(merge_runs(shards))
    assert whole.measurements == {**parts[0].measurements, **parts[1].measurements}
    assert len(whole.measurements) == 6
    assert not whole.unreadable
    check_run(merge_runs(shards), "the merged run")


def test_the_merged_run_has_the_failed_cases_and_the_costs_of_all_shards() -> None:
    told = merge_runs(make_measured_shards())[RUN_KEY]
    assert told["failed_cases"] == {
        "step_time[mlp-depth9-batch256-loop_graph]": "killed in shard 1",
        "step_time[mlp-depth9-batch256-fit_array]": "killed in shard 2",
    }
    assert [cost["case_name"] for cost in told["sample_costs"]] == [
        "mlp-depth4-batch256-loop_graph",
        "mlp-depth4-batch256-fit_array",
    ]
    assert (told["profile"], told["seed"], told["shard"]) == ("gate", 1, None)


def test_the_merged_run_keeps_the_machine_and_the_commit() -> None:
    shards = make_measured_shards()
    merged = merge_runs(shards)
    assert merged["machine_info"] == shards[0]["machine_info"]
    assert merged["commit_info"] == shards[0]["commit_info"] == {"id": "abc", "dirty": False}


def change(shard: Json, *path: Any, to: Any) -> Json:
    changed = copy.deepcopy(shard)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return changed


_SECOND = make_shard(2, "b")
_ENVIRONMENT = ("benchmarks", 0, "extra_info", EXTRA_INFO_KEY, "environment")


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (change(_SECOND, "commit_info", "id", to="def"), "expected the same commit in all, got abc and def"),
        (change(_SECOND, "commit_info", "dirty", to=True), "got as committed and uncommitted changes"),
        (
            change(_SECOND, *_ENVIRONMENT, "tensorflow", to="2.20.0"),
            "expected the same tensorflow in all, got 2.20.0 and",
        ),
        (change(_SECOND, *_ENVIRONMENT, "keras", to="3.0.0"), "expected the same keras in all"),
        (change(_SECOND, RUN_KEY, "profile", to="full"), "expected the same sweep in all, got gate and full"),
        (change(_SECOND, RUN_KEY, "seed", to=9), "expected the same seed in all"),
        (change(_SECOND, RUN_KEY, "shard", to="2/3"), "expected parts of one division, got 1/2, 2/3"),
        (change(_SECOND, RUN_KEY, "shard", to="1/2"), "expected all 2, but 2/2 is missing"),
        (make_shard(2, "a"), "expected each case once, got a twice"),
        ({"benchmarks": []}, "expected runs saved by this suite"),
        (change(_SECOND, RUN_KEY, to=[]), "expected runs saved by this suite, got another file"),
        (change(_SECOND, "benchmarks", 0, to=3), "got one with damaged benchmarks; measure it again"),
        (change(_SECOND, "benchmarks", 0, "fullname", to=None), "got one with damaged benchmarks"),
        (change(_SECOND, "benchmarks", 0, "extra_info", to=[1]), "got one with damaged benchmarks"),
        (change(_SECOND, "commit_info", to=[1]), "got one with damaged commit_info"),
        (change(_SECOND, RUN_KEY, "shard", to="two"), "got one with damaged shard"),
        (change(_SECOND, RUN_KEY, "shard", to="2/1000000000"), "got one with damaged shard"),
        (change(_SECOND, RUN_KEY, "failed_cases", to=[1]), "got one with damaged failed_cases"),
        (change(_SECOND, RUN_KEY, "sample_costs", to=3), "got one with damaged sample_costs"),
        (change(_SECOND, RUN_KEY, "seed", to=[]), "expected the same seed in all, got 1 and a list of 0"),
    ],
)
def test_what_does_not_belong_together_is_refused(second: Json, reason: str) -> None:
    with pytest.raises(BaselineError, match=reason):
        merge_runs([make_shard(1, "a"), second])


def test_another_processor_is_no_reason() -> None:
    """Shards run on several machines of a matrix; ratios, bytes and counts are compared across them."""
    merge_runs([make_shard(1, "a"), change(_SECOND, *_ENVIRONMENT, "cpu_model", to="another")])


def test_none_at_all_is_refused() -> None:
    with pytest.raises(BaselineError, match="expected at least one"):
        merge_runs([])


@pytest.fixture
def shard_files(tmp_path: Path) -> list[str]:
    """Write two shards."""
    paths = [tmp_path / "1.json", tmp_path / "2.json"]
    for path, shard in zip(paths, make_measured_shards(), strict=True):
        path.write_text(json.dumps(shard))
    return [str(path) for path in paths]


def test_the_command_writes_the_merged_run_and_nothing_beside_it(
    tmp_path: Path, shard_files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "all.json"
    output.write_text("an older one")
    assert merge.main([*shard_files, "--output", str(output)]) == 0
    assert json.loads(output.read_text()) == merge_runs(make_measured_shards())
    assert capsys.readouterr().out == f"{output}: 6 cases of 2 shards\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.json", "2.json", "all.json"]


def test_the_command_reads_each_file_once(
    tmp_path: Path, shard_files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    read_text = Path.read_text

    def count(path: Path, **options: Any) -> str:
        read.append(str(path))
        return read_text(path, **options)

    monkeypatch.setattr(Path, "read_text", count)
    assert merge.main([*shard_files, "--output", str(tmp_path / "all.json")]) == 0
    assert read == shard_files


def test_the_command_says_in_one_line_why_not(
    tmp_path: Path, shard_files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "all.json"
    for shards, reason in (
        (shard_files[:1], "shards: expected all 2, but 2/2 is missing; name its file too"),
        ([str(tmp_path / "no.json")], "shard: expected the file of a stored run, got "),
    ):
        assert merge.main([*shards, "--output", str(output)]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(reason)
    assert not output.exists()


@pytest.mark.parametrize(
    ("name", "remedy"), [("missing/all.json", "make {folder}/missing first"), (".", "name a file in it")]
)
def test_an_output_that_cannot_be_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, remedy: str
) -> None:
    output = tmp_path / name
    assert merge.main([str(tmp_path / "no.json"), "--output", str(output)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    told = f"--output: expected a file in a folder that exists, got {str(output)!r}; {remedy}"
    assert line == told.format(folder=tmp_path)


def test_a_merge_that_cannot_be_written_leaves_the_older_run_as_it_was(
    tmp_path: Path, shard_files: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "all.json"
    output.write_text("an older one")
    write_text = Path.write_text

    def run_out(path: Path, text: str, **options: Any) -> int:
        write_text(path, text[:100], **options)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", run_out)
    assert merge.main([*shard_files, "--output", str(output)]) == 1
    assert "--output: expected a file that can be written, got " in capsys.readouterr().err
    assert output.read_text() == "an older one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.json", "2.json", "all.json"]
