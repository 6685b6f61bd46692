"""Blocks drawn from a model of what real slices do: skewed noise, drift, interruptions and a position effect."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from benchmarks.records import Block
from tests.examples import make_block


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SliceModel:
    """The parts of a slice, with the sizes measured on real training steps (FACTS: noise and what removes it).

    `log_noise_sd` of 0.2 gives the interquartile range of 27 % that 1 ms steps have; `drift` is the amplitude of a slow
    wave; `interrupted_share` of the slices take `interruption` times as long.
    """

    overhead: float = 0.02
    position_effect: float = 0.03
    rounds: int = 400
    log_noise_sd: float = 0.2
    drift: float = 0.2
    interrupted_share: float = 0.05
    interruption: float = 3.0
    base_ns: float = 1e6


def draw_block(model: SliceModel, rng: np.random.Generator) -> Block:
    """Draw one block; its true log-ratio is log1p(overhead)."""
    rounds = model.rounds
    weighted_first = rng.random(rounds) < 0.5
    phase, waves = rng.uniform(0.0, 2.0 * math.pi), rng.uniform(0.2, 2.0)
    drift = 1.0 + model.drift * np.sin(phase + 2.0 * math.pi * waves * np.arange(rounds) / rounds)

    def draw_arm(factor: float, second: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[int, ...]:
        slices = model.base_ns * factor * drift * np.exp(rng.normal(0.0, model.log_noise_sd, rounds))
        slices *= np.where(rng.random(rounds) < model.interrupted_share, model.interruption, 1.0)
        slices *= np.where(second, 1.0 + model.position_effect, 1.0)
        return tuple(np.rint(slices).astype(int).tolist())

    return make_block(
        draw_arm(1.0, weighted_first),
        draw_arm(1.0 + model.overhead, ~weighted_first),
        weighted_first=tuple(weighted_first.tolist()),
        wall_ns=3_300_000_000,
    )
