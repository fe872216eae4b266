"""Output of a running tool on its way to the stream: gathered, then sent at most 20 times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from a3s_code.events import AgentEvent, ToolOutputDelta
from a3s_code.security.known_keys import KeyStream

_INTERVAL_S = 0.05
MAX_CHARACTERS = 1024 * 1024
_NOTE = "\n[more output follows; it is not shown live]\n"


class ProgressRelay:
    """Takes pieces of text from any thread and emits them joined, in order, without known keys.

    Nothing is lost of the first 1,048,576 characters. What is beyond them is not shown live, because
    a command that never stops writing would fill the memory of everyone who listens; the tool's
    result holds the head and the tail of it all.
    """

    def __init__(
        self,
        tool_id: str,
        tool_name: str,
        emit: Callable[[list[AgentEvent]], Awaitable[None]],
        keys: KeyStream,
    ) -> None:
        self._tool_id, self._tool_name, self._emit = tool_id, tool_name, emit
        self._keys = keys
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._pieces: list[str] = []
        self._left = MAX_CHARACTERS
        self._task = asyncio.create_task(self._relay())

    def add(self, text: str) -> None:
        """Queue a piece; never blocks, callable from any thread while the loop runs."""
        if text and self._left > 0:
            kept = text[: self._left]
            self._left -= len(text)
            self._pieces.append(kept if self._left > 0 else kept + _NOTE)
            if not self._arrived.is_set():
                self._loop.call_soon_threadsafe(self._arrived.set)

    async def finish(self) -> None:
        """Send what is still waiting, and stop."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._flush(last=True)

    async def _relay(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await self._flush()
            await asyncio.sleep(_INTERVAL_S)

    async def _flush(self, *, last: bool = False) -> None:
        pieces, self._pieces = self._pieces, []
        text = self._keys.feed("".join(pieces)) + (self._keys.close() if last else "")
        if text:
            delta = ToolOutputDelta(tool_id=self._tool_id, tool_name=self._tool_name, text=text)
            await self._emit([delta])
