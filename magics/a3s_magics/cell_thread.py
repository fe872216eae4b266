"""Work that has to happen in the running cell's own thread, asked for from any other.

The agent runs on the runtime loop; the user's variables, figures and outputs belong to the thread
of the cell. Requests wait here until the turn's loop, which runs there, serves them.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import ctypes
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Generic, TypeVar

from a3s_code import ToolFailed

T = TypeVar("T")

# How long a cancelled request waits for code that is being interrupted, so that what it has
# printed is not lost; code that is deep inside of C does not hold a cancelled turn for longer.
_GRACE_S = 2.0


class _Request(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self.work = work
        self.done: concurrent.futures.Future[T] = concurrent.futures.Future()
        self.interrupted = False
        self.abandoned = False


class CellThread:
    """Between a turn's beginning and its end, `serve` runs what was requested in its thread."""

    def __init__(self) -> None:
        self._requests: deque[_Request[object]] = deque()
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._running: _Request[object] | None = None
        self._raising: Callable[[], AbstractContextManager[None]] = nullcontext
        self._pressed: Callable[[], object] = _nothing

    @property
    def open(self) -> bool:
        """Whether there is a turn whose cell can do something."""
        return self._thread is not None

    @property
    def waiting(self) -> bool:
        """Whether something was requested that has not begun."""
        return bool(self._requests)

    @contextmanager
    def serving(
        self, raising: Callable[[], AbstractContextManager[None]], pressed: Callable[[], object]
    ) -> Iterator[None]:
        """The calling thread serves requests for as long as this lasts.

        While work runs, `raising` lets Stop raise KeyboardInterrupt in it; `pressed` is called when
        that ended the work. What is still waiting at the end fails.
        """
        with self._lock:
            self._thread, self._raising, self._pressed = threading.get_ident(), raising, pressed
        try:
            yield
        finally:
            with self._lock:
                self._thread, self._raising, self._pressed = None, nullcontext, _nothing
                left, self._requests = self._requests, deque()
            for request in left:
                if request.done.set_running_or_notify_cancel():
                    request.done.set_exception(ToolFailed("the cell ended before this could run"))

    def serve(self) -> None:
        """Do what was requested, in order. What the work raises is for who requested it."""
        while self._requests:
            request = self._requests.popleft()
            if request.done.set_running_or_notify_cancel():
                self._do(request)

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, done by the cell. Raises `ToolFailed` when no cell is running.

        When this is cancelled, work that has begun is interrupted, and its result is given all the
        same if there soon is one: a cancelled turn keeps the results that its tools have.
        """
        request: _Request[T] = _Request(work)
        with self._lock:
            if self._thread is None:
                raise ToolFailed(
                    "this works only while a prompt's cell is running; %a3s_python does it by hand"
                )
            self._requests.append(request)  # type: ignore[arg-type]  # its result is not looked at
        result = asyncio.wrap_future(request.done)
        try:
            value = await asyncio.shield(result)
        except asyncio.CancelledError:
            if request.done.cancel():  # it has not begun
                raise
            self._interrupt(request)
            done, _ = await asyncio.wait({result}, timeout=_GRACE_S)
            if not done:
                result.add_done_callback(_look_at)
                raise
            return result.result()
        if request.interrupted:  # by Stop: the turn is about to be cancelled, this must not be lost
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(_GRACE_S)
        return value

    def _do(self, request: _Request[object]) -> None:
        value: object = None
        error: BaseException | None = None
        try:
            with self._raising():
                self._running = request
                try:
                    if request.abandoned:
                        raise KeyboardInterrupt
                    value = request.work()
                finally:
                    self._running = None
        except KeyboardInterrupt:  # a moment before the work began, or after it was over
            error = None if value is not None else ToolFailed("Interrupted before it finished.")
            request.interrupted = True
        except BaseException as raised:  # noqa: BLE001  # it belongs to who asked, whatever it is
            error = raised
        if request.interrupted:
            self._pressed()
        if error is None:
            request.done.set_result(value)
        else:
            request.done.set_exception(error)

    def interrupted(self) -> None:
        """Called by work that has caught a KeyboardInterrupt and gives a result all the same."""
        if self._running is not None:
            self._running.interrupted = True

    def _interrupt(self, request: _Request[T]) -> None:
        request.abandoned = True
        with self._lock:
            thread = self._thread
        if thread is not None and self._running is request and not request.interrupted:
            interrupt_thread(thread)


def interrupt_thread(ident: int) -> None:
    """Raise KeyboardInterrupt in a thread: at once in the main one, else at its next instruction."""
    if ident != threading.main_thread().ident:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(ident), ctypes.py_object(KeyboardInterrupt)
        )
    elif hasattr(signal, "pthread_kill"):
        signal.pthread_kill(ident, signal.SIGINT)  # a real signal: it wakes what sleeps
    else:
        import _thread

        _thread.interrupt_main()  # Windows: wakes what sleeps, too


def _look_at(result: asyncio.Future[T]) -> None:
    """Take what nobody waits for any more, so that asyncio does not report it as forgotten."""
    if not result.cancelled():
        result.exception()


def _nothing() -> None:
    """Nobody is to be told."""
