"""The span of a tool call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from a3s_code.telemetry import span


@contextmanager
def tool_span(call_id: str, name: str) -> Iterator[Callable[[int], None]]:
    """A span around one call; what it gives is to be told the exit code. The gate adds its verdict."""
    began = time.monotonic()
    with span("a3s.tool.execute", {"a3s.tool.name": name, "a3s.tool.id": call_id}) as traced:

        def ended(exit_code: int) -> None:
            traced.set(
                {
                    "a3s.tool.exit_code": exit_code,
                    "a3s.tool.success": exit_code == 0,
                    "a3s.tool.duration_ms": round((time.monotonic() - began) * 1000),
                }
            )

        yield ended
