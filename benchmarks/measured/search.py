"""Median milliseconds of a session's `grep` or `glob` in a generated tree."""

from __future__ import annotations

import statistics
import time

from common import PARAMETERS, agent, options, report


def main() -> None:
    chat = agent("http://127.0.0.1:9").session(PARAMETERS["tree"], options())
    call = {"grep": chat.grep, "glob": chat.glob}[PARAMETERS["what"]]
    taken = []
    for _ in range(PARAMETERS["count"]):
        begin = time.perf_counter()
        found = call(PARAMETERS["pattern"])
        taken.append((time.perf_counter() - begin) * 1000)
    lines = found.splitlines() if isinstance(found, str) else found
    report(ms=statistics.median(taken), first_ms=taken[0], lines=len(lines))


main()
