"""Memory per session: alive, alive after one prompt, and left behind by dropped ones."""

from __future__ import annotations

import gc
import os
from typing import Any

from common import PARAMETERS, agent, options, report, unique_memory


def measured() -> int:
    gc.collect()
    return unique_memory()


def main() -> None:
    count = PARAMETERS["count"]
    made = agent(PARAMETERS["url"])

    def used() -> Any:
        chat = made.session(os.getcwd(), options())
        chat.send("a prompt of a few words")
        return chat

    # The first thousand fills the holes that starting and reading the configuration left behind.
    filling = [used() for _ in range(count)]
    before = measured()
    fresh = [made.session(os.getcwd(), options()) for _ in range(count)]
    alive = measured()
    for chat in fresh:
        chat.send("a prompt of a few words")
    spoken = measured()
    del fresh, chat, filling
    # Memory that the allocator kept is used again by the next ones: only growth from one round of
    # sessions to the next is a leak.
    for _ in range(count):
        used()
    between = measured()
    for _ in range(count):
        used()
    after = measured()
    report(
        live_kb=(alive - before) / count / 1000,
        spoken_kb=(spoken - before) / count / 1000,
        dropped_kb=(after - between) / count / 1000,
    )


main()
