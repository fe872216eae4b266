"""One point of a curve: time and memory for `n` of something."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from common import PARAMETERS, Clock, agent, options, report, session, unique_memory


def sessions(n: int, url: str) -> Callable[[], Any]:
    """`n` sessions alive at once, each with one prompt."""
    made = agent(url)

    def act() -> Any:
        alive = [made.session(os.getcwd(), options()) for _ in range(n)]
        for chat in alive:
            chat.send("a prompt")
        return alive

    return act


def answer(n: int, url: str) -> Callable[[], Any]:
    """One streamed answer, as long as the server makes it."""
    chat = session(url)
    return lambda: (chat, sum(1 for _ in chat.stream("go")))


def history(n: int, url: str) -> Callable[[], Any]:
    """One prompt with a given history of `n` messages."""
    chat = session(url)
    given = [
        {"role": role, "content": [{"type": "text", "text": f"message {number} of a few words"}]}
        for number in range(n // 2)
        for role in ("user", "assistant")
    ]
    return lambda: (chat, chat.send("a prompt of a few words", given))


def output(n: int, url: str) -> Callable[[], Any]:
    """One command that prints `n` lines."""
    chat = session(url)
    return lambda: (chat, chat.bash(f"seq 1 {n}"))


def main() -> None:
    n, url = PARAMETERS["n"], PARAMETERS["url"]
    kinds = {"sessions": sessions, "answer": answer, "history": history, "output": output}
    session(url).send("warm up")
    act = kinds[PARAMETERS["kind"]](n, url)
    before = unique_memory()
    clock = Clock()
    kept = act()
    spent = clock.figures()
    grown = unique_memory() - before
    del kept
    report(**spent, memory_mb=grown / 1e6)


main()
