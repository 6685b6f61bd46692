"""When are targets started? Before anything is measured, all servers of a target that measure times at once.

The other target is found or built first, so that a run without it ends at once. What goes wrong with starting this one
ahead is not said here: the first request meets it again, and fails its case.

Leaves out: measuring and what is concluded (`benchmarks.measuring`).
"""

from __future__ import annotations

import contextlib

import pytest

from benchmarks.errors import SuiteError, describe_fault
from benchmarks.launch.pool import BLOCKS_AT_ONCE
from benchmarks.plugin.run import find_run
from benchmarks.records import Question


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the servers of all targets, or end the run with the reason why the other one cannot be had."""
    run = find_run(session.config)
    questions = [marker.args[0] for item in session.items if (marker := item.get_closest_marker("sweep")) is not None]
    if not questions or session.config.option.collectonly or run.skipping:
        return
    timed = any(Question(question).is_timed for question in questions)
    try:
        if run.settings.against is not None:
            launcher = run.open_other_target().launcher
            launcher.start(1 if timed else 0)
            launcher.describe_environment()
    except SuiteError as error:
        raise pytest.UsageError(f"--against: {error}") from None
    except Exception as error:  # noqa: BLE001 - whatever it is, without the other target there is nothing to compare
        raise pytest.UsageError(f"--against: {describe_fault(error)}") from None
    with contextlib.suppress(Exception):
        run.session.target.launcher.start(BLOCKS_AT_ONCE if timed else 0)
