"""A tool that is called by hand from a cell, and needs this very cell's thread for its work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from typing import TypeVar

from a3s_magics.cell_thread import CellThread

T = TypeVar("T")

_TICK_S = 0.02


def call_here(cell: CellThread, call: Callable[[], T]) -> T:
    """The result of `call`, made in a thread of its own while the calling one serves the cell.

    Raises what it raises, and KeyboardInterrupt when Stop has ended the work: the call is then left
    to its own end, which is near.
    """
    if cell.open:  # a prompt's cell serves already
        return call()
    answer: Future[T] = Future()
    stopped = threading.Event()

    def make() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # noqa: BLE001  # it belongs to the caller, whatever it is
            answer.set_exception(error)

    with cell.serving(nullcontext, stopped.set):
        threading.Thread(target=make, name="a3s-by-hand", daemon=True).start()
        while not answer.done():
            cell.serve()
            if stopped.is_set():
                raise KeyboardInterrupt
            try:
                return answer.result(_TICK_S)
            except TimeoutError:
                continue  # its own, or the tick's: the loop's condition tells
    return answer.result()
