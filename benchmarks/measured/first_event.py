"""From the sending of an answer's first delta to its event in the caller's loop."""

from __future__ import annotations

import statistics
import time

from common import PARAMETERS, report, session


def main() -> None:
    chat = session(PARAMETERS["url"])
    delays = []
    for _ in range(PARAMETERS["count"]):
        stamps: list[int] = []
        for event in chat.stream("go"):
            if event.event_type == "text_delta" and not stamps:
                stamps = [time.monotonic_ns(), int(event.text)]
        delays.append((stamps[0] - stamps[1]) / 1e6)
    delays = delays[5:]  # the first ones open the connection
    report(median_ms=statistics.median(delays), p99_ms=statistics.quantiles(delays, n=100)[98])


main()
