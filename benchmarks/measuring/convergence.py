"""How is it measured whether weighting slows convergence? Blocks of each setting, a seed each, as far as missing.

Two servers of the target train at the same time, a block each and each with one thread, so that both cores are used and
neither arm is any better off. Of each setting one null block is trained first. Then all settings take a further seed,
in an order drawn anew, so that whatever there is when somebody interrupts it has nearly as many seeds of each. Each
block is written down as it comes, a line for each arm, and what is written down is not trained again. Data are loaded
here and handed over as files, so that a target needs none of the packages that have them.
"""

from __future__ import annotations

import dataclasses
import queue
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from benchmarks.baselines.lines import append_line
from benchmarks.baselines.trainings import BlockPlace, Blocks, load_trainings
from benchmarks.errors import RecordError, SuiteError, place_error
from benchmarks.imbalanced import DATA_SETS, save_split
from benchmarks.launch.launcher import ServerLauncher, open_servers
from benchmarks.launch.pool import BLOCKS_AT_ONCE
from benchmarks.launch.targets import Target
from benchmarks.records import Arm, Environment
from benchmarks.records.convergence import Optimizer, Setting, TrainedBlock, TrainingLine, TrainRequest
from benchmarks.target.supervise import Limits

METHOD: str = "fit_dataset"
"""Of the ways that people train most, the one that takes samples in the order in which it is given them: `fit` shuffles
arrays itself, and each arm its own way. Every method computes the same gradient, which is proven before it trains."""

LEARNING_RATES: Mapping[Optimizer, tuple[float, ...]] = MappingProxyType(
    {Optimizer.SGD: (0.03, 0.1, 0.3), Optimizer.ADAM: (0.001, 0.003, 0.01)}
)
"""From one that is slow to one with which the loss rises again before the last epoch, a factor of ten."""

BATCH_SIZE: int = 32
"""Keras' default."""

_THREADS = 1
"""Of each kind in each server: models are small, and there are as many servers as a small machine has cores."""

_LIMITS = Limits(timeout_s=300.0, memory_bytes=4 * 2**30)

_NULL_SEED = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be trained: settings, how many seeds of each, from 1 on, and for how many epochs."""

    settings: tuple[Setting, ...]
    seeds: int
    epochs: int

    def list_blocks(self) -> list[BlockPlace]:
        """Return all blocks in the order in which they are trained: the null ones, then seed by seed."""
        places: list[BlockPlace] = [(setting, _NULL_SEED, True) for setting in self.settings]
        for seed in range(1, self.seeds + 1):
            settings = list(self.settings)
            random.Random(seed).shuffle(settings)  # noqa: S311 - an order, not a secret
            places += [(setting, seed, False) for setting in settings]
        return places


def list_settings(names: Sequence[str]) -> tuple[Setting, ...]:
    """Return every optimizer and learning rate on each of these data sets."""
    return tuple(
        Setting(data=name, optimizer=optimizer, learning_rate=rate)
        for name in names
        for optimizer, rates in LEARNING_RATES.items()
        for rate in rates
    )


def measure_convergence(target: Target, plan: Plan, raw: Path, report: Callable[[int, int], None]) -> None:
    """Train what is not written down yet, and write it down.

    Args:
        target: where to train.
        plan: what.
        raw: the file of lines.
        report: is told after each block how many there are and how many there will be.

    Raises:
        RecordError: when what is written down is of another machine, of other packages or of another plan.
        TargetError: when the target cannot train.
        BlockError: when a block gave no result; the message says of which setting and seed.
    """
    written = load_trainings(raw)
    check_plan(raw, written, plan)
    places = plan.list_blocks()
    missing = [place for place in places if place not in written]
    if not missing:
        return
    servers = open_servers([target] * BLOCKS_AT_ONCE, _LIMITS, set(), threads=_THREADS)
    with servers as launchers, tempfile.TemporaryDirectory() as folder:
        for launcher in launchers:
            launcher.start()
        environment = launchers[0].describe_environment()
        check_environment(raw, written, environment)
        done = len(places) - len(missing)
        for place, block in _train_all(launchers, missing, plan.epochs, Path(folder)):
            for line in _make_lines(place, block, environment):
                append_line(raw, line)
            done += 1
            report(done, len(places))


def check_plan(raw: Path, written: Blocks, plan: Plan) -> None:
    """Raise RecordError where blocks of these settings were trained in another way."""
    for line in _list_lines(written):
        told = {"epochs": line.epochs, "batch size": line.batch_size, "method": line.method}
        asked = {"epochs": plan.epochs, "batch size": BATCH_SIZE, "method": METHOD}
        _check_same(raw, asked, told)


def check_environment(raw: Path, written: Blocks, environment: Environment) -> None:
    """Raise RecordError where something was trained on another machine or with other packages."""
    for line in _list_lines(written):
        if line.environment != environment:
            _check_same(raw, environment.to_json(), line.environment.to_json())


def _check_same(raw: Path, expected: Mapping[str, object], told: Mapping[str, object]) -> None:
    """Raise RecordError at the first value that is not what is expected."""
    for name, value in expected.items():
        if told[name] != value:
            raise RecordError(
                f"{raw}: expected trainings with {name} {value}, got some with {name} {told[name]}; go on where and as "
                "they were made, or name another file with --raw"
            )


def _list_lines(blocks: Blocks) -> Iterator[TrainingLine]:
    return (line for lines in blocks.values() for line in lines.values())


def _train_all(
    launchers: Sequence[ServerLauncher], places: Iterable[BlockPlace], epochs: int, folder: Path
) -> Iterator[tuple[BlockPlace, TrainedBlock]]:
    """Yield the blocks in their order, as many trained at the same time as there are launchers.

    The first that fails ends all, as an interruption does.
    """
    idle: queue.SimpleQueue[ServerLauncher] = queue.SimpleQueue()
    for launcher in launchers:
        idle.put(launcher)

    def train(place: BlockPlace) -> TrainedBlock:
        setting, seed, null = place
        launcher = idle.get()
        try:
            request = _make_request(place, epochs, folder)
            return launcher.train(request)
        except SuiteError as error:
            raise place_error(error, f"{setting}, seed {seed}{', null' if null else ''}") from error
        finally:
            idle.put(launcher)

    with ThreadPoolExecutor(len(launchers)) as pool:
        asked = [(place, pool.submit(train, place)) for place in places]
        try:
            for place, block in asked:
                yield place, block.result()
        except BaseException:
            for _, block in asked:
                block.cancel()
            for _ in range(2):  # once more: a thread may have been about to ask when its server was ended
                for launcher in launchers:
                    launcher.close()
            raise


def _make_request(place: BlockPlace, epochs: int, folder: Path) -> TrainRequest:
    """Return what is asked for a block; its data are written to a file of their own."""
    setting, seed, null = place
    path = folder / f"{setting.data}-{setting.optimizer.value}-{setting.learning_rate}-{seed}-{null}.npz"
    save_split(DATA_SETS[setting.data].split(seed), path)
    return TrainRequest(
        setting=setting,
        method=METHOD,
        seed=seed,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        data_path=str(path),
        null=null,
        intra_op_threads=_THREADS,
        inter_op_threads=_THREADS,
    )


def _make_lines(place: BlockPlace, block: TrainedBlock, environment: Environment) -> Iterator[TrainingLine]:
    """Yield what is written down of a block, arm by arm."""
    setting, seed, null = place
    for arm in Arm:
        yield TrainingLine(
            environment=environment,
            setting=setting,
            method=METHOD,
            batch_size=BATCH_SIZE,
            seed=seed,
            null=null,
            arm=arm,
            steps_per_epoch=block.steps_per_epoch,
            training=block.get_training(arm),
        )
