"""Events per CPU-second of several streams at once in one process, or of a single one."""

from __future__ import annotations

import asyncio
from typing import Any

from common import PARAMETERS, Clock, agent, options, report


async def read(chat: Any) -> int:
    received = 0
    async for event in chat.stream("go"):
        received += event.event_type == "text_delta"
    return received


async def read_all(chats: list[Any]) -> list[int]:
    if PARAMETERS["together"]:
        return await asyncio.gather(*map(read, chats))
    return [await read(chat) for chat in chats]


def main() -> None:
    made, warm = agent(PARAMETERS["url"]), agent(PARAMETERS["warm_url"])
    asyncio.run(read(warm.session(".", options())))
    chats = [made.session(".", options()) for _ in range(PARAMETERS["streams"])]
    clock = Clock()
    received = sum(asyncio.run(read_all(chats)))
    spent = clock.figures()
    report(**spent, received=received, per_cpu_s=received / spent["cpu_s"])


main()
