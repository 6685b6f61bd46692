"""What checks a change is listed once: tox, pre-commit, `.ci/run` and the workflows agree; scripts do as they say."""

from __future__ import annotations

import configparser
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CI_RUN = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

TOX = configparser.ConfigParser(interpolation=None)
TOX.read(ROOT / "tox.ini", encoding="utf-8")

COMMENT = re.compile(r"(^|\s)#.*", re.MULTILINE)

CHECKERS = ("ruff", "mypy", "check-jsonschema", "zizmor")


def list_environments() -> set[str]:
    """Return the names of the environments, each of a section that defines several."""
    names = set()
    for section in TOX.sections():
        name = section.removeprefix("testenv:")
        many = re.fullmatch(r"(\w*)\{(.*)\}", name)
        names |= {f"{many[1]}{part}" for part in many[2].split(",")} if many else {name}
    return names - {"tox", "testenv"}


def find_started(text: str) -> set[str]:
    """Return the environments that a script or a configuration starts with tox."""
    commands = COMMENT.sub("", text)
    return {name for names in re.findall(r"\btox run -e ([\w,-]+)", commands) for name in names.split(",")}


def read_upper_bound() -> str:
    """Return the first TensorFlow that is not supported yet."""
    (bound,) = set(re.findall(r'"tensorflow(?:-cpu|\[and-cuda\])?>=[\d.]+,<([\d.]+)[;"]', PYPROJECT))
    return str(bound)


@pytest.mark.parametrize(
    "path", [*WORKFLOWS, ROOT / ".ci" / "run", ROOT / ".pre-commit-config.yaml"], ids=lambda path: path.name
)
def test_whoever_checks_starts_what_tox_defines_and_no_checker_itself(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert find_started(text) <= list_environments()
    commands = COMMENT.sub("", text)
    assert [name for name in CHECKERS if re.search(rf"\b{name}\b", commands)] == []


def test_a_commit_and_a_change_are_checked_by_the_same() -> None:
    hooks = find_started((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert hooks == find_started(CI_RUN) == {"lint", "types"}
    assert set(TOX["tox"]["env_list"].split(", ")) == {*hooks, "tests"}


def test_the_checks_cover_every_checker_and_each_has_one_version() -> None:
    lint, types = TOX["testenv:lint"]["commands"], TOX["testenv:types"]["commands"]
    assert [name for name in CHECKERS if name not in f"{lint} {types}"] == []
    for name in CHECKERS:
        assert len(re.findall(rf'"{name}==[\d.]+"', PYPROJECT)) == 1, name


def test_the_tests_run_as_the_readme_says_and_as_tox_runs_them() -> None:
    """The README's command ends in pytest, which is started under coverage, and a floor is held."""
    started = '"${tests_command%pytest}coverage run -m pytest"'
    assert CI_RUN.count(started) == 1
    assert TOX["testenv:tests"]["commands"].split("\n")[1:] == ["coverage run -m pytest {posargs}", "coverage report"]
    assert ".venv/bin/coverage report\n" in CI_RUN
    (floor,) = re.findall(r"^fail_under = (\d+)", PYPROJECT, re.MULTILINE)
    assert int(floor) > 50


def test_every_supported_tensorflow_is_tested() -> None:
    environments = {name for name in list_environments() if name.startswith("tf")}
    (matrix,) = [path.read_text(encoding="utf-8") for path in WORKFLOWS if path.name == "ci.yml"]
    assert set(re.findall(r"env: (tf\d+)", matrix)) == environments
    (section,) = [section for section in TOX.sections() if section.startswith("testenv:tf")]
    versions = dict(re.findall(r"(tf\d+): TENSORFLOW = (\S+)", TOX[section]["set_env"]))
    assert versions == {name: f"2.{name.removeprefix('tf2')}" for name in environments}
    first, after = re.findall(r'"tensorflow-cpu>=2\.(\d+),<2\.(\d+)', PYPROJECT)[0]
    assert environments == {f"tf2{minor}" for minor in range(int(first), int(after))}


def test_what_an_environment_reads_is_passed_to_it() -> None:
    """One name a line: tox takes several of them, apart by commas, for one name that nothing has."""
    passed = TOX["testenv"]["pass_env"].split("\n")
    upgrade = (ROOT / ".ci" / "upgrade").read_text(encoding="utf-8")
    told = [value for section in TOX.sections() for value in TOX[section].values()]
    read = set(re.findall(r"\{env:([A-Z_]+)", " ".join(told))) | set(re.findall(r"\$\{([A-Z]+):-", upgrade))
    set_here = set(re.findall(r"([A-Z_]+) = ", " ".join(told)))
    assert len(read) > 5
    assert read - set_here - set(passed) == set()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_pins_its_actions_and_may_read_alone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for action in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", action)
    assert re.findall(r"^ *permissions:\n((?: +.*\n)+)", text, re.MULTILINE) == ["  contents: read\n"]
    assert "secrets." not in text
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    assert text.count("timeout-minutes:") == text.count("runs-on:")


def test_each_action_has_one_version() -> None:
    used = {action for path in WORKFLOWS for action in re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))}
    assert len(used) == len({action.partition("@")[0] for action in used})


def test_packages_and_actions_are_kept_up_to_date() -> None:
    text = (ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8")
    assert re.findall(r"package-ecosystem: (\S+)", text) == ["pip", "github-actions"]


def test_a_push_to_main_does_not_end_the_checks_of_the_one_before() -> None:
    """A group of its own for each commit: within one, what waits is dropped even where nothing is cancelled."""
    (text,) = [path.read_text(encoding="utf-8") for path in WORKFLOWS if path.name == "ci.yml"]
    assert "group: ${{ github.workflow }}-${{ github.event.pull_request.number || github.sha }}" in text
    assert "cancel-in-progress: ${{ github.event_name == 'pull_request' }}" in text


def test_the_required_check_always_reports() -> None:
    """A filter of paths on the workflow, or a condition on the job, would leave it without a result."""
    (text,) = [path.read_text(encoding="utf-8") for path in WORKFLOWS if path.name == "benchmarks.yml"]
    assert "paths" not in text
    assert not re.search(r"^    if:", text, re.MULTILINE)
    measuring = text.index("tox run -e compare-base")
    assert text.index("run: .ci/changes HEAD^1") < measuring
    assert text[measuring:].splitlines()[1].strip() == "if: steps.changes.outputs.measured == 'true'"


def run_script(name: str, *arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / ".ci" / name), *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def commit(folder: Path, *files: str) -> None:
    """Commit a change of these files, or the removal of those that begin with a minus."""
    for name in files:
        path = folder / name.removeprefix("-")
        if name.startswith("-"):
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{path.read_text() if path.exists() else ''}{name}\n")
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "--all"], [*identity, "commit", "--quiet", "-m", "change"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)  # noqa: S607


@pytest.mark.parametrize(
    ("files", "measured"),
    [
        (("README.md", "docs/ci.md", "docs/history.svg", "LICENSE"), "false"),
        (("tests/gate/test_times.py",), "false"),
        (("README.md", "benchmarks/units.py"), "true"),
        (("pyproject.toml",), "true"),
        ((".ci/changes",), "true"),
        (("benchmarks/docs/page.py",), "true"),
        (("-benchmarks/first.py", "docs/first.py"), "true"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_only_what_is_measured_needs_measuring(files: tuple[str, ...], measured: str, tmp_path: Path) -> None:
    """A file that moves out of what is measured is a change of it."""
    folder = tmp_path / "clone"
    folder.mkdir()
    commit(folder, "benchmarks/first.py", "README.md")
    commit(folder, *files)
    output = tmp_path / "output"
    done = run_script("changes", "HEAD^1", folder=folder, GITHUB_OUTPUT=str(output))
    assert (done.returncode, done.stdout) == (0, f"measured={measured}\n")
    assert output.read_text() == done.stdout
    assert (folder / "summary.md").exists() is (measured == "false")


def test_a_base_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    commit(tmp_path, "README.md")
    assert run_script("changes", "HEAD^1", folder=tmp_path).returncode != 0


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the script for upgrades, and programs that stand for Python and pytest.

    Python names an interpreter by the version it is asked for; that of the newest is 2.21.
    """
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "upgrade").write_text((ROOT / ".ci" / "upgrade").read_text(encoding="utf-8"))
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    python = 'case "${@: -1}" in *==2.20.0) echo /cache/20;; tensorflow*) echo /cache/21;; *) exit 1;; esac\n'
    for name, body in (("python", python), ("pytest", 'echo "measuring $*"\n')):
        (bin_folder / name).write_text(f"#!/usr/bin/env bash\n{body}")
    for path in (tmp_path / ".ci" / "upgrade", *bin_folder.iterdir()):
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return tmp_path


def run_upgrade(clone: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{clone / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(clone / ".ci" / "upgrade"), "-k", "step_time"],
        env={"PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_upgrade_to_the_same_version_is_one_line(clone: Path) -> None:
    """As a scheduled run asks for it, with empty inputs."""
    done = run_upgrade(clone, FROM="", TO="")
    newest = f"tensorflow-cpu<{read_upper_bound()}"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Nothing was measured: tensorflow-cpu and {newest} are the same versions today.\n"
    assert (clone / "summary.md").read_text() == done.stdout


def test_an_upgrade_to_another_version_is_measured(clone: Path) -> None:
    done = run_upgrade(clone, FROM="tensorflow-cpu==2.20.0")
    assert done.returncode == 0
    assert done.stdout.startswith(
        "measuring benchmarks --sweep gate --target /cache/21 --against tensorflow-cpu==2.20.0 "
    )
    assert done.stdout.endswith(" -k step_time\n")
    assert not (clone / "summary.md").exists()


def test_an_upgrade_whose_target_cannot_be_built_is_red(clone: Path) -> None:
    assert run_upgrade(clone, TO="keras").returncode != 0
    assert run_upgrade(clone, FROM="keras").returncode != 0


def test_who_contributes_finds_where_to_add_what() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    pages = [f"docs/{path.name}" for path in (ROOT / "docs").glob("add-a-*.md")]
    assert [page for page in pages if page not in text] == []
    assert set(re.findall(r"`tox -e (\w+)`", text)) <= list_environments()
