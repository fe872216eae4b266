"""Stop: the interrupt arrives by message and ends as SIGINT in the main thread."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.versions]

# The cell says when its own handler is in place and waits for it, as a turn does.
WAITING_CELL = """
import signal, threading
stopped = threading.Event()
before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
print("ready", flush=True)
heard = stopped.wait(600)
signal.signal(signal.SIGINT, before)
heard
"""


def test_the_spec_asks_for_messages(jupyter_home: Path) -> None:
    """Signals cannot reach a remote kernel; messages can."""
    spec = json.loads((jupyter_home / "share/jupyter/kernels/a3s/kernel.json").read_text("utf-8"))

    assert spec["interrupt_mode"] == "message"


def test_the_handler_of_the_running_cell_sees_the_interrupt(kernel: Kernel) -> None:
    """The main thread's handler runs although that thread is blocked."""
    ran = kernel.run_and_interrupt(WAITING_CELL)

    assert ran.reply["status"] == "ok"
    assert ran.result == "True"


def test_a_python_cell_is_stopped_and_the_kernel_stays_usable(kernel: Kernel) -> None:
    """Without a handler of its own a cell ends with KeyboardInterrupt."""
    ran = kernel.run_and_interrupt("import time; print('ready', flush=True); time.sleep(600)")

    assert ran.reply["ename"] == "KeyboardInterrupt"
    assert kernel.run("6 * 7").result == "42"


def test_an_interrupt_of_an_idle_kernel_does_nothing(kernel: Kernel) -> None:
    """Stop pressed too late must not kill the kernel or the next cell."""
    assert kernel.interrupt()["content"] == {"status": "ok"}
    assert kernel.run("6 * 7").result == "42"
