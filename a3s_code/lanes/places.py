"""The places of one lane: how many commands run, and who waits for a place."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from a3s_code.errors import QueueError
from a3s_code.lanes.timing import RateLimit

SHUTTING_DOWN = "Session queue is shutting down"


class Places:
    """First come, first served. Only on the event loop; the numbers may be read anywhere.

    No command overtakes an older one of its lane. That is also what a boost of those whose
    deadline is nearest amounts to, since all commands of a session have the same time.
    """

    def __init__(self, most: int, rate: RateLimit) -> None:
        self.most, self.active = most, 0
        self._rate = rate
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def pending(self) -> int:
        """Commands that wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """A place for as long as the context lasts. Raises `QueueError` when the queue ends."""
        await self._enter()
        try:
            yield
        finally:
            self.active -= 1
            self._admit()

    async def _enter(self) -> None:
        if self._closed:
            raise QueueError(SHUTTING_DOWN)
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.active -= 1  # it had been given the place already
                self._admit()
            elif place in self._waiting:
                self._waiting.remove(place)
            raise

    def _admit(self) -> None:
        while self._waiting and self.active < self.most:
            now_s = time.monotonic()
            wait_s = self._rate.wait_s(now_s)
            if wait_s > 0:
                self._admit_later(wait_s)
                return
            place = self._waiting.popleft()
            if place.done():  # whoever waited was cancelled a moment ago
                continue
            self.active += 1
            self._rate.started(now_s)
            place.set_result(None)

    def _admit_later(self, wait_s: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._timer_rings)

    def _timer_rings(self) -> None:
        self._timer = None
        self._admit()

    def close(self) -> None:
        """Turn away everybody who waits, and whoever comes later."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_exception(QueueError(SHUTTING_DOWN))
