"""Commands of a process that is killed end with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.deadlines import DEADLINE_S

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are POSIX ones")

START = """
import os, subprocess, sys
from a3s_code.tools.orphans import orphan_watch
command = subprocess.Popen(["bash", "-c", "setsid sleep 300 & sleep 300"], start_new_session=True)
ended = subprocess.Popen(["true"], start_new_session=True)
with orphan_watch.over(ended.pid):
    ended.wait()
spared = subprocess.Popen(["sleep", "300"], start_new_session=True)
with orphan_watch.over(command.pid):
    if "fork" in sys.argv and os.fork() == 0:
        sys.stdin.read()  # holds the pipe to the watch open
        os._exit(0)
    print(command.pid, spared.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["plain", "fork"])
def test_the_whole_tree_ends_and_nothing_else(how: str, tmp_path: Path) -> None:
    """Also what has a session of its own, and also while a forked process lives on."""
    parent = subprocess.Popen(
        [sys.executable, "-c", START, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    shell, spared = (psutil.Process(int(pid)) for pid in parent.stdout.readline().split())
    while len(shell.children()) < 2:
        assert shell.is_running()
    tree = [shell, *shell.children(recursive=True)]
    others = psutil.Process(parent.pid).children()

    try:
        parent.kill()
        parent.wait()

        assert psutil.wait_procs(tree, timeout=DEADLINE_S)[1] == []
        assert spared.is_running()
    finally:
        for process in [*tree, *others]:
            if process.is_running() and process.pid not in (parent.pid,):
                process.kill()
        parent.communicate()


def test_an_interpreter_that_ends_in_order_leaves_no_watch() -> None:
    """And says nothing, not even about resources."""
    code = (
        "import subprocess, sys\n"
        "from a3s_code.tools.orphans import orphan_watch as watch\n"
        "p = subprocess.Popen(['true'])\n"
        "with watch.over(p.pid): p.wait()\n"
        "print(watch._process.pid)\n"
    )

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )

    assert done.stderr == ""
    assert not psutil.pid_exists(int(done.stdout))
