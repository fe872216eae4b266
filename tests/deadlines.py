"""How long tests wait for what must happen; only a test that fails waits that long.

A busy machine may be ten times slower than one's own, which says nothing about the code: these are
no expectations, and no test may be quicker to lose patience.
"""

from __future__ import annotations

from collections.abc import Iterator

DEADLINE_S = 120
"""For an event, a thread, a request, a message, a process that ends."""

PROGRAM_S = 400
"""For a whole program from its start to its end: an interpreter, a kernel, a browser."""


def longer_and_longer(first_ms: int) -> Iterator[int]:
    """Time limits for what must end by one, after it got so far: no single one fits every machine.

    The test leaves the loop as soon as the limit left time enough.
    """
    limit_ms = first_ms
    while limit_ms < DEADLINE_S * 1000:
        yield limit_ms
        limit_ms *= 4
