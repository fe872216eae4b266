"""One point of a curve: time and memory for `n` of something."""

from __future__ import annotations

import asyncio
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


def streams(n: int, url: str) -> Callable[[], Any]:
    """`n` streams read at once."""
    made = agent(url)
    chats = [made.session(os.getcwd(), options()) for _ in range(n)]

    async def read(chat: Any) -> int:
        return sum([1 async for _ in chat.stream("go")])

    async def read_all() -> list[int]:
        return await asyncio.gather(*map(read, chats))

    return lambda: (chats, asyncio.run(read_all()))


def answer(n: int, url: str) -> Callable[[], Any]:
    """One streamed answer, as long as the server makes it."""
    chat = session(url)
    return lambda: (chat, sum(1 for _ in chat.stream("go")))


def cell(n: int, url: str) -> Callable[[], Any]:
    """The same answer to a `%%a3s` cell, with the live view of plain outputs; tools are approved."""
    from pathlib import Path

    from common import config
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    Path("agent.hcl").write_text(config(url), "utf-8")
    os.environ["A3S_UI"] = "display"
    shell = InteractiveShell.instance(ipython_dir=os.getcwd())
    shell.history_manager.enabled = False
    shell.display_pub = CapturingDisplayPublisher(parent=shell)
    shell.run_line_magic("load_ext", "a3s_magics")

    def act() -> Any:
        shell.run_cell("%%a3s --yes\ngo").raise_error()
        return shell

    return act


def history(n: int, url: str) -> Callable[[], Any]:
    """One prompt with a given history of `n` messages."""
    chat = session(url)
    given = [
        {"role": role, "content": [{"type": "text", "text": f"message {number} of a few words"}]}
        for number in range(n // 2)
        for role in ("user", "assistant")
    ]
    return lambda: (chat, chat.send("a prompt of a few words", given))


KINDS = {
    "sessions": sessions,
    "streams": streams,
    "answer": answer,
    "cell": cell,
    "history": history,
}


def main() -> None:
    n, url = PARAMETERS["n"], PARAMETERS["url"]
    session(PARAMETERS["warm_url"]).send("warm up")
    act = KINDS[PARAMETERS["kind"]](n, url)
    before = unique_memory()
    clock = Clock()
    kept = act()
    spent = clock.figures()
    grown = unique_memory() - before
    del kept
    report(**spent, memory_mb=grown / 1e6)


main()
