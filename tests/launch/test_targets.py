"""An environment is built once for the versions it holds, again when it is broken, and its failure is the installer's.

uv is played by a script, so that nothing is fetched.
"""

from __future__ import annotations

import importlib.util
import json
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.errors import TargetError
from benchmarks.launch import targets
from benchmarks.launch.targets import WORKERS, Target, build_target, find_or_build_target

_FAKE_UV = """#!{python}
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
with open(here / "calls.txt", "a") as calls:
    print(" ".join(sys.argv[1:]), file=calls)
if (here / "broken").exists():
    sys.exit("error: there is no version of tensorflow-cpu==99")
if sys.argv[1:3] == ["pip", "compile"]:
    asked = sys.stdin.read().split()
    if (here / "offline").exists():
        sys.exit("error: no network")
    print("\\n".join(name if "==" in name else name + "==1.0" for name in asked))
elif sys.argv[1] == "venv":
    interpreter = pathlib.Path(sys.argv[-1]) / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    code = "import pathlib; print((pathlib.Path(__file__).parent / 'pins.json').read_text())"
    interpreter.write_text("#!{python}\\n" + code)
    interpreter.chmod(0o755)
else:
    interpreter = pathlib.Path(sys.argv[sys.argv.index("--python") + 1])
    pins = dict(argument.split("==") for argument in sys.argv if "==" in argument)
    (interpreter.parent / "pins.json").write_text(json.dumps(pins))
"""


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a `uv` that notes how it was called; files put beside it change what it does."""
    folder = tmp_path / "tools"
    folder.mkdir()
    program = folder / "uv"
    program.write_text(_FAKE_UV.replace("{python}", sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def list_calls(uv: Path) -> list[str]:
    return [line.split()[0] if not line.startswith("pip") else line.split()[1] for line in _read_calls(uv)]


def _read_calls(uv: Path) -> list[str]:
    return (uv / "calls.txt").read_text().splitlines()


def test_an_environment_is_built_once(uv: Path, tmp_path: Path) -> None:
    first = build_target("tensorflow-cpu==2.19.1 keras==3.8.0", tmp_path / "cache")
    assert list_calls(uv) == ["compile", "venv", "install"]
    assert all(
        name in _read_calls(uv)[-1] for name in ("tensorflow-cpu==2.19.1", "keras==3.8.0", "numpy==1.0", "psutil")
    )
    second = build_target("tensorflow-cpu==2.19.1 keras==3.8.0", tmp_path / "cache")
    assert second == first
    assert list_calls(uv) == ["compile", "venv", "install", "compile"]


def test_other_versions_get_an_environment_of_their_own(uv: Path, tmp_path: Path) -> None:
    one, other = (build_target(f"tensorflow-cpu=={version}", tmp_path) for version in ("2.19.1", "2.20.0"))
    assert one.interpreter != other.interpreter


def test_a_broken_environment_is_built_again(uv: Path, tmp_path: Path) -> None:
    target = build_target("tensorflow-cpu==2.19.1", tmp_path)
    (target.interpreter.parent / "pins.json").write_text(json.dumps({"tensorflow-cpu": "2.19.1"}))  # numpy is gone
    build_target("tensorflow-cpu==2.19.1", tmp_path)
    assert list_calls(uv).count("venv") == 2


@pytest.mark.parametrize(
    ("requirement", "numpy"),
    [
        ("tensorflow-cpu==2.14.0", "1.26.4"),
        ("tensorflow==2.17.0rc1", "1.26.4"),
        ("tensorflow-cpu==2.18.0", "2.4.6"),
        ("tensorflow-cpu==2.14.0 numpy==2.4.6", "2.4.6"),
        ("tensorflow-cpu==2.14.0 numpydoc==1.8.0", "1.26.4"),
    ],
)
def test_a_tensorflow_of_numpy_1_gets_it_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requirement: str, numpy: str
) -> None:
    def resolve(wanted: Sequence[str]) -> list[str]:
        return ["numpy==1.26.4" if "numpy<2" in wanted else "numpy==2.4.6", wanted[0]]

    monkeypatch.setattr(targets, "_ask_resolver", resolve)
    assert targets._resolve(requirement, tmp_path)[0] == f"numpy=={numpy}"


def test_a_name_may_be_written_in_any_of_its_forms(uv: Path, tmp_path: Path) -> None:
    target = build_target("tensorflow-cpu==2.19.1 jaraco.text==4.0", tmp_path)
    pins = {"tensorflow_cpu": "2.19.1", "Jaraco-Text": "4.0", "NumPy": "1.0", "psutil": "1.0"}
    (target.interpreter.parent / "pins.json").write_text(json.dumps(pins))
    build_target("tensorflow-cpu==2.19.1 jaraco.text==4.0", tmp_path)
    assert list_calls(uv).count("venv") == 1


def test_a_package_from_a_file_is_built_once_too(uv: Path, tmp_path: Path) -> None:
    """Its pin is the path, which names no package, so that its version cannot be looked up."""
    for _ in range(2):
        build_target("tensorflow-cpu==2.19.1 ./keras==3.whl", tmp_path)
    assert list_calls(uv).count("venv") == 1


def test_one_that_was_left_half_built_is_built_again(uv: Path, tmp_path: Path) -> None:
    target = build_target("tensorflow-cpu==2.19.1", tmp_path)
    (target.interpreter.parents[1] / "complete.json").unlink()
    build_target("tensorflow-cpu==2.19.1", tmp_path)
    assert list_calls(uv).count("install") == 2


def test_a_warm_cache_works_offline(uv: Path, tmp_path: Path) -> None:
    online = build_target("tensorflow-cpu==2.19.1", tmp_path)
    (uv / "offline").touch()
    assert build_target("tensorflow-cpu==2.19.1", tmp_path) == online
    with pytest.raises(TargetError, match=r"could not resolve .*; uv says: error: no network"):
        build_target("tensorflow-cpu==2.18.0", tmp_path)


def test_a_failure_is_told_in_the_installers_words(uv: Path, tmp_path: Path) -> None:
    (uv / "broken").touch()
    with pytest.raises(TargetError, match="uv says: error: there is no version of tensorflow-cpu==99"):
        build_target("tensorflow-cpu==99", tmp_path)


def test_an_interpreter_is_taken_as_it_is(uv: Path) -> None:
    assert find_or_build_target(sys.executable).interpreter == Path(sys.executable)
    assert not (uv / "calls.txt").exists()


@pytest.mark.parametrize("module", WORKERS)
def test_another_checkout_is_measured_on_this_interpreter(uv: Path, tmp_path: Path, module: str) -> None:
    worker = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
    worker.parent.mkdir(parents=True)
    worker.touch()
    target = find_or_build_target(str(tmp_path))
    assert target == Target(interpreter=Path(sys.executable), root=tmp_path, worker=module)


def test_the_worker_of_this_checkout_is_the_first_of_the_known_ones() -> None:
    assert importlib.util.find_spec(WORKERS[0]) is not None


@pytest.mark.parametrize("folder", ["checkout", "some/checkout", "./checkout", "some/checkout==2"])
def test_a_folder_that_is_no_checkout_is_told_and_nothing_is_built(
    uv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(
        TargetError,
        match=r"known by benchmarks/target/worker\.py or .*, got the folder .*checkout.*; name the",
    ):
        find_or_build_target(folder)
    assert not (uv / "calls.txt").exists()


@pytest.mark.parametrize(
    "text", ["no/such/python", "../no/such==checkout", "tensorflow-cpu==2.20.0 no/such.whl", "", " "]
)
def test_a_text_that_names_nothing_is_told_and_nothing_is_built(uv: Path, text: str) -> None:
    with pytest.raises(TargetError, match=r"expected an interpreter, pip .*, which is none of them; look at the path"):
        find_or_build_target(text)
    assert not (uv / "calls.txt").exists()


def test_a_file_that_is_no_program_is_told_and_nothing_is_built(uv: Path, tmp_path: Path) -> None:
    (tmp_path / "python").touch()
    with pytest.raises(TargetError, match="which is none of them"):
        find_or_build_target(str(tmp_path / "python"))
    assert not (uv / "calls.txt").exists()


@pytest.mark.parametrize(
    "text",
    [
        "tensorflow-cpu==2.20.0",
        "tensorflow-cpu==2.20.0 keras==3.8.0",
        "tensorflow-cpu==2.20.0 {folder}/keras.whl",
        "{folder}/tensorflow.whl",
        "keras@https://example.org/keras.zip",
    ],
)
def test_requirements_are_built(uv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for name in ("keras.whl", "tensorflow.whl"):
        (tmp_path / name).touch()
    asked = text.format(folder=tmp_path)
    built = Target(interpreter=tmp_path / "built")
    monkeypatch.setattr(targets, "build_target", {asked: built}.__getitem__)
    assert find_or_build_target(asked) is built


def test_uv_is_found_beside_an_interpreter_that_is_not_activated(
    uv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(uv / "python"))
    assert targets._find_uv() == str(uv / "uv")


def test_without_uv_pip_and_venv_do_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: Sequence[str], verb: str, what: str, *, stdin: str = "") -> str:
        commands.append(list(command))
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True)
        found = [
            {"metadata": {"name": "tensorflow_cpu", "version": "2.19.1"}, "is_direct": False},
            {
                "metadata": {"name": "keras", "version": "3.8.0"},
                "is_direct": True,
                "download_info": {"url": "file:///keras.whl"},
            },
        ]
        return json.dumps({"install": found}) if "--report" in command else ""

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(targets, "_run", run)
    target = build_target("tensorflow-cpu==2.19.1", tmp_path / "cache")
    resolve, make, install = commands
    assert resolve[:4] == [sys.executable, "-m", "pip", "install"]
    assert resolve[-3:] == ["tensorflow-cpu==2.19.1", "numpy", "psutil"]
    assert make == [sys.executable, "-m", "venv", str(target.interpreter.parent.parent)]
    assert install[0] == str(target.interpreter)
    assert install[-3:] == ["--no-deps", "keras @ file:///keras.whl", "tensorflow_cpu==2.19.1"]
