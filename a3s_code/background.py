"""The runtime loop: one event loop in one daemon thread, on which all executions run.

A notebook's cell already runs inside an event loop, so nothing here uses the caller's. The thread
starts with the first use. Waiting for it can always be interrupted.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from a3s_code.errors import A3SError

T = TypeVar("T")

# A signal handler runs between two waits where the platform cannot interrupt one (Windows).
_TICK_S = 0.1
_ORDERLY_END_S = 5.0
_EXIT_S = 4.0  # a moment, unless the machine is very busy; Jupyter gives a kernel five seconds


class RuntimeLoop:
    """An event loop in its own daemon thread; started once, stopped at the interpreter's exit."""

    def __init__(self) -> None:
        self._started = threading.Event()
        self._closers: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self.loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name="a3s-runtime", daemon=True)
        self._thread.start()
        self._started.wait()

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._started.set)
        self.loop.run_forever()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the loop; the future may be awaited or waited for anywhere."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Call something on the loop's thread, from any thread. Nothing happens after the end."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(callback)

    def wait(
        self,
        future: concurrent.futures.Future[T],
        cancel: Callable[[], object],
    ) -> T:
        """The future's result, for a caller outside of the loop's thread.

        An exception that arrives while waiting (Ctrl-C, above all) calls `cancel`, gives the run up
        to 5 s for its orderly end, and goes on. Raises `A3SError` on the loop's own thread, where
        waiting would never end.
        """
        self.check_not_inside()
        try:
            while True:
                try:
                    return future.result(_TICK_S)
                except TimeoutError:
                    if future.done():  # the run's own, or a result that came this moment
                        return future.result()
        except BaseException:
            if not future.done():
                cancel()
                concurrent.futures.wait([future], timeout=_ORDERLY_END_S)
            raise

    def see_through(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work to its end, and wait for it where that is possible: not on the loop's thread."""
        future = self.submit(work)
        if not self.is_inside:
            self.wait(future, future.cancel)

    @property
    def is_inside(self) -> bool:
        """Whether the caller is on the loop's own thread."""
        return threading.current_thread() is self._thread

    def check_not_inside(self) -> None:
        """Raise `A3SError` when called on the loop's own thread."""
        if self.is_inside:
            raise A3SError(
                "a blocking call was made from inside the agent's own event loop; "
                "await the asynchronous form there"
            )

    def stop(self) -> None:
        """Cancel what is running, give it 4 s, and end the thread."""
        if not self._thread.is_alive() or threading.current_thread() is self._thread:
            return
        ended = asyncio.run_coroutine_threadsafe(self._cancel_all(), self.loop)
        concurrent.futures.wait([ended], timeout=_EXIT_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_EXIT_S)

    async def _cancel_all(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for close in self._closers:
            await close()

    def at_end(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Await `close()` on the loop before it ends; the same function is called once."""
        if close not in self._closers:
            self._closers.append(close)


_lock = threading.Lock()
_runtime: RuntimeLoop | None = None
_ended = False


def runtime() -> RuntimeLoop:
    """The process's runtime loop, started on the first call.

    Raises `A3SError` once the interpreter is shutting down: a thread started then never begins.
    """
    global _runtime
    if _ended:
        raise A3SError("the interpreter is shutting down")
    if _runtime is None:
        with _lock:
            if _runtime is None:
                _runtime = RuntimeLoop()
                _at_exit(_stop)
    return _runtime


def _stop() -> None:
    global _runtime, _ended
    _ended = True
    ending, _runtime = _runtime, None
    if ending is not None:
        ending.stop()


def _at_exit(callback: Callable[[], None]) -> None:
    # Worker threads are joined before `atexit` runs, so a tool still running in one would hold the
    # exit. `threading` offers an earlier moment, which `concurrent.futures` itself uses; it has no
    # public name, and where it is missing `atexit` still stops the loop.
    register = getattr(threading, "_register_atexit", None)
    if register is None:
        atexit.register(callback)
        return
    import concurrent.futures.thread  # noqa: F401  # registers its own, which must run later

    register(callback)


def _forget_after_fork() -> None:
    """A forked child has the object but not the thread: it starts its own."""
    global _runtime, _lock, _ended
    _runtime, _lock, _ended = None, threading.Lock(), False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
