"""Which TensorFlow is measured, and where does its interpreter come from? One that is there, or one built and kept.

It runs the code of this checkout of the suite, or of another one, which is known by its worker: what is started inside
a target. A requirement is resolved to exact versions, and its environment lies in the cache under a key made of them
and of the Python version: the same versions are built once, whatever they were asked for as. What a requirement
resolved to is remembered, so that a warm cache works without a network. uv does the work where it is installed, venv
and pip elsewhere. A lock keeps two runs from building the same environment; one that was left half built, or lost a
package since, is built again. Leaves out: what is measured in it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import platformdirs
from filelock import FileLock
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from benchmarks.errors import TargetError
from benchmarks.records import Json

WORKERS: tuple[str, ...] = ("benchmarks.target.worker", "benchmarks.blocks.worker")
"""Modules that are started inside a target: this checkout's own, then those of checkouts that had it elsewhere."""

_WORKER_FILES = {module: Path(*module.split(".")).with_suffix(".py") for module in WORKERS}

KNOWN_TARGETS = (
    "an interpreter, pip requirements, or the folder of a checkout of this suite, which is known by "
    + " or ".join(str(file) for file in _WORKER_FILES.values())
)
"""What a text may name that says what to measure, for messages."""

CACHE_VARIABLE = "SAMPLE_WEIGHTING_CACHE"
"""Environment variable that names the folder to build in, in place of the user's cache."""

_NEEDED = ("numpy", "psutil")
"""What a target needs beside what was asked for, which brings TensorFlow."""

_OLDER_NUMPY = SpecifierSet("<2")
_FOR_OLDER_NUMPY = SpecifierSet("<2.18")
"""TensorFlow was built for NumPy 1 before 2.18, and NumPy 2 has another ABI."""

_INSTALL_TIMEOUT_S = 1800.0
_MARK = "complete.json"
_LAST_LINES = 12
_PIP_INSTALL = ("-m", "pip", "install", "--quiet")

_LIST_VERSIONS = (
    "import importlib.metadata, json;"
    "print(json.dumps({d.metadata['Name']: d.version for d in importlib.metadata.distributions()}))"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A TensorFlow environment, named by its Python interpreter.

    `root` is another checkout of this suite whose code is to be measured there; None means this one. `worker` is the
    module of that checkout that is started. `layout` is the number of the fixed layout that its processes have, 0 and
    up: the seed of their hashes, with addresses that are not drawn where the system allows it; with None each draws its
    own.
    """

    interpreter: Path
    root: Path | None = None
    worker: str = WORKERS[0]
    layout: int | None = None

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return str(self.interpreter) if self.root is None else f"{self.root} on {self.interpreter}"


def find_target(text: str | None) -> Target:
    """Return the target that `text` names; None means the interpreter this process runs on.

    Args:
        text: the path of an interpreter, or the name of one on the PATH.

    Raises:
        TargetError: when there is no such program.
    """
    if text is None:
        return Target(interpreter=Path(sys.executable))
    found = shutil.which(os.path.expanduser(text))  # noqa: PTH111 - which takes and gives text
    if found is None:
        raise TargetError(
            f"target: expected a Python interpreter with TensorFlow, got {text!r}, which is not a program; "
            "pass its path, for example --target .venv/bin/python"
        )
    return Target(interpreter=Path(found).absolute())


def find_checkout(folder: Path, interpreter: Path) -> Target:
    """Return the target that measures the code of another checkout of this suite.

    Raises:
        TargetError: when the folder is not one.
    """
    for module, file in _WORKER_FILES.items():
        if (folder / file).is_file():
            return Target(interpreter=interpreter, root=folder.resolve(), worker=module)
    raise TargetError(
        f"target: expected {KNOWN_TARGETS}, got the folder {str(folder)!r}, which has none; name the folder that holds "
        "`benchmarks`, in a version of this suite that has a worker there"
    )


def find_cache() -> Path:
    """Return the folder in which environments are kept."""
    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("tf-weighting-benchmarks"))


def find_or_build_target(text: str, interpreter: Path = Path(sys.executable)) -> Target:
    """Return the target that `text` names: an interpreter, another checkout of this suite, or pip requirements.

    Of requirements an environment is built.

    Args:
        text: what to look for.
        interpreter: what a checkout is measured on, so that it differs from this one in its code alone.

    Raises:
        TargetError: when it is none of them, or cannot be installed.
    """
    path = Path(text).expanduser()
    if text.strip() and path.is_dir():
        return find_checkout(path, interpreter)
    if shutil.which(os.path.expanduser(text)) is not None:  # noqa: PTH111 - "./python" is not "python"
        return find_target(text)
    if _may_be_requirements(text):
        return build_target(text)
    raise TargetError(f"target: expected {KNOWN_TARGETS}, got {text!r}, which is none of them; look at the path")


def build_target(requirement: str, cache: Path | None = None) -> Target:
    """Return the target of a requirement, built if it is not in the cache yet.

    Args:
        requirement: one or several pip requirements apart by blanks, such as `tensorflow-cpu==2.19.1 keras==3.8.0`.
        cache: the folder to keep it in; None means `find_cache()`.

    Raises:
        TargetError: when it cannot be resolved or installed; the message has the installer's own words.
    """
    root = find_cache() if cache is None else cache
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(
            f"cache: expected a folder to build environments in, got {root} ({error.strerror}); name another with "
            f"{CACHE_VARIABLE}"
        ) from error
    pins = _resolve(requirement, root)
    folder = root / f"py{sys.version_info.major}{sys.version_info.minor}-{_digest(pins)}"
    with FileLock(f"{folder}.lock"):
        interpreter = folder / "bin" / "python"
        if not _is_whole(folder, interpreter, pins):
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, interpreter, pins)
            (folder / _MARK).write_text(json.dumps({"requirement": requirement, "pins": pins}), encoding="utf-8")
    return Target(interpreter=interpreter)


def _resolve(requirement: str, root: Path) -> list[str]:
    """Return the exact versions that a requirement means, remembered ones where nothing can be asked now."""
    asked = requirement.split()
    wanted = [*asked, *_NEEDED]
    memory = root / f"resolved-{_digest([sys.version, *wanted])}.json"
    try:
        pins = _ask_resolver(wanted)
        if _needs_older_numpy(pins) and "numpy" not in dict(_list_named(asked)):
            pins = _ask_resolver([*wanted, f"numpy{_OLDER_NUMPY}"])
    except TargetError:
        if not memory.exists():
            raise
        remembered: list[str] = json.loads(memory.read_text(encoding="utf-8"))
        return remembered
    half = memory.with_suffix(f".{os.getpid()}")
    half.write_text(json.dumps(pins), encoding="utf-8")
    half.replace(memory)  # whole or not at all: another run may be reading
    return pins


def _may_be_requirements(text: str) -> bool:
    """Whether each part of a text could be a requirement: of those with a separator, one that names something."""
    parts = text.split()
    return bool(parts) and all(os.sep not in part or _names_distribution(part, len(parts)) for part in parts)


def _names_distribution(part: str, parts: int) -> bool:
    """Whether a requirement with a separator is an address, or a path to something; one that stands alone, a wheel."""
    if "://" in part:
        return True
    return Path(part).exists() and (parts > 1 or part.endswith(".whl"))


def _list_named(requirements: Sequence[str]) -> list[tuple[str, Requirement]]:
    """Return the requirements and their packages' names; without paths and bare addresses, which name no package."""
    named: list[tuple[str, Requirement]] = []
    for text in requirements:
        with contextlib.suppress(InvalidRequirement):
            requirement = Requirement(text)
            named.append((canonicalize_name(requirement.name), requirement))
    return named


def _needs_older_numpy(pins: Sequence[str]) -> bool:
    """Whether this TensorFlow was built for NumPy 1 and did not say so; some releases, such as 2.14.0, did not."""
    versions = {name: each.version for name, pin in _list_named(pins) for each in pin.specifier}
    tensorflow = versions.get("tensorflow-cpu", versions.get("tensorflow"))
    numpy = versions.get("numpy")
    if tensorflow is None or numpy is None:
        return False
    return _FOR_OLDER_NUMPY.contains(tensorflow, prereleases=True) and not _OLDER_NUMPY.contains(numpy)


def _find_uv() -> str | None:
    """Return uv, on the PATH or beside this interpreter, whose folder is not on it where nothing is activated."""
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def _ask_resolver(wanted: Sequence[str]) -> list[str]:
    """Return `name==version` for everything that would be installed, or where it comes from, sorted."""
    what = " ".join(wanted)
    uv = _find_uv()
    if uv is not None:
        command = [uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--python", sys.executable, "-"]
        lines = _run(command, "resolve", what, stdin="\n".join(wanted)).splitlines()
        return sorted(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    command = [sys.executable, *_PIP_INSTALL, "--dry-run", "--ignore-installed", "--report", "-"]
    return sorted(map(_name_pin, json.loads(_run([*command, *wanted], "resolve", what))["install"]))


def _name_pin(item: Json) -> str:
    """Return the pin of an item of pip's report: its version, or where it comes from if that was asked for."""
    exact = f" @ {item['download_info']['url']}" if item["is_direct"] else f"=={item['metadata']['version']}"
    return f"{item['metadata']['name']}{exact}"


def _install(folder: Path, interpreter: Path, pins: Sequence[str]) -> None:
    """Make the environment and put the exact versions into it."""
    what = next((pin for pin in pins if pin.startswith("tensorflow")), "the target")
    make, install = [sys.executable, "-m", "venv"], [str(interpreter), *_PIP_INSTALL]
    uv = _find_uv()
    if uv is not None:
        make = [uv, "venv", "--quiet", "--python", sys.executable]
        install = [uv, "pip", "install", "--quiet", "--python", str(interpreter)]
    _run([*make, str(folder)], "make an environment for", what)
    _run([*install, "--no-deps", *pins], "install", what)


def _is_whole(folder: Path, interpreter: Path, pins: Sequence[str]) -> bool:
    """Whether the environment was built to the end and still has every package in its version."""
    if not (folder / _MARK).exists() or not interpreter.exists():
        return False
    listed = subprocess.run(  # noqa: S603 - the environment's own interpreter
        [str(interpreter), "-c", _LIST_VERSIONS], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        return False
    installed = {str(canonicalize_name(name)): version for name, version in json.loads(listed.stdout).items()}
    return all(_is_met(pin, installed.get(name)) for name, pin in _list_named(pins))


def _is_met(pin: Requirement, version: str | None) -> bool:
    """Whether the version that a pin names is the installed one; of what is for another system none needs be."""
    if pin.marker is not None and not pin.marker.evaluate():
        return True
    return version is not None and pin.specifier.contains(version, prereleases=True)


def _run(command: Sequence[str], verb: str, what: str, *, stdin: str = "") -> str:
    """Run the installer and return its output; raise TargetError with its own words where it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - uv or pip, by their paths
            command, input=stdin, capture_output=True, text=True, check=False, timeout=_INSTALL_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise TargetError(f"could not {verb} {what} within {_INSTALL_TIMEOUT_S:.0f} s; look at the network") from None
    if done.returncode:
        words = " ".join((done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:])
        raise TargetError(f"could not {verb} {what}; {Path(command[0]).name} says: {words}")
    return done.stdout


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
