"""Where does the time of a block go? Forking, TensorFlow's start, both arms, pauses, and what is timed.

    python -m benchmarks.studies.block_costs --method fit_array,fit_dataset,loop_graph --blocks 8

Each block is measured as a server of the suite does, in a process forked for it, alone on the machine, with a lap taken
after each part. Prints the mean of each part in milliseconds, and two shares of timed slices: of the block itself, and
of the least time that a machine of two cores can give it, where the set-up of one block fills one core while another is
set up, and no slice is timed beside either. What it printed is in docs/how-it-measures.md.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks import studies
from benchmarks.measuring.session import MeasuringSettings
from benchmarks.probes import Stopwatch, load_probe
from benchmarks.records import Arm, BlockRequest, Case, Json, Question
from benchmarks.stats.estimators import summarise_block
from benchmarks.target.interleave import interleave
from benchmarks.target.jobs import open_arm

_SETTINGS = MeasuringSettings(seed=1)

_FORK, _RUNTIME, _ARMS, _PAUSES, _TIMED, _REST = "fork", "runtime", "both arms", "pauses", "timed", "closing"

PARTS: tuple[str, ...] = (_FORK, _RUNTIME, _ARMS, _PAUSES, _TIMED, _REST)
"""The parts of a block, in their order: the start of its process, TensorFlow's first operation, building and tracing
both arms, all between the slices that count (warm-up, garbage, the take-down of a pass), those, and the end."""

_CORES = 2

_NS_PER_MS = 1e6

_QUESTIONS = (Question.STEP_TIME, Question.EPOCH_TIME)
"""Those that are timed in one process; the rounds of start-ups are nothing but the start of processes."""


def measure_parts(request: BlockRequest) -> Json:
    """Measure a block in this process, which has to be a fresh one, and return nanoseconds by part, without fork.

    Beside them is `begun_ns`, when the process came to itself on the clock that all processes share.
    """
    laps = [time.perf_counter_ns()]
    importlib.import_module("tensorflow").constant(0.0)
    laps.append(time.perf_counter_ns())
    probe, watch = load_probe(request.case.question), Stopwatch()
    with contextlib.ExitStack() as opened:
        control, weighted = (
            opened.enter_context(contextlib.closing(open_arm(request, probe, watch, arm))) for arm in Arm
        )
        laps.append(time.perf_counter_ns())
        block = interleave(control, weighted, request, warmup_rounds=probe.warmup_rounds, watch=watch)
        laps.append(time.perf_counter_ns())
    begun, started, built, measured = laps
    timed = summarise_block(block).timed_ns
    return {
        "begun_ns": begun,
        _RUNTIME: started - begun,
        _ARMS: built - started,
        _PAUSES: measured - built - timed,
        _TIMED: timed,
    }


def measure_case(case: Case, blocks: int) -> list[Mapping[str, int]]:
    """Return nanoseconds by part of so many blocks, forked from this process, which has to be a fresh one."""
    parts: list[Mapping[str, int]] = []
    for number in range(blocks):
        request = _SETTINGS.make_block_request(case, number)
        studies.prepare_to_fork(case, request.seed)
        asked_ns = time.perf_counter_ns()
        (told,) = studies.run_forked([partial(measure_parts, request)])
        whole_ns = time.perf_counter_ns() - asked_ns
        fork_ns = told.pop("begun_ns") - asked_ns
        parts.append({_FORK: fork_ns, **told, _REST: whole_ns - fork_ns - sum(told.values())})
    return parts


def render_costs(measured: Mapping[Case, Sequence[Mapping[str, int]]]) -> str:
    """Return a row for each case as a table: the mean of each part in milliseconds, and the shares of timed slices."""
    rows = []
    for case, blocks in measured.items():
        means = {part: sum(block[part] for block in blocks) / len(blocks) / _NS_PER_MS for part in PARTS}
        whole, timed = sum(means.values()), means[_TIMED]
        rows.append(
            {"case": case.case_id}
            | {f"{part} ms": f"{mean:.0f}" for part, mean in means.items()}
            | {
                "timed of the block": f"{100.0 * timed / whole:.0f} %",
                f"at most, on {_CORES} cores": f"{100.0 * timed / (timed + (whole - timed) / _CORES):.0f} %",
            }
        )
    return studies.render_table(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = studies.make_parser("block_costs", __doc__)
    parser.add_argument("--method", default="fit_array,fit_dataset,loop_graph", help="whose cases are measured")
    parser.add_argument("--blocks", type=int, default=8, help="of each case")
    options = parser.parse_args(arguments)
    if options.blocks < 1:
        parser.error(f"--blocks: expected at least 1, got {options.blocks}; one block is the least")
    cases = [case for question in _QUESTIONS for case in studies.list_cases(question, options.method) if not case.null]
    print(render_costs(studies.measure_afresh(cases, partial(measure_case, blocks=options.blocks))))


if __name__ == "__main__":
    main()
