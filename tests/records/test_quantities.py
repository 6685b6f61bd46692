"""A quantity is known by its row, and how it is written follows from that."""

from __future__ import annotations

import pytest

from benchmarks.records import Question
from benchmarks.records.quantities import (
    QUANTITIES,
    Quantity,
    Rule,
    Unit,
    find_quantity,
    list_quantities,
    name_reading,
)


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda quantity: quantity.name)
def test_a_quantity_is_read_by_a_question_that_is_not_timed_and_found_by_any_of_its_keys(quantity: Quantity) -> None:
    assert not quantity.question.is_timed
    assert quantity in list_quantities(quantity.question)
    assert find_quantity(quantity.name) is find_quantity(name_reading(quantity.name, "GPU:0")) is quantity
    assert quantity.short in quantity.describe_extra(3.0)


@pytest.mark.parametrize(("unit", "text"), [(Unit.BYTES, "held +2.00 KiB"), (Unit.COUNT, "+2048 held")])
@pytest.mark.parametrize("rule", Rule)
def test_how_a_quantity_is_written_follows_from_its_unit_whatever_its_rule(rule: Rule, unit: Unit, text: str) -> None:
    quantity = Quantity(
        name="held", question=Question.RETAINED_MEMORY, unit=unit, rule=rule, title="what is held", short="held"
    )
    assert quantity.in_bytes is (unit is Unit.BYTES)
    assert quantity.describe_extra(2048.0) == text
