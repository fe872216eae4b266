"""`send()` against a bare httpx request of the same body, turn and turn about in one process.

Whatever runs first warms up the processor for what follows, so each comes first every other time, and
nothing else happens in between.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
from common import PARAMETERS, agent, options, report

PROMPT = "a prompt of a few words"
Seconds = tuple[float, float]


def seconds_of(action: Callable[[], object]) -> Seconds:
    """Wall and CPU seconds, those of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def median_ms(pairs: list[Seconds], which: int) -> float:
    return statistics.median(pair[which] for pair in pairs) * 1000


class Bare:
    """The same request by hand. What was sent last is fetched without httpx, which stays as it was."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/v1/chat/completions"
        self._client = httpx.Client(timeout=60, trust_env=False)
        self._headers = {"content-type": "application/json", "authorization": "Bearer k"}
        self._server = http.client.HTTPConnection(urlsplit(url).netloc)

    def last_body(self) -> bytes:
        self._server.request("GET", "/last")
        return self._server.getresponse().read()

    def post(self, body: bytes) -> None:
        with self._client.stream(
            "POST", self._url, content=body, headers=self._headers
        ) as response:
            for line in response.iter_lines():
                if line.startswith("data: {"):
                    json.loads(line[6:])


def compared(chat: Any, bare: Bare, prompts: int) -> tuple[list[Seconds], list[Seconds]]:
    """What each prompt took, and the request of the one before it."""
    sends: list[Seconds] = []
    bares: list[Seconds] = []
    for number in range(prompts):
        send, post = partial(chat.send, PROMPT), partial(bare.post, bare.last_body())
        if number % 2:
            sends.append(seconds_of(send))
            bares.append(seconds_of(post))
        else:
            bares.append(seconds_of(post))
            sends.append(seconds_of(send))
    return sends, bares


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def main() -> None:
    """`sessions` of them get `history` messages and then `prompts`, which are measured."""
    made, bare = agent(PARAMETERS["url"]), Bare(PARAMETERS["url"])
    sends, bares = [], []
    for _ in range(PARAMETERS["sessions"]):
        chat = made.session(os.getcwd(), options())
        for _ in range(max(1, PARAMETERS["history"] // 2)):
            chat.send(PROMPT)
        some_sends, some_bares = compared(chat, bare, PARAMETERS["prompts"])
        sends += some_sends
        bares += some_bares
    document = json.loads(bare.last_body())
    encodings = [seconds_of(partial(encoded, document)) for _ in range(50)]
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
