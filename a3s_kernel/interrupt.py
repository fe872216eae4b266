"""How an `interrupt_request` reaches what runs in the main thread, and when it may raise there."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any


def raise_interrupt() -> None:
    """Deliver SIGINT to this process, and to its group when it leads one; callable from any thread.

    Python runs the handler in the main thread. The group is included because that is what the
    interrupt of stock kernels does: a command started by a cell stops too. Raises `OSError` when the
    system refuses the signal.
    """
    if sys.platform == "win32":
        # raise_signal also wakes a main thread that sleeps; `_thread.interrupt_main` would not.
        signal.raise_signal(signal.SIGINT)
    elif os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGINT)
    else:
        os.kill(os.getpid(), signal.SIGINT)


def hold_interrupts() -> None:
    """From now on SIGINT does nothing, until a cell begins. In the main thread only."""
    signal.signal(signal.SIGINT, _held)


class CellInterrupts:
    """Lets SIGINT raise KeyboardInterrupt from the beginning of a cell to its end.

    The handler is exchanged instead of asked whether a cell runs: a handler that is Python would show
    itself in the traceback of each interrupted cell. One that a cell has set is left alone.
    """

    def __init__(self, events: Any) -> None:
        """`events` are those of an IPython shell."""
        self._cell: Any = None  # the outermost one; cells run cells, such as those of %%capture
        events.register("pre_execute", self._began)
        events.register("pre_run_cell", self._shown_began)
        events.register("post_run_cell", self._shown_ended)
        events.register("post_execute", self._ended)

    def _began(self) -> None:
        if _in_main_thread() and signal.getsignal(signal.SIGINT) is _held:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _shown_began(self, info: Any) -> None:
        if _in_main_thread() and self._cell is None:
            self._cell = info

    def _shown_ended(self, result: Any) -> None:
        """A cell that was cancelled on the event loop has no result, and runs in no other one."""
        if _in_main_thread() and (result is None or result.info is self._cell):
            self._cell = None
            self._ended()

    def _ended(self) -> None:
        """At once after a silent cell; within others this only says that figures may be shown."""
        if not _in_main_thread() or self._cell is not None:
            return
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            hold_interrupts()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _held(_number: int, _frame: object) -> None:
    """Nothing to stop."""
