"""Blocking work in a worker thread that ends when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_GRACE_S = 0.25  # how long a cancelled caller waits for the thread to notice


class Stopped(Exception):
    """The caller was cancelled; the work ends here."""


class Stop:
    """The caller's wish that the work should end; looked at by the work, set from the loop."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._lock = threading.Lock()
        self._actions: list[Callable[[], None]] = []

    def request(self) -> None:
        """Ask the work to end and do what it registered for this case."""
        with self._lock:
            self._requested.set()
            actions, self._actions = self._actions, []
        for action in actions:
            action()

    def on_request(self, action: Callable[[], None]) -> None:
        """Have `action` called when the end is asked for; at once if it already was."""
        with self._lock:
            if not self._requested.is_set():
                self._actions.append(action)
                return
        action()

    @property
    def requested(self) -> bool:
        """Whether the caller has gone."""
        return self._requested.is_set()

    def check(self) -> None:
        """Raise `Stopped` when the caller has gone."""
        if self.requested:
            raise Stopped


async def in_thread(work: Callable[[Stop], T]) -> T:
    """The result of `work`, which runs in a worker thread.

    When this coroutine is cancelled the work is asked to stop and given a moment to do so, and then
    the cancellation passes: a thread stuck in the operating system must not hold the caller.
    """
    stop = Stop()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.request()
        task.add_done_callback(_look_at)
        await asyncio.wait({task}, timeout=_GRACE_S)
        task.cancel()  # for work that no thread has begun
        raise


def _look_at(task: asyncio.Future[T]) -> None:
    """Take the outcome that nobody waits for, so that asyncio does not report it as forgotten."""
    if not task.cancelled():
        task.exception()
