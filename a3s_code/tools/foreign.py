"""Calls of functions that the host gave us, whatever kind of function they are."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any


class ForeignExit(RuntimeError):
    """What a function raised that no exception handler of ours may see: `SystemExit` above all."""


async def call_foreign(function: Callable[..., Any], *args: Any) -> Any:
    """What the function returned: a plain one runs in a thread of its own, others are awaited.

    Its exceptions pass. What would end the runtime loop, or would get lost between two threads,
    comes as `ForeignExit`. A cancelled plain function goes on in its thread, unheard.
    """
    try:
        if inspect.iscoroutinefunction(function):
            return await function(*args)
        returned = await _in_own_thread(partial(function, *args))
        return await returned if inspect.isawaitable(returned) else returned
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise _exit(error) from error  # the function's own doing
    except (SystemExit, KeyboardInterrupt) as error:
        raise _exit(error) from error


async def _in_own_thread(call: Callable[[], Any]) -> Any:
    """The pool's few threads would not do: such functions wait for each other, and for hours.

    A daemon thread does not hold up the end of the interpreter either.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def settle(value: Any, error: BaseException | None) -> None:
        if future.done():  # nobody waits any more
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    def run() -> None:
        value: Any = None
        failure: BaseException | None = None
        try:
            value = context.run(call)
        # StopIteration cannot pass through a future: whoever waits for it would wait forever.
        except (SystemExit, KeyboardInterrupt, StopIteration, asyncio.CancelledError) as error:
            failure = _exit(error)
        except BaseException as error:  # noqa: BLE001  # it is raised where the call was made
            failure = error
        with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, name="a3s-foreign", daemon=True).start()
    return await future


def _exit(error: BaseException) -> ForeignExit:
    kind = type(error).__name__
    return ForeignExit(f"{kind}: {error}" if str(error) else kind)
