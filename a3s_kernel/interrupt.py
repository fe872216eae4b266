"""How an `interrupt_request` reaches the turn that is running in the main thread."""

from __future__ import annotations

import os
import signal
import sys


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
