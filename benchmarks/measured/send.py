"""`send()` against a bare httpx request of the same body, turn and turn about in one process."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
from common import PARAMETERS, report, session


def seconds_of(action: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds, those of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def median_ms(pairs: list[tuple[float, float]], which: int) -> float:
    return statistics.median(pair[which] for pair in pairs) * 1000


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def main() -> None:
    url, count = PARAMETERS["url"], PARAMETERS["count"]
    chat = session(url)
    for _ in range(max(5, PARAMETERS["history"] // 2)):
        chat.send("a prompt of a few words")
    client = httpx.Client(timeout=60, trust_env=False)
    headers = {"content-type": "application/json", "authorization": "Bearer k"}

    def bare() -> None:
        with client.stream(
            "POST", f"{url}/v1/chat/completions", content=body, headers=headers
        ) as response:
            for line in response.iter_lines():
                if line.startswith("data: {"):
                    json.loads(line[6:])

    sends, bares, encodings = [], [], []
    for _ in range(count):
        sends.append(seconds_of(lambda: chat.send("a prompt of a few words")))
        body = client.get(f"{url}/last").content
        bares.append(seconds_of(bare))
        document = json.loads(body)
        encodings.append(seconds_of(partial(encoded, document)))
    over = [
        (send[0] - alone[0], send[1] - alone[1]) for send, alone in zip(sends, bares, strict=True)
    ]
    report(
        send_ms=median_ms(sends, 0),
        bare_ms=median_ms(bares, 0),
        encode_ms=median_ms(encodings, 0),
        over_ms=median_ms(over, 0),
        over_cpu_ms=median_ms(over, 1),
    )


main()
