"""How long a search may go on."""

from __future__ import annotations

import time

from a3s_code.errors import ToolFailed
from a3s_code.tools.threads import Stop

SEARCH_TIMEOUT_S = 60.0


class Limits:
    """The caller's wish to stop and a deadline, both looked at by `check`."""

    def __init__(self, stop: Stop | None = None, timeout_s: float = SEARCH_TIMEOUT_S) -> None:
        self.stop = stop or Stop()
        self.timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s

    @property
    def seconds_left(self) -> float:
        """Never below 0."""
        return max(self._deadline - time.monotonic(), 0.0)

    def check(self) -> None:
        """Raise `Stopped` when the caller has gone, `ToolFailed` when the time is over."""
        self.stop.check()
        if time.monotonic() > self._deadline:
            raise self.too_late()

    def too_late(self) -> ToolFailed:
        """The failure of a search that took too long."""
        return ToolFailed(
            f"Search stopped after {self.timeout_s:g} s; use a narrower path or pattern"
        )
