"""Numbers are written in one style, whatever their size."""

import math

import pytest

from efviz.numbers import THIN, counted, number, percent, scientific


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (0.5, "0.5"),
        (1.23456, "1.23"),
        (-0.5, "−0.5"),
        (0.0831, "0.0831"),
        (0.08314, "0.0831"),
        (0.0001, "0.0001"),
        (0.00009996, "0.0001"),
        (99.96, "100"),
        (999.4, "999"),
        (999.5, "1,000"),
        (999.6, "1,000"),
        (1000, "1,000"),
        (-12_345.6, "−12,346"),
        (1e5, "100,000"),
        (999_600, "999,600"),
        (999_999.4, "999,999"),
        (999_999.6, "10⁶"),
        (1e6, "10⁶"),
        (-1.5e7, "−1.5·10⁷"),
        (9.99e-5, "9.99·10⁻⁵"),
        (5.62e-6, "5.62·10⁻⁶"),
        (1.5e-7, "1.5·10⁻⁷"),
        (5.6e-6, "5.6·10⁻⁶"),
        (9.994e-6, "9.99·10⁻⁶"),
        (9.996e-6, "10⁻⁵"),
        (-1e-12, "−10⁻¹²"),
        (5e-324, "4.94·10⁻³²⁴"),
        (1.7976e308, "1.8·10³⁰⁸"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "not a number"),
    ],
)
def test_a_number_has_three_digits_and_its_whole_part_in_full(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234.567, 5, "1,234.6"),
        (0.123456, 4, "0.1235"),
        (0.96, 1, "1"),
        (2.5e-15, 1, "2·10⁻¹⁵"),
        (9.6e-15, 1, "10⁻¹⁴"),
    ],
)
def test_digits_are_as_many_as_asked_for(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1e5, "10⁵"), (1e-3, "10⁻³"), (-250, "−2.5·10²"), (9.999, "10¹")],
)
def test_a_scientific_number_always_has_its_power(value: float, text: str) -> None:
    assert scientific(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0"),
        (0.0831, "8.3"),
        (0.16, "16"),
        (0.999, "100"),
        (2.5, "250"),
        (12.345, "1,234"),
        (-0.071, "−7.1"),
        (1e-9, "10⁻⁷"),
        (math.inf, "∞"),
    ],
)
def test_a_share_is_written_in_percent(share: float, text: str) -> None:
    assert percent(share) == f"{text}{THIN}%"


def test_more_digits_tell_two_shares_apart() -> None:
    assert percent(0.98765, 4) == f"98.77{THIN}%"


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1000, "1,000 rows")]
)
def test_things_are_counted_in_words(n: int, text: str) -> None:
    assert counted(n, "row") == text


def test_an_irregular_plural_is_said() -> None:
    assert counted(3, "entry", "entries") == "3 entries"
