"""The exponent that the benchmarks state for a curve."""

from __future__ import annotations

import pytest

from benchmarks.growth import exponent

SIZES = [10, 30, 100, 300, 1_000]


@pytest.mark.parametrize("power", [0.0, 1.0, 1.5, 2.0])
def test_a_power_law_is_recognised(power: float) -> None:
    assert exponent(SIZES, [3 * size**power for size in SIZES]) == pytest.approx(power)


def test_values_without_a_logarithm_are_left_out() -> None:
    assert exponent(SIZES, [0, 0, 100, 300, 1_000]) == pytest.approx(1)
    assert exponent(SIZES, [0, 0, 0, 0, 5]) is None
