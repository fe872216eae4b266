"""A turn with eight read-only calls of 100 ms each."""

from __future__ import annotations

import statistics
import time

from common import PARAMETERS, report, session


def pause(number: int) -> str:
    """Wait for a tenth of a second."""
    time.sleep(0.1)
    return f"waited {number}"


def main() -> None:
    chat = session(PARAMETERS["url"])
    chat.register_tool(pause, read_only=True)
    taken = []
    for _ in range(PARAMETERS["count"]):
        begin = time.perf_counter()
        result = chat.send("go")
        taken.append((time.perf_counter() - begin) * 1000)
        assert result.tool_calls_count == 8, result
    report(ms=statistics.median(taken))


main()
