"""Hand-over of events from the runtime loop to a consumer anywhere: batched and bounded."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from functools import partial
from typing import Protocol

from a3s_code.events import AgentEvent

# An unread stream holds the producer back at this many events, until half of them are read.
MAX_WAITING_EVENTS = 4096
_MAX_GATHERED_EVENTS = 512


class EventSink(Protocol):
    """Where an execution puts its events."""

    async def put(self, events: list[AgentEvent]) -> None:
        """Take events, and hold the producer back if there are too many."""

    def put_nowait(self, events: list[AgentEvent]) -> None:
        """Take the last events of an execution."""

    def close(self) -> None:
        """No more events will come from this execution."""


class EventChannel:
    """A bounded queue of event lists: one producer on the runtime loop, one consumer anywhere.

    Whatever is waiting crosses the threads in one step. The producer's list is never lost: it is
    queued first, and only then does `put` wait for room.
    """

    def __init__(self, call_producer: Callable[[Callable[[], object]], None]) -> None:
        """`call_producer(f)` runs `f` on the producer's loop, from any thread."""
        self._call_producer = call_producer
        self._queue: queue.SimpleQueue[list[AgentEvent] | None] = queue.SimpleQueue()
        # Each counter has one writer, so no lock is needed to compare them.
        self._produced = 0
        self._consumed = 0
        self._room = asyncio.Event()
        self._wants_room = False
        self._wake_consumer: Callable[[], None] | None = None

    # -- producer, on the runtime loop --------------------------------------------------------------

    async def put(self, events: list[AgentEvent]) -> None:
        """Queue events, then wait while the consumer is far behind."""
        self.put_nowait(events)
        while self._produced - self._consumed > MAX_WAITING_EVENTS:
            self._room.clear()
            self._wants_room = True
            if self._produced - self._consumed <= MAX_WAITING_EVENTS:
                break
            await self._room.wait()
        self._wants_room = False

    def put_nowait(self, events: list[AgentEvent]) -> None:
        """Queue events whatever the consumer does: for the last ones of a stream."""
        if events:
            self._produced += len(events)
            self._queue.put(events)
            self._wake()

    def close(self) -> None:
        """No more events will come."""
        self._queue.put(None)
        self._wake()

    def _wake(self) -> None:
        wake, self._wake_consumer = self._wake_consumer, None
        if wake is not None:
            wake()

    # -- consumer, in one thread at a time ----------------------------------------------------------

    def get(self, timeout_s: float) -> list[AgentEvent] | None:
        """The next events; [] after `timeout_s` seconds without any; None after the end."""
        try:
            events = self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get(False)
        except queue.Empty:
            return []
        return self._taken(events)

    async def get_async(self) -> list[AgentEvent] | None:
        """The next events, awaited on the caller's loop without blocking it; None after the end."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return self._taken(self._queue.get(False))
            except queue.Empty:
                arrived = asyncio.Event()
                self._wake_consumer = partial(_call_threadsafe, loop, arrived.set)
            if self._queue.empty():
                await arrived.wait()

    def _taken(self, events: list[AgentEvent] | None) -> list[AgentEvent] | None:
        if events is None:
            self._queue.put(None)  # the end stays the end for every later call
            return None
        if not self._queue.empty():
            events = self._gathered(events)
        self._consumed += len(events)
        if self._wants_room and self._produced - self._consumed <= MAX_WAITING_EVENTS // 2:
            self._call_producer(self._room.set)
        return events

    def _gathered(self, first: list[AgentEvent]) -> list[AgentEvent]:
        """The lists that wait behind the first one, joined: a fast producer costs one step."""
        events = list(first)
        while len(events) < _MAX_GATHERED_EVENTS:
            try:
                more = self._queue.get(False)
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            events += more
        return events


def _call_threadsafe(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(callback)
