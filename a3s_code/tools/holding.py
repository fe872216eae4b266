"""A task that holds something open, so that leaving it closes that, however it comes about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Holding:
    """Runs `hold(over)`, which opens, waits until `over` is set, and closes, all in one task.

    Only on the loop that made it, but for `end_soon`.
    """

    def __init__(
        self, hold: Callable[[asyncio.Event], Coroutine[Any, Any, None]], *, name: str
    ) -> None:
        self._over = asyncio.Event()
        self._task = asyncio.create_task(hold(self._over), name=name)

    async def end(self, patience_s: float) -> bool:
        """Have it closed; after `patience_s` the task is cancelled, and waited for as long again.

        Returns whether it has ended by then.
        """
        self._over.set()
        await asyncio.wait([self._task], timeout=patience_s)
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=patience_s)
        return self._task.done()

    def end_soon(self) -> None:
        """Have it closed, from any thread and without waiting; nothing happens after the loop's end."""
        loop = self._task.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._over.set)
