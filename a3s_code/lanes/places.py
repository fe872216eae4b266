"""The places of the lanes: how many commands run, who waits for a place, and who goes first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from a3s_code.config.model import PriorityBoostSettings
from a3s_code.errors import QueueError
from a3s_code.lanes.boost import rank
from a3s_code.lanes.timing import RateLimit

SHUTTING_DOWN = "Session queue is shutting down"


class Admission:
    """Who may start next, over all lanes; only on the event loop.

    Each lane has places of its own. Where the rate holds several of them back, the lane of the
    highest priority goes first, among equals who has waited longest.
    """

    def __init__(
        self, most: Sequence[int], rate: RateLimit, boost: PriorityBoostSettings | None
    ) -> None:
        """`most` are the places of the lanes, in the order of their priority."""
        self.lanes = tuple(Places(self, priority, number) for priority, number in enumerate(most))
        self.closed = False
        self._rate, self._boost = rate, boost
        self._timer: asyncio.TimerHandle | None = None

    def admit(self) -> None:
        """Let in who may start now, and come back for the others when the rate allows."""
        now_s = asyncio.get_running_loop().time()
        while ready := [lane for lane in self.lanes if lane.has_room]:
            wait_s = self._rate.wait_s(now_s)
            if wait_s > 0:
                self._come_back(wait_s)
                return
            first = min(ready, key=lambda lane: lane.rank_of_oldest(now_s, self._boost))
            if first.let_in():
                self._rate.started(now_s)

    def _come_back(self, wait_s: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._timer_rings)

    def _timer_rings(self) -> None:
        self._timer = None
        self.admit()

    def close(self) -> None:
        """Turn away everybody who waits, and whoever comes later."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        for lane in self.lanes:
            lane.turn_away()


class Places:
    """The places of one lane: first come, first served. The numbers may be read anywhere."""

    def __init__(self, admission: Admission, priority: int, most: int) -> None:
        self.most, self.active = most, 0
        self._admission, self._priority = admission, priority
        self._waiting: deque[tuple[asyncio.Future[None], float]] = deque()  # since when

    @property
    def pending(self) -> int:
        """Commands that wait."""
        return len(self._waiting)

    @property
    def has_room(self) -> bool:
        """Whether somebody waits for whom there is a place."""
        return bool(self._waiting) and self.active < self.most

    def rank_of_oldest(
        self, now_s: float, boost: PriorityBoostSettings | None
    ) -> tuple[int, float]:
        """Where the one that has waited longest stands among those of other lanes."""
        since_s = self._waiting[0][1]
        return rank(self._priority, now_s - since_s, boost), since_s

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """A place for as long as the context lasts. Raises `QueueError` when the queue ends."""
        await self._enter()
        try:
            yield
        finally:
            self.active -= 1
            self._admission.admit()

    async def _enter(self) -> None:
        if self._admission.closed:
            raise QueueError(SHUTTING_DOWN)
        loop = asyncio.get_running_loop()
        place = loop.create_future()
        waiting = (place, loop.time())
        self._waiting.append(waiting)
        self._admission.admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.active -= 1  # it had been given the place already
                self._admission.admit()
            elif waiting in self._waiting:
                self._waiting.remove(waiting)
            raise

    def let_in(self) -> bool:
        """Give the oldest a place; False if it was cancelled a moment ago."""
        place, _since_s = self._waiting.popleft()
        if place.done():
            return False
        self.active += 1
        place.set_result(None)
        return True

    def turn_away(self) -> None:
        """Fail everybody who waits."""
        while self._waiting:
            place, _since_s = self._waiting.popleft()
            if not place.done():
                place.set_exception(QueueError(SHUTTING_DOWN))
