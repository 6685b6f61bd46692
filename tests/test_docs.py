"""What the pages say is there is there: commands, options, names, links, and the example of a new method."""

from __future__ import annotations

import dataclasses
import importlib
import re
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from benchmarks import methods, reports
from benchmarks.commands import report
from benchmarks.methods import METHODS, EntryPoint, MethodEntry
from benchmarks.plugin.options import FLAGS, OPTIONS
from benchmarks.records import Outcome, Question
from benchmarks.reports import REPORTS, ReportEntry
from benchmarks.reports.summary import Summary
from benchmarks.sweeps import Profile, expand
from benchmarks.workloads import WORKLOADS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
WALK = (ROOT / "docs" / "walk.md").read_text(encoding="utf-8")
ADD_A_METHOD = (ROOT / "docs" / "add-a-method.md").read_text(encoding="utf-8")

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_readme_names_all_that_can_be_asked_for() -> None:
    wanted = [*METHODS, *WORKLOADS, *(question.value for question in Question)]
    assert [name for name in wanted if f"`{name}`" not in README] == []


@pytest.mark.parametrize("question", [question for question in Question if question.is_timed])
def test_the_readme_tells_what_is_tolerated_of_each_time(question: Question) -> None:
    row = question.row
    assert row.tolerance is not None
    assert row.cpu_tolerance is not None
    told = f"{row.tolerance:.0%}, and {row.cpu_tolerance:.0%} in processor time"
    for method, tolerance in row.tolerance_by_method.items():
        assert tolerance >= row.cpu_tolerance, "what is tolerated of a method is tolerated in processor time too"
        told += f"; {tolerance:.0%} in both with `{method}`"
    (line,) = [line for line in README.splitlines() if line.startswith(f"| `{question.value}` |")]
    tolerated = line.split(" | ")[2]
    assert re.fullmatch(rf"{re.escape(told.replace('%', ' %'))}(, whose .*)? \|", tolerated)


def test_the_readme_has_every_option_of_the_suite() -> None:
    options = {*OPTIONS, *FLAGS}
    assert len(options) > 10
    assert {option for option in options if f"`{option}" not in README} == set()


def test_the_readme_tells_how_many_cases_a_sweep_has() -> None:
    quick, gate, full = (sum(len(expand(question, profile, {})) for question in Question) for profile in Profile)
    assert f"measures the quick sweep, {quick} cases" in " ".join(README.split())
    assert f"{quick} in minutes, {gate} for CI, over 1,000" in README
    assert full > 1000


def test_readme_and_glossary_explain_every_verdict() -> None:
    for outcome in Outcome:
        assert f"| {outcome.value} |" in README
        assert f"| **{outcome.value}** |" in GLOSSARY


def test_the_test_command_stands_where_continuous_integration_finds_it() -> None:
    (command,) = re.findall(r"<!-- tests command -->\n```console\n(python3 .*)\n```\n", README)
    assert command.endswith("/pytest")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_between_pages_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), link


def test_the_walk_leads_past_files_and_names_that_are_there() -> None:
    paths = re.findall(r"`([\w/]+\.py)`", WALK)
    assert len(set(paths)) > 10
    assert [path for path in paths if not (ROOT / "benchmarks" / path).exists()] == []
    source = "".join((ROOT / "benchmarks" / path).read_text(encoding="utf-8") for path in set(paths))
    names = {name.rpartition(".")[2] for name in re.findall(r"`((?:[A-Z]\w+\.)?[a-z]+_\w+|[A-Z][a-z]\w+)`", WALK)}
    assert len(names) > 5
    assert [name for name in names if not re.search(rf"(def|class) {name}\b", source)] == []


def test_the_walk_from_a_block_to_its_verdict_opens_eight_modules_at_most() -> None:
    way = WALK.partition("## From a block to its verdict")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\d+\. `", way, re.MULTILINE)) <= 8
    assert len(WALK.splitlines()) < 80


def read_example(start: str) -> str:
    """Return the one Python block of the page that begins like this."""
    (block,) = [text for text in re.findall(r"```python\n(.*?)```", ADD_A_METHOD, re.DOTALL) if text.startswith(start)]
    return str(block)


@pytest.mark.tensorflow
def test_the_example_of_a_new_method_is_a_method_that_weights_the_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"MethodEntry": MethodEntry, "EntryPoint": EntryPoint}
    entry: MethodEntry = eval(read_example("MethodEntry("), names)  # noqa: S307 - our own page
    registry: Mapping[str, MethodEntry] = MappingProxyType({**METHODS, entry.name: entry})
    monkeypatch.setattr(methods, "METHODS", registry)
    module_name, _, attribute = entry.location.partition(":")
    module = types.ModuleType(module_name)
    monkeypatch.setitem(sys.modules, module_name, module)
    exec(read_example('"""Weights zipped to the data'), module.__dict__)  # noqa: S102 - our own page

    check = importlib.import_module("benchmarks.probes.weighted_gradient").check_weighted_gradient
    workload = importlib.import_module("benchmarks.workloads.mlp").MLP
    check(getattr(module, attribute), workload, depth=1, seed=0)


def test_the_example_of_a_new_report_shows_a_stored_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page is followed to the letter: its file, its row, its command."""
    page = (ROOT / "docs" / "add-a-report.md").read_text(encoding="utf-8")
    file, row = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    entry: ReportEntry = eval(row, {"ReportEntry": ReportEntry})  # noqa: S307 - our own page
    monkeypatch.setattr(reports, "REPORTS", MappingProxyType({**REPORTS, entry.name: entry}))
    module_name, _, _ = entry.location.partition(":")
    module = types.ModuleType(module_name)
    monkeypatch.setitem(sys.modules, module_name, module)
    exec(file, module.__dict__)  # noqa: S102 - our own page
    (command,) = re.findall(r"python -m benchmarks\.commands\.report (.*)", page)
    (recorded,) = (ROOT / "benchmarks" / "baselines" / "recorded").rglob("0001_gate.json")
    (tmp_path / "run.json").write_bytes(recorded.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert report.main(command.split()) == 0
    assert capsys.readouterr().out == ""
    header, first, *_ = (tmp_path / "times.csv").read_text(encoding="utf-8").splitlines()
    assert header == "case,control_ns,weighted_ns,overhead_ratio,verdict"
    assert re.fullmatch(r"epoch_time\[\S+-null\],\d+\.\d+,\d+\.\d+,1\.\d+,HELD", first)


def test_the_page_on_reports_explains_each_field_of_a_summary() -> None:
    page = (ROOT / "docs" / "add-a-report.md").read_text(encoding="utf-8")
    told = [
        name for cells in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", cells)
    ]
    assert told == [field.name for field in dataclasses.fields(Summary)]
