"""What is known of a method before TensorFlow is imported? One row of the registry, and the words that stand in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum

WEIGHTED_GRADIENT = "benchmarks.probes.weighted_gradient:check_weighted_gradient"
"""The proof of a method that is handed its weights."""


class EntryPoint(str, Enum):
    """What people call to train, and what kind of data they hand to it.

    Methods of one entry point differ in the weights that they hand over, such as one a sample or one a class, in how
    the model is compiled, in what its step makes of the losses, or in how many replicas of it are trained.
    """

    FIT_ARRAYS = "fit on arrays"
    FIT_VALIDATION = "fit with validation data"
    FIT_OBJECTS = "fit on an object that makes batches"
    FIT_DATASET = "fit on a dataset"
    FIT_CUSTOM = "fit with a step or loss of one's own"
    TRAIN_ON_BATCH = "train_on_batch"
    OWN_LOOP = "a loop of one's own"


class Kind(str, Enum):
    """Where the weights come from, or what stands in for them."""

    STATIC = "weights that are known before training and handed over"
    PIPELINE = "weights that the input pipeline makes of the labels"
    DYNAMIC = "weights that training computes from its own losses or counts"
    PER_EXAMPLE = "gradients of single labels, scaled by weights that are handed over"
    RESAMPLED = "no weights: samples are drawn more often, or less"
    REPLICATED = "weights that are handed over, to replicas of the model that train on a part of each batch"


class Replicas(str, Enum):
    """On what a method trains: one device, or replicas that each have a part of every batch."""

    ONE = "one device"
    TWO_DEVICES = "two logical CPU devices of a process"
    TWO_PROCESSES = "two processes on this machine"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MethodEntry:
    """What is known of a method before TensorFlow is imported.

    `entry_point` says what people call. `control_path` says what the control runs: methods with the same path have the
    same null case. `location` is `module:attribute`, of the method or of a mapping of methods by name.
    `weight_bytes_per_sample` is what the weights that the method is given take, by their dtype: float32, or nothing
    where there is one weight per class, or where they are computed. `without` says, by question, why it is not asked,
    where it is not, and `without_workloads` the same by workload. `steps_of` names the method whose steps its own are,
    graph and all, where what is its own lies between them. `by_class` says that a class has one weight, so that
    each sample has to have one label. `kind` is STATIC for the methods that the gate sweep and a history ask. `proof`
    is the `module:function` that proves the method before it is timed (`proofs.Proof`). `replicas` says what the
    process of a block has to be before TensorFlow's runtime starts. `unswept` says why no sweep asks the method, where
    it is asked by name alone.
    """

    name: str
    entry_point: EntryPoint
    control_path: str
    location: str
    weight_bytes_per_sample: int = 4
    without: Mapping[str, str] = dataclasses.field(default_factory=dict)
    without_workloads: Mapping[str, str] = dataclasses.field(default_factory=dict)
    steps_of: str | None = None
    by_class: bool = False
    kind: Kind = Kind.STATIC
    proof: str = WEIGHTED_GRADIENT
    replicas: Replicas = Replicas.ONE
    unswept: str = ""

    @property
    def has_own_steps(self) -> bool:
        """Whether its steps are those of no other method."""
        return self.steps_of is None and STEP not in self.without


STEP, STARTUP, EVALUATION = "step_time", "startup_time", "evaluation_time"
PEAK, RETAINED, GRAPH = "peak_memory", "retained_memory", "training_graph"

BETWEEN_STEPS = {STEP: "its steps are those of fit_dataset, and what is its own lies between them"}
OWN_LOOP = {EVALUATION: "a loop evaluates as its author writes it"}
