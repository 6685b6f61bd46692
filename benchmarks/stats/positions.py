"""How much longer does an arm take for coming second in its round, whichever arm it is?

Leaves out: why that is so. The effect is estimated like the overhead itself, with the slices sorted by position instead
of by arm: with overhead `t` and position effect `p`, rounds with the weighted arm first estimate `p - t` and the others
`p + t`, and their average is free of the overhead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.stats.estimators import DEFAULT_ESTIMATOR, Estimator, estimate_log_ratio


def estimate_position_log_ratio(
    control_slice_ns: ArrayLike,
    weighted_slice_ns: ArrayLike,
    weighted_first: ArrayLike,
    estimator: Estimator = DEFAULT_ESTIMATOR,
) -> float:
    """Return a robust estimate of log(second position / first position) within one block.

    Where one of the two orders never occurred, position and arm cannot be told apart within the block, and the overhead
    is part of the estimate; over blocks with random orders it averages out.

    Args:
        control_slice_ns: int or float [rounds], above 0.
        weighted_slice_ns: int or float [rounds], above 0.
        weighted_first: bool [rounds], whether the weighted arm had the first position in that round.
        estimator: the formula.

    Raises:
        StatisticsError: when there are no rounds, the columns differ in length, or a slice is not above 0.
    """
    control = np.asarray(control_slice_ns, dtype=np.float64)
    weighted = np.asarray(weighted_slice_ns, dtype=np.float64)
    first = np.asarray(weighted_first, dtype=np.bool_)
    if not control.shape == weighted.shape == first.shape:
        # Left to the estimator, which refuses them: np.where would stretch a column of one round over all the others.
        return estimate_log_ratio(control, weighted, first, estimator)
    # The second position is the numerator. Its "first" column only has to tell the two orders apart.
    return estimate_log_ratio(np.where(first, weighted, control), np.where(first, control, weighted), first, estimator)
