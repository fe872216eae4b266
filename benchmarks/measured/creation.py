"""Milliseconds of `Agent.create` and of `Agent.session`, repeated in one process."""

from __future__ import annotations

import os
import statistics
import time

from common import PARAMETERS, config, options, report

import a3s_code


def main() -> None:
    text = config("http://127.0.0.1:9")
    made = a3s_code.Agent.create(text)
    kept = [made.session(os.getcwd(), options()) for _ in range(3)]
    creates, sessions = [], []
    for _ in range(PARAMETERS["count"]):
        begin = time.perf_counter()
        made = a3s_code.Agent.create(text)
        middle = time.perf_counter()
        kept.append(made.session(os.getcwd(), options()))
        sessions.append(time.perf_counter() - middle)
        creates.append(middle - begin)
    report(
        create_ms=statistics.median(creates) * 1000, session_ms=statistics.median(sessions) * 1000
    )


main()
