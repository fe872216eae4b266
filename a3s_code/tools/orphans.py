"""Commands that do not outlive this process, even when it is killed.

The system has no way to ask for that which holds for a whole tree of processes and is the same
everywhere. So a second small process, started with the first command, waits for the end of this one.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from a3s_code.tools.own_group import own_group

log = logging.getLogger("a3s_code")

PROGRAM = Path(__file__).with_name("orphans_process.py")
_END_S = 10.0  # a moment, unless the machine is very busy


class OrphanWatch:
    """The other process and the pipe to it. Any thread; a forked process has a watch of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    @contextlib.contextmanager
    def over(self, pid: int) -> Iterator[None]:
        """While the block lasts, the command `pid` and its children end when this process does."""
        self.begin(pid)
        try:
            yield
        finally:
            self.end(pid)

    def begin(self, pid: int) -> None:
        """From now on the command `pid` and its children end when this process does."""
        self._tell(b"+%d\n" % pid)

    def end(self, pid: int) -> None:
        """The command `pid` has ended."""
        self._tell(b"-%d\n" % pid)

    def close(self) -> None:
        """End the other process, which ends what is still running."""
        with self._lock:
            process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            process.stdin.close()
            process.wait(_END_S)

    def _tell(self, line: bytes) -> None:
        with self._lock:
            try:
                if self._process is None or self._owner != os.getpid():
                    self._process, self._owner = _started(), os.getpid()
                assert self._process.stdin is not None
                self._process.stdin.write(line)
            except OSError as error:  # the command runs all the same
                self._process = None
                log.debug("commands would outlive this process: %s", error)


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -I: the folder of the program holds modules named like those of the standard library.
        [sys.executable or "python", "-I", "-S", str(PROGRAM), str(os.getpid())],
        cwd=PROGRAM.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        **own_group(),
    )


orphan_watch = OrphanWatch()
atexit.register(orphan_watch.close)
