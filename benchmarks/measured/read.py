"""Median milliseconds of reading a few lines near the start and the end of a large file."""

from __future__ import annotations

import statistics
import time

from common import PARAMETERS, report, session


def main() -> None:
    lines = PARAMETERS["lines"]
    with open("big.txt", "w", encoding="ascii") as file:
        file.writelines(
            f"line {number:09d} of a long file with some text in it\n" for number in range(lines)
        )
    chat = session("http://127.0.0.1:9")
    figures = {}
    for name, offset in (("near_ms", 100), ("far_ms", lines - 100)):
        taken = []
        for _ in range(PARAMETERS["count"]):
            begin = time.perf_counter()
            result = chat.tool("read", {"file_path": "big.txt", "offset": offset, "limit": 20})
            taken.append((time.perf_counter() - begin) * 1000)
        assert f"line {offset:09d}" in result.output, result.output[:200]
        figures[name] = statistics.median(taken)
    report(**figures)


main()
