"""The parts of a block are shown with the share of them that is timed."""

from __future__ import annotations

import pytest

from benchmarks.studies.block_costs import PARTS, main, render_costs
from tests.examples import make_case


def test_each_case_has_its_parts_and_both_shares_of_timed_slices() -> None:
    """By hand: 600 of 1,400 ms are timed, 43 %; of 600 + 800 / 2 = 1,000 ms on two cores they are 60 %."""
    block = dict(zip(PARTS, (50, 50, 500, 100, 600, 100), strict=True))
    other = dict.fromkeys(PARTS, 0) | {"timed": 600, "both arms": 700, "closing": 100}
    table = render_costs({make_case(): [{part: ms * 10**6 for part, ms in each.items()} for each in (block, other)]})
    header, _, row = ([cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines())
    assert dict(zip(header, row, strict=True)) == {
        "case": make_case().case_id,
        "fork ms": "25",
        "runtime ms": "25",
        "both arms ms": "600",
        "pauses ms": "50",
        "timed ms": "600",
        "closing ms": "100",
        "timed of the block": "43 %",
        "at most, on 2 cores": "60 %",
    }


def test_no_block_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--blocks", "0"])
    assert "--blocks: expected at least 1, got 0" in capsys.readouterr().err
