"""Calls of functions that the host gave us, whatever kind of function they are."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from a3s_code.tools.threads import Stop, in_thread


class ForeignExit(RuntimeError):
    """What a function raised that no exception handler of ours may see: `SystemExit` above all."""


async def call_foreign(function: Callable[..., Any], *args: Any) -> Any:
    """What the function returned: a plain one runs in a worker thread, others are awaited.

    Its exceptions pass. What would end the runtime loop, or would get lost between two threads,
    comes as `ForeignExit`. A cancelled plain function goes on in its thread, unheard.
    """
    try:
        if inspect.iscoroutinefunction(function):
            return await function(*args)
        returned = await in_thread(lambda stop: _call(function, args, stop))
        return await returned if inspect.isawaitable(returned) else returned
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise _exit(error) from error  # the function's own doing
    except (SystemExit, KeyboardInterrupt) as error:
        raise _exit(error) from error


def _call(function: Callable[..., Any], args: tuple[Any, ...], _stop: Stop) -> Any:
    try:
        return function(*args)
    # StopIteration cannot pass through a future: whoever waits for it would wait forever.
    except (SystemExit, KeyboardInterrupt, StopIteration, asyncio.CancelledError) as error:
        raise _exit(error) from error


def _exit(error: BaseException) -> ForeignExit:
    kind = type(error).__name__
    return ForeignExit(f"{kind}: {error}" if str(error) else kind)
