"""How many samples make whole batches? A last batch of another size would be traced anew while it is timed."""

from __future__ import annotations

from benchmarks.errors import CaseError
from benchmarks.records import Case


def round_to_batches(case: Case) -> int:
    """Return the dataset size of the case rounded down to whole batches.

    Raises:
        CaseError: when the case has no dataset size.
    """
    if case.dataset_size is None:
        raise CaseError(f"{case.question.value}: expected a dataset size, got none; pass --dataset-size")
    return case.dataset_size // case.batch_size * case.batch_size
