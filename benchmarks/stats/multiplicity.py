"""How much error may one case, and one look at it, use up, so that a whole run keeps its promise?

Leaves out: false alarms across runs, which nothing within one run can limit. Both splits are Bonferroni's: alpha /
cases, and that / looks. Holm's procedure would find a little more with the same promise, but it needs the p-values of
all cases before it decides on the first: a test here fails by itself, at its own time, and may be run alone. The same
holds for looks; Bonferroni needs no assumption on how strongly successive looks go together. Source: NIST/SEMATECH
e-Handbook of Statistical Methods, section 7.4.7.3.
"""

from __future__ import annotations

from benchmarks.errors import StatisticsError


def split_over_cases(family_alpha: float, cases: int) -> float:
    """Return the error level of one case that keeps a run's risk of any false alarm within `family_alpha`.

    Raises:
        StatisticsError: when the level is not above 0 and below 1, or there is not at least one case.
    """
    return _split(family_alpha, cases, "cases")


def split_over_looks(judgement_alpha: float, looks: int) -> float:
    """Return the error level of one look at a case that is looked at up to `looks` times.

    Raises:
        StatisticsError: when the level is not above 0 and below 1, or there is not at least one look.
    """
    return _split(judgement_alpha, looks, "looks")


def _split(alpha: float, parts: int, what: str) -> float:
    if not 0.0 < alpha < 1.0:
        raise StatisticsError(f"an error level: expected more than 0 and less than 1, got {alpha}; choose 0.05 or so")
    if parts < 1:
        raise StatisticsError(
            f"{what}: expected at least 1 to split an error level over, got {parts}; count them again"
        )
    return alpha / parts
