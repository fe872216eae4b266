"""The law of a curve: the exponent of its growth."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """The slope of `values` over `sizes` on logarithmic scales: 1 is linear, 2 is quadratic.

    None when fewer than two of the values are above zero. A fixed cost makes the slope at small
    sizes flatter than the law, which is why the last two sizes are worth a look of their own.
    """
    points = [
        (math.log(size), math.log(value))
        for size, value in zip(sizes, values, strict=True)
        if value > 0
    ]
    if len(points) < 2:
        return None
    return statistics.linear_regression(*zip(*points, strict=True)).slope
