"""When is the other target found or built? Before anything is measured, so that a run without it ends at once.

Leaves out: measuring (`works`) and what is concluded (`siding`).
"""

from __future__ import annotations

import pytest

from benchmarks.errors import SuiteError
from benchmarks.plugin.run import find_run


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Find or build the target that `--against` names, or end the run with the reason."""
    run = find_run(session.config)
    swept = any(item.get_closest_marker("sweep") is not None for item in session.items)
    if run.settings.against is None or not swept or session.config.option.collectonly:
        return
    try:
        run.other_launcher = run.make_other_launcher(run.settings)
        run.other_launcher.describe_environment()
    except SuiteError as error:
        raise pytest.UsageError(f"--against: {error}") from None
