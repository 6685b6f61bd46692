"""What a method, a workload, a probe and a launcher must offer: the seams at which the suite grows.

Leaves out: every implementation. Arrays are NumPy arrays on the host unless a docstring says otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.errors import SuiteError
    from benchmarks.records import ArmReadings, Block, BlockRequest, Case, Environment, Meeting, Profile, ReadRequest
    from benchmarks.records.cases import Introduction

Clock = Callable[[], int]
"""Returns nanoseconds of a monotonic clock; `time.perf_counter_ns` or a fake."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long a stretch of work took: wall time, and processor time of all threads of the process.

    `takedown_ns` is what the call still took after the work was done; 0 where nothing was waited for or nobody asks.
    """

    wall_ns: int
    cpu_ns: int
    takedown_ns: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How long an evaluation took, and the loss that it found: the mean of w_i l_i over all labels."""

    times: Times
    loss: float


class Watch(Protocol):
    """Times one stretch of work after another."""

    def start(self) -> None:
        """Begin a stretch."""

    def stop(self) -> Times:
        """End it and return how long it took."""

    def read_since_stop_ns(self) -> int:
        """Return the wall time since the watch was last stopped."""


ByOutput = Any
"""One thing, such as an array, or where a model has several outputs a dict of such things by the name of the output."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The data of a workload.

    features: float32 or int32 [samples, ...]; labels: int32 [samples] or [samples, time], classes from 0, by output;
    weights: float32, as many as labels, mean 1.0, some of them 0, by output; class_weight: weight by class number,
    mean 1.0 over the labels, and empty where there are several outputs.
    """

    features: NDArray[Any]
    labels: ByOutput
    weights: ByOutput
    class_weight: Mapping[int, float]


class Workload(Protocol):
    """Model family, data, loss and optimizer: what is trained."""

    @property
    def name(self) -> str:
        """What it is called on the command line and in output."""

    def make_samples(self, sample_count: int, seed: int) -> Samples:
        """Return `sample_count` samples drawn with `seed`; the same seed gives the same samples."""

    def build_model(self, depth: int, seed: int) -> Any:
        """Return a fresh, uncompiled Keras model from features to logits [batch, classes] or [batch, time, classes].

        With several outputs: to a dict of logits by name, in alphabetical order. `depth` counts its hidden layers.
        """

    def make_optimizer(self) -> Any:
        """Return a fresh Keras optimizer."""

    def make_loss(self, reduction: str) -> ByOutput:
        """Return the Keras loss on (labels, logits) of an output.

        `reduction`: `none`, a loss per label, float32 [batch] or [batch, time]; `sum_over_batch_size`, their mean.
        """


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one arm trains: a workload at one depth, on given samples, in batches of `batch_size`."""

    workload: Workload
    samples: Samples
    depth: int
    batch_size: int
    seed: int


class Stepper(Protocol):
    """An arm opened for single steps."""

    @property
    def steps_per_call(self) -> int:
        """How many optimizer updates `measure_step` makes: more than one where they cannot be had one by one."""

    def measure_step(self) -> Times:
        """Do what cannot be divided, wait until its loss can be read, and return how long that took."""

    def close(self) -> None:
        """End the training and free what stepping needed; the stepper is not used again."""


class TrainingArm(Protocol):
    """One arm of a block: a fresh compiled model and one way to train it, with or without weights."""

    @property
    def model(self) -> Any:
        """The Keras model that is trained."""

    @property
    def trace_count(self) -> int:
        """How often TensorFlow has traced this arm's training step so far; 0 for an eager arm, always."""

    def explain_traces(self, since: int) -> tuple[str, ...]:
        """Return one sentence on each trace but the first `since`: which argument is unlike the trace before's."""

    def count_compiled_ops(self) -> Mapping[str, Mapping[str, int]]:
        """Return operations by type of a step that XLA compiles, `before` and `after`; empty where it compiles none."""

    @property
    def steps_per_pass(self) -> int:
        """How many optimizer updates a pass makes."""

    def replace_samples(self, samples: Samples, batch_size: int) -> None:
        """Train on these samples of the same workload from the next pass on, in batches of so many of them."""

    def open_steps(self, watch: Watch) -> Stepper:
        """Start training and stop before the first step.

        Raises:
            CaseError: when the entry point has no step of its own.
        """

    def measure_pass(self, watch: Watch) -> Times:
        """Train over all samples once through the method's public entry point and return how long that took.

        The watch is stopped when the loss of the last step has been read. What the entry point does after that, such as
        waiting for the threads of its input pipeline to end, is not training any more; it is over when this returns.
        """

    def measure_startup(self, watch: Watch) -> Times:
        """Call the entry point and return the time from that call to the end of the first step, tracing included.

        For a fresh arm, once; the arm is not used again.
        """

    def evaluate(self, watch: Watch) -> Evaluation:
        """Evaluate all samples once, as somebody who trains this way does, and return how long that took, and the loss.

        Raises:
            CaseError: when this way of training has no way of evaluating.
        """


class Method(Protocol):
    """One way of weighting samples, with its unweighted control on the same path."""

    @property
    def name(self) -> str:
        """What it is called on the command line and in output."""

    def build_arm(self, task: Task, *, weighted: bool) -> TrainingArm:
        """Return a fresh arm; `weighted=False` gives the control."""


class Slices(Protocol):
    """One arm prepared by a probe: it can be measured slice by slice."""

    @property
    def steps_per_slice(self) -> int:
        """How many optimizer updates one slice holds."""

    def measure_slice(self) -> Times:
        """Do one slice of work and return how long it took."""

    def close(self) -> None:
        """End the work and free what it needed."""

    @property
    def trace_count(self) -> int:
        """How often this arm has traced since it was prepared and warmed up; 0 is what a timed slice needs."""


class Turns(Protocol):
    """The turns that a block takes with blocks of other targets."""

    @property
    def waited_ns(self) -> int:
        """Nanoseconds spent waiting for a turn so far."""

    def spend(self, timed_ns: int) -> None:
        """Count timed work, and wait for the next turn where this one is used up; 0 before the first round."""


class Probe(Protocol):
    """How one question is measured inside a block."""

    @property
    def warmup_rounds(self) -> int:
        """Rounds to make before the first timed one."""

    @property
    def is_cold(self) -> bool:
        """Whether each slice is the first work of a fresh process, which has one arm alone."""

    def count_samples(self, case: Case) -> int:
        """Return how many samples the arms of this case need."""

    def open_slices(self, build_arm: Callable[[], TrainingArm], watch: Watch) -> Slices:
        """Return one arm, warmed up and ready for its first timed slice."""


class ArmFactory(Protocol):
    """Makes what one arm of a case is trained on, and the arm itself."""

    def make_samples(self, sample_count: int) -> Samples:
        """Return that many samples of the case's workload."""

    def build_arm(self, samples: Samples) -> TrainingArm:
        """Return a fresh arm that trains on these samples."""


class Gauge(Protocol):
    """How the bytes or counts of one question are read, of one arm alone in its process."""

    @property
    def needs_allocator_statistics(self) -> bool:
        """Whether the process must be set up so that TensorFlow's CPU allocator keeps statistics."""

    def read_arm(self, request: ReadRequest, factory: ArmFactory) -> ArmReadings:
        """Train as far as the question needs and return what was read; `read_ns` may be 0, the caller times it.

        Raises:
            CaseError: when the case lacks what the question needs.
        """


class Launcher(Protocol):
    """Runs blocks in fresh processes of one target."""

    def introduce(self) -> Introduction:
        """Return what the target says of itself, which cases it has among it; raise TargetError where it cannot."""

    def start(self, count: int = 1) -> None:
        """Start so many processes at the same time and wait for none; what goes wrong, the first request says."""

    def describe_environment(self) -> Environment:
        """Return what the target is; raise TargetError where it cannot measure."""

    def run_block(self, request: BlockRequest, meeting: Meeting | None = None) -> Block:
        """Measure one block, in turns with others where they meet; raise BlockError where it gave no result."""

    def run_blocks(self, requests: Sequence[BlockRequest]) -> list[Block | SuiteError]:
        """Measure several blocks, at once where the target has the servers for it, but no two timed at the same time.

        Returns:
            For each request its block, or why there is none.
        """

    def read_arm(self, request: ReadRequest) -> ArmReadings:
        """Read one arm alone; raise BlockError where the process ended without a result."""

    def read_arms(self, requests: Sequence[ReadRequest]) -> list[ArmReadings | SuiteError]:
        """Read several arms, at once where they have servers of their own.

        Returns:
            For each request its readings, or why there are none.
        """

    def profile(self, request: BlockRequest) -> Profile:
        """Profile both arms of a timed case; raise BlockError where the process ended without a result."""

    def close(self) -> None:
        """End the target's processes."""
