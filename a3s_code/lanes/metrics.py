"""Counts and measurements of a queue."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

_KEPT_SAMPLES = 1000
_PERCENTILES = (50, 90, 95, 99)


@dataclass(slots=True)
class Histogram:
    """Figures of a measured value; percentiles are those of the last thousand samples."""

    count: int = 0
    total: float = 0.0
    least: float = 0.0
    most: float = 0.0
    _samples: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT_SAMPLES))

    def add(self, value: float) -> None:
        """One more sample."""
        self.least = value if self.count == 0 else min(self.least, value)
        self.most = value if self.count == 0 else max(self.most, value)
        self.count += 1
        self.total += value
        self._samples.append(value)

    def to_dict(self) -> dict[str, float]:
        """`count`, `sum`, `min`, `max`, `mean`, `p50`, `p90`, `p95`, `p99`; zeros without samples."""
        ordered = sorted(self._samples)
        percentiles = {
            f"p{part}": ordered[max(0, ceil(part / 100 * len(ordered)) - 1)] if ordered else 0.0
            for part in _PERCENTILES
        }
        return {
            "count": self.count,
            "sum": self.total,
            "min": self.least,
            "max": self.most,
            "mean": self.total / self.count if self.count else 0.0,
            **percentiles,
        }


class Metrics:
    """Counters and histograms by name, usable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: Counter[str] = Counter()
        self._histograms: dict[str, Histogram] = {}

    def count(self, name: str) -> None:
        """Count one more."""
        with self._lock:
            self._counters[name] += 1

    def measure(self, name: str, value: float) -> None:
        """Add a sample."""
        with self._lock:
            self._histograms.setdefault(name, Histogram()).add(value)

    def to_dict(self, gauges: Mapping[str, float]) -> dict[str, Any]:
        """`counters`, `gauges` (as given: they are read at this moment) and `histograms`."""
        with self._lock:
            histograms = {name: value.to_dict() for name, value in self._histograms.items()}
            counters = dict(self._counters)
        return {"counters": counters, "gauges": dict(gauges), "histograms": histograms}
