"""Work beside the cell's own thread, which is busy meanwhile: the live view while code runs.

Outputs belong to the cell whose request a thread knows: the thread here works in a copy of the
caller's context. Only one of the two works on the view at a time, and the caller waits for the other
at the end.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_here = threading.local()


def aside() -> bool:
    """Whether the calling thread is one that works beside a cell: what it shows is no output."""
    return getattr(_here, "aside", False)


@contextmanager
def meanwhile(step: Callable[[], object]) -> Iterator[None]:
    """Call `step` again and again in a thread, until the block ends. Its exceptions are raised there.

    `step` takes its time: it waits for what happens next.
    """
    over = threading.Event()
    failure: list[BaseException] = []

    def work() -> None:
        _here.aside = True
        try:
            while not over.is_set() and step():
                pass
        except BaseException as error:  # noqa: BLE001  # raised in the cell's own thread, below
            failure.append(error)

    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(work,), name="a3s-aside", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if failure:
        raise failure[0]
