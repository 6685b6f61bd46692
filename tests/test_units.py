"""Quantities are written the same way everywhere, and what is written can be read back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import AxisError
from benchmarks.units import (
    format_bytes,
    format_clock,
    format_duration,
    format_extra_bytes,
    format_extra_duration,
    format_overhead,
    format_percent,
    parse_bytes,
    parse_percent,
)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.02, "+2.0 %"),
        (-0.015, "-1.5 %"),
        (0.0, "+0.0 %"),
        (-0.0001, "+0.0 %"),
        (1.0, "+100.0 %"),
        (math.inf, "+inf %"),
    ],
)
def test_a_percentage_has_a_sign_and_one_decimal(fraction: float, text: str) -> None:
    assert format_percent(fraction) == text


def test_an_overhead_is_the_excess_over_one() -> None:
    assert format_overhead(1.006) == "+0.6 %"


@pytest.mark.parametrize(("text", "fraction"), [("2%", 0.02), ("+10 %", 0.10), (" -1.5%", -0.015), ("0%", 0.0)])
def test_a_percentage_is_read_as_a_fraction(text: str, fraction: float) -> None:
    assert parse_percent(text) == pytest.approx(fraction)


@pytest.mark.parametrize("text", ["", "2", "%", "two%", "2%%", "nan%"])
def test_what_is_no_percentage_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(AxisError, match=r"^expected a percentage such as 2% or \+10%, got .*; write"):
        parse_percent(text)


@given(st.integers(min_value=-9999, max_value=9999))
def test_formatting_and_parsing_a_percentage_are_inverse(tenths: int) -> None:
    assert parse_percent(format_percent(tenths / 1000.0)) == pytest.approx(tenths / 1000.0)


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (950, "950 ns"),
        (12.34, "12.3 ns"),
        (1_234_567, "1.23 ms"),
        (41_000, "41.0 us"),
        (2.5e9, "2.50 s"),
        (123_456_789, "123 ms"),
        (0, "0 ns"),
        (999_600, "1000 us"),
        (1.5e12, "1500 s"),
    ],
)
def test_a_duration_has_three_digits_and_a_fitting_unit(duration_ns: float, text: str) -> None:
    assert format_duration(duration_ns) == text


@pytest.mark.parametrize(
    ("duration_ns", "text"), [(1_500, "+1.50 us"), (0, "+0 ns"), (-0.2, "+0 ns"), (-2.5e9, "-2.50 s")]
)
def test_a_difference_in_durations_has_its_sign(duration_ns: float, text: str) -> None:
    assert format_extra_duration(duration_ns) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (61, "1:01"), (3600, "1:00:00"), (59.7, "1:00")])
def test_wall_time_is_written_like_on_a_clock(seconds: float, text: str) -> None:
    assert format_clock(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (-0.2, "0 B"),
        (512, "512 B"),
        (1536, "1.50 KiB"),
        (64 * 2**10, "64.0 KiB"),
        (20_400_000, "19.5 MiB"),
        (381 * 2**20, "381 MiB"),
        (-3 * 2**30, "-3.00 GiB"),
    ],
)
def test_bytes_have_three_digits_and_a_binary_unit(count: float, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.parametrize(("count", "text"), [(1536, "+1.50 KiB"), (0, "+0 B"), (-1536, "-1.50 KiB")])
def test_a_difference_in_bytes_has_its_sign(count: float, text: str) -> None:
    assert format_extra_bytes(count) == text


@pytest.mark.parametrize(("text", "count"), [("64KiB", 65536), ("1.5 MiB", 1572864), ("+2GiB", 2**31), ("7 B", 7)])
def test_bytes_are_read_with_their_unit(text: str, count: int) -> None:
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["", "64", "64kB", "KiB", "-1KiB", "x KiB"])
def test_what_is_no_number_of_bytes_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(AxisError, match=r"^expected a number of bytes such as 64KiB or 2MiB, got .*; write"):
        parse_bytes(text)
