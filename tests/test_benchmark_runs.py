"""How the benchmarks run a measured script."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.environments import Environment
from benchmarks.harness import Run, RunFailed
from tests.deadlines import DEADLINE_S

# Starts a process that leads a group of its own, as kernels do, and that connects and stays.
HANGING = """
import json, subprocess, sys, time
child = "import socket, sys, time; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); s.recv(1)"
port = json.loads(sys.argv[1])["port"]
subprocess.run([sys.executable, "-c", child, str(port)], start_new_session=True)
"""


def measured(folder: Path, source: str) -> str:
    """The name of a script that has this source."""
    (folder / "measured.py").write_text(source, "utf-8")
    return str(folder / "measured")


def test_the_last_line_has_the_figures(tmp_path: Path) -> None:
    script = measured(tmp_path, "import sys; print('first'); print(sys.argv[1])")

    assert Run(Environment(sys.executable), script, {"ms": 1.5}).once() == {"ms": 1.5}


def test_the_last_line_of_an_error_is_told(tmp_path: Path) -> None:
    script = measured(tmp_path, "raise ValueError('no kernel')")

    with pytest.raises(RunFailed, match="ended with 1: ValueError: no kernel"):
        Run(Environment(sys.executable), script).once()


def test_nothing_is_left_of_a_run_that_takes_too_long(tmp_path: Path) -> None:
    script = measured(tmp_path, HANGING)
    with socket.create_server(("127.0.0.1", 0)) as server:
        parameters = {"port": server.getsockname()[1]}
        server.setblocking(False)
        for deadline_s in (2, 10, 50, 250):  # the first one in which its child has come up
            with pytest.raises(subprocess.TimeoutExpired):
                Run(Environment(sys.executable), script, parameters, deadline_s).once()
            try:
                connection, _ = server.accept()
                break
            except BlockingIOError:
                continue
        else:
            pytest.fail("the child did not come up")
    with connection:
        connection.settimeout(DEADLINE_S)
        with contextlib.suppress(ConnectionResetError):  # how Windows says that nobody is there
            assert connection.recv(1) == b""
