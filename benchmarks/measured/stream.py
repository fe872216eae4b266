"""Read one streamed answer to its end: events per second, with `for` or `async for`."""

from __future__ import annotations

import asyncio
from typing import Any

from common import PARAMETERS, Clock, report, session


def read(stream: Any) -> tuple[int, int]:
    events = characters = 0
    for event in stream:
        if event.event_type == "text_delta":
            events += 1
            characters += len(event.text)
    return events, characters


async def read_async(stream: Any) -> tuple[int, int]:
    events = characters = 0
    async for event in stream:
        if event.event_type == "text_delta":
            events += 1
            characters += len(event.text)
    return events, characters


async def awaited(chat: Any) -> tuple[int, int]:
    return await read_async(chat.stream("again"))


def main() -> None:
    chat = session(PARAMETERS["url"], PARAMETERS["protocol"])
    small = session(PARAMETERS["warm_url"], PARAMETERS["protocol"])
    read(small.stream("warm up"))
    clock = Clock()
    if PARAMETERS["how"] == "for":
        events, characters = read(chat.stream("go"))
    else:
        events, characters = asyncio.run(awaited(chat))
    spent = clock.figures()
    report(
        **spent,
        received=events,
        characters=characters,
        per_s=PARAMETERS["deltas"] / spent["wall_s"],
        per_cpu_s=PARAMETERS["deltas"] / spent["cpu_s"],
    )


main()
