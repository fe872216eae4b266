"""The stream of events that a prompt leaves: an iterator and an async iterator at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from a3s_code.events import AgentEvent
from a3s_code.run.channel import EventChannel

# How long a wait may last before Python gets to run signal handlers on platforms that cannot
# interrupt it.
_TICK_S = 0.2


class EventStream:
    """Events of one execution, ending with `end` or `error`; works with `for` and `async for`.

    Made by `Session.stream`.

    The execution runs whether or not the stream is read; an unread stream holds it back. Leaving
    early (`close()`, a `with` block, dropping the stream, cancelling the task that iterates)
    cancels the execution as `Session.cancel()` does.
    """

    def __init__(self, channel: EventChannel, cancel: Callable[[], object]) -> None:
        self._channel = channel
        self._cancel = cancel
        self._batch: Iterator[AgentEvent] = iter(())
        self._exhausted = False

    # -- synchronous --------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[AgentEvent]:
        # A generator is several times cheaper per event than `__next__` of a class. It takes from
        # the same batch, so iterating again goes on where the last iteration stopped.
        while True:
            yield from self._batch
            if not self._wait_for_batch():
                return

    def __next__(self) -> AgentEvent:
        while True:
            for event in self._batch:
                return event
            if not self._wait_for_batch():
                raise StopIteration

    def _wait_for_batch(self) -> bool:
        try:
            while not self._exhausted:
                events = self._channel.get(_TICK_S)
                if events:
                    self._batch = iter(events)
                    return True
                self._exhausted = events is None
        except BaseException:  # Ctrl-C above all: whoever stops reading stops the execution
            self.close()
            raise
        return False

    def poll(self, timeout_s: float = 0.0) -> list[AgentEvent] | None:
        """Whatever has arrived: a list, empty after `timeout_s` seconds of nothing, None at the end.

        For a consumer that has other things to do between events, such as a notebook's view.
        """
        waiting = list(self._batch)
        if waiting:
            return waiting
        if self._exhausted:
            return None
        events = self._channel.get(timeout_s)
        self._exhausted = events is None
        return events

    # -- asynchronous -------------------------------------------------------------------------------

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AgentEvent:
        for event in self._batch:
            return event
        if self._exhausted:
            raise StopAsyncIteration
        try:
            await asyncio.sleep(0)  # a fast stream must not starve the caller's loop
            events = await self._channel.get_async()
        except BaseException:  # the task that iterates was cancelled: the execution goes with it
            self.close()
            raise
        if events is None:
            self._exhausted = True
            raise StopAsyncIteration
        self._batch = iter(events)
        return next(self._batch)

    # -- leaving ------------------------------------------------------------------------------------

    def close(self) -> None:
        """Cancel the execution unless it is over, and stop iterating."""
        self._exhausted = True
        self._batch = iter(())
        self._cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._cancel()
