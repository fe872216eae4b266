"""A clock that a test moves."""

from __future__ import annotations


class Clock:
    """Seconds since an arbitrary moment, which pass only when told."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds
