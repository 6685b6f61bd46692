"""The house stands: floors, siblings, who may import what, how long a module gets, and that nothing is forgotten.

Read from the source with `ast`, so that an import inside a function or for the type checker counts too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "benchmarks"

FLOORS = (
    {"errors", "units"},
    {"questions"},
    {"protocols", "records"},
    {"proofs"},
    {"methods", "probes", "stats", "workloads"},
    {"cases", "gate_methods", "imbalanced"},
    {"baselines", "gate", "sweeps", "target"},
    {"launch", "reports"},
    {"measuring"},
    {"commands", "plugin", "studies"},
)
"""A part imports from lower floors. The questions, `test_*.py`, stand on top of all."""

FLOORS_WITH_RELATIVES = (0, 2)
"""Floors whose parts may import each other: errors serve units, records serve protocols."""

USES_TENSORFLOW = re.compile(r"methods\.\w+|workloads\.\w+|probes\.\w+|target\.(worker|jobs|serving|training)")
"""What runs inside a target; the packages of methods, workloads and probes can be named without it."""

USES_PYTEST = re.compile(r"plugin(\.\w+)?|test_\w+")

MAX_LINES = 300

PROOFS = {"probes.weighted_gradient", "probes.scheme_gradient", "probes.resampled_classes"}
"""What is proven of every method before it is timed answers no question."""

VAGUE_NAMES = {"common", "helpers", "misc", "util", "utils"}

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path != PACKAGE / "__init__.py"
}
"""Every module of the package by its dotted name below `benchmarks`."""


def find_floor(module: str) -> int:
    part = module.partition(".")[0]
    if part.startswith("test_"):
        return len(FLOORS)
    return next(number for number, parts in enumerate(FLOORS) if part in parts)


def find_imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything a module imports, as far as it could be a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: expected absolute imports"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def find_own_imports(path: Path) -> Iterator[str]:
    """Yield what a module imports from this package, as a dotted name below `benchmarks`."""
    for name in find_imports(path):
        package, _, rest = name.partition(".")
        if package == "benchmarks" and rest:
            yield rest


def imports_any_of(path: Path, *packages: str) -> bool:
    return any(name.partition(".")[0] in packages for name in find_imports(path))


def test_every_part_has_its_floor_and_every_floor_its_parts() -> None:
    parts = {module.partition(".")[0] for module in MODULES}
    assert {part for part in parts if not part.startswith("test_")} == set().union(*FLOORS)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_from_lower_floors_or_its_own_part(module: str) -> None:
    part = module.partition(".")[0]
    for imported in find_own_imports(MODULES[module]):
        other = imported.partition(".")[0]
        if other == part:
            continue
        lower = find_floor(imported) < find_floor(module)
        relative = find_floor(imported) == find_floor(module) in FLOORS_WITH_RELATIVES
        assert lower or relative, f"{module} imports {imported}, which is not on a lower floor"


def test_only_what_runs_inside_a_target_imports_tensorflow() -> None:
    users = {module for module, path in MODULES.items() if imports_any_of(path, "tensorflow", "keras")}
    assert {module for module in users if not USES_TENSORFLOW.fullmatch(module)} == set()


def test_only_the_plugin_and_the_questions_import_pytest() -> None:
    users = {module for module, path in MODULES.items() if imports_any_of(path, "pytest", "_pytest")}
    assert {module for module in users if not USES_PYTEST.fullmatch(module)} == set()


def test_what_runs_outside_a_target_loads_without_tensorflow() -> None:
    modules = [f"benchmarks.{module}" for module in MODULES if not USES_TENSORFLOW.fullmatch(module)]
    script = (
        "import importlib, sys\n"
        f"for module in {modules}:\n"
        "    importlib.import_module(module)\n"
        "    loaded = {'tensorflow', 'keras'} & set(sys.modules)\n"
        "    assert not loaded, f'{module} loads {loaded}'\n"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_read_in_one_sitting_and_says_what_it_is_for(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert ast.get_docstring(ast.parse(text))
    assert module.rpartition(".")[2] not in VAGUE_NAMES


@pytest.mark.parametrize(
    ("package", "registries"),
    [
        ("methods", ["methods", "methods._computed_entries", "methods._replicated_entries"]),
        ("probes", ["questions"]),
        ("workloads", ["workloads"]),
    ],
)
def test_every_module_is_registered_and_everything_registered_exists(package: str, registries: list[str]) -> None:
    """A registry names its entries as `benchmarks.package.module:attribute`; a module with `_` is what they share."""
    nodes = [node for name in registries for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8")))]
    strings = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    location = re.compile(rf"benchmarks\.({package}\.\w+):(\w+)")
    registered = [match.groups() for string in strings if (match := location.fullmatch(string))]
    public = {module for module in MODULES if re.fullmatch(rf"{package}\.[^_]\w*", module)} - PROOFS
    assert {module for module, _ in registered} == public
    for module, attribute in registered:
        assert re.search(rf"^(def |class )?{attribute}\b", MODULES[module].read_text(encoding="utf-8"), re.MULTILINE)


def test_every_module_with_hooks_or_fixtures_is_listed_among_the_plugins() -> None:
    from benchmarks.plugin import pytest_plugins  # noqa: PLC0415 - the list is data; what it names is not loaded here

    speaking = re.compile(r"^(def pytest_\w+|@pytest\.(hookimpl|fixture)\b)", re.MULTILINE)
    modules = [module for module in MODULES if module.startswith("plugin.")]
    heard = {f"benchmarks.{name}" for name in modules if speaking.search(MODULES[name].read_text(encoding="utf-8"))}
    assert heard == set(pytest_plugins)


def test_a_folder_of_tests_bears_the_name_of_the_package_it_tests() -> None:
    tests = ROOT / "tests"
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert {path.name for path in tests.iterdir() if (path / "__init__.py").exists()} <= packages
