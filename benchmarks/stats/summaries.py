"""What is kept of a block once its raw slices are gone?

Leaves out: the raw slices, which a saved run of some hundred cases could not hold.
"""

from __future__ import annotations

import numpy as np

from benchmarks.records import Block, BlockSummary
from benchmarks.stats.estimators import DEFAULT_ESTIMATOR, Estimator, estimate_log_ratio
from benchmarks.stats.positions import estimate_position_log_ratio


def summarise_block(block: Block, estimator: Estimator = DEFAULT_ESTIMATOR) -> BlockSummary:
    """Return one block's estimates, its medians per step in ns, and its counters.

    Args:
        block: the raw samples; a Block has already refused slices of 0 ns and columns of unequal length.
        estimator: the formula of both log-ratios.
    """
    control, weighted, weighted_first = block.control_slice_ns, block.weighted_slice_ns, block.weighted_first
    # A clock that ticks slowly may say 0 ns, which has no logarithm.
    control_cpu, weighted_cpu = (np.maximum(cpu_ns, 1) for cpu_ns in (block.control_cpu_ns, block.weighted_cpu_ns))
    return BlockSummary(
        seed=block.seed,
        log_ratio=estimate_log_ratio(control, weighted, weighted_first, estimator),
        position_log_ratio=estimate_position_log_ratio(control, weighted, weighted_first, estimator),
        control_median_ns=float(np.median(control)) / block.steps_per_slice,
        weighted_median_ns=float(np.median(weighted)) / block.steps_per_slice,
        cpu_log_ratio=estimate_log_ratio(control_cpu, weighted_cpu, weighted_first, estimator),
        control_cpu_median_ns=float(np.median(block.control_cpu_ns)) / block.steps_per_slice,
        weighted_cpu_median_ns=float(np.median(block.weighted_cpu_ns)) / block.steps_per_slice,
        control_takedown_ns=float(np.median(block.control_takedown_ns)),
        weighted_takedown_ns=float(np.median(block.weighted_takedown_ns)),
        weighted_built_first=block.weighted_built_first,
        rounds=len(control),
        traces_while_timed=block.traces_while_timed,
        timed_ns=block.timed_ns,
        wall_ns=block.wall_ns,
    )
