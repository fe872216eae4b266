"""Stop: the interrupt arrives by message and ends as SIGINT in the main thread."""

from __future__ import annotations

import json
import re
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


def test_the_traceback_of_a_stopped_cell_shows_nothing_of_the_kernel(kernel: Kernel) -> None:
    """It ends in the user's own line, as with IPython's kernel."""
    ran = kernel.run_and_interrupt("import time\nprint('ready', flush=True)\ntime.sleep(600)")

    shown = "\n".join(ran.reply["traceback"])
    assert "time.sleep(" in re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "a3s_kernel" not in shown
    assert "default_int_handler" not in shown


CELL_IN_CELL = """
import time
get_ipython().run_cell("1")
get_ipython().events.trigger("post_execute")
print('ready', flush=True)
time.sleep(600)
"""


def test_a_cell_that_has_run_another_one_can_still_be_stopped(kernel: Kernel) -> None:
    """The inner cell's end is not the outer one's; figures may be shown in between, too."""
    ran = kernel.run_and_interrupt(CELL_IN_CELL)

    assert ran.reply["ename"] == "KeyboardInterrupt"


OBSERVING = """
import signal
seen = []
at_the_end = lambda _result: seen.append(signal.getsignal(signal.SIGINT))
get_ipython().events.register("post_run_cell", at_the_end)
"""


def test_after_a_cell_nothing_is_raised(kernel: Kernel) -> None:
    """There an interrupt would hit the kernel's own work, which puts the reply together."""
    kernel.run(OBSERVING)

    assert kernel.run("seen[0] is signal.default_int_handler").result == "False"
    assert kernel.run("signal.getsignal(2) is signal.default_int_handler").result == "True"


def test_an_interrupt_of_an_idle_kernel_does_nothing(kernel: Kernel) -> None:
    """Stop pressed too late must not kill the kernel or the next cell."""
    assert kernel.interrupt()["content"] == {"status": "ok"}
    assert kernel.run("6 * 7").result == "42"
