"""An event loop whose clock runs a thousand times faster, so that long time limits can be reached."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
FACTOR = 1000


class _Selector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout and timeout / FACTOR)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, waits: list[float]) -> None:
        super().__init__(_Selector())
        self._waits = waits

    def time(self) -> float:
        return super().time() * FACTOR

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self._waits.append(delay)
        return super().call_later(delay, callback, *args, context=context)


def run_fast(work: Coroutine[Any, Any, T], waits: list[float] | None = None) -> T:
    """The result of `work`, whose limits in seconds are over after as many milliseconds.

    Into `waits` go the waits that were asked for, in seconds.
    """
    kept = [] if waits is None else waits
    with asyncio.Runner(loop_factory=lambda: _Loop(kept)) as runner:
        return runner.run(work)
