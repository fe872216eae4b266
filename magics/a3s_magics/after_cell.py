"""Work that nobody waits for, put off until the running cell has told its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def after_cell(work: Callable[[], None]) -> None:
    """Do it as soon as the cell is over; at once where the cell does not run inside an event loop.

    A notebook server holds back each small message until the page has received the one before, up to
    a few hundredths of a second, so whatever is sent before a cell's end delays that end.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        work()
    else:
        loop.call_soon(work)
