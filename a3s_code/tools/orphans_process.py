"""A program that ends commands when the process that has started them is gone, however it went.

    python -I -S orphans_process.py PID

Reads lines from standard input: `+N` when the process `PID` has started command N, `-N` when that
has ended. When the input ends, or `PID` does, it kills what is left with all its children, and ends.
It imports nothing of this package, so that it is small and starts at once.
"""

from __future__ import annotations

import os
import runpy
import select
import sys
from pathlib import Path

_LOOK_S = 1.0


def main(parent: int) -> None:
    """Follow the commands of `parent` to its end."""
    running: set[int] = set()
    rest = b""
    while data := _read(parent, bool(running)):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            change = running.add if line[:1] == b"+" else running.discard
            change(int(line[1:]))
    tree = runpy.run_path(str(Path(__file__).with_name("process_tree.py")))
    for pid in running:
        tree["kill_tree"](pid)


def _read(parent: int, working: bool) -> bytes:
    """The next lines; nothing when the parent is gone.

    Processes that a notebook has forked hold the other end of the pipe open, too. So the parent is
    looked at, but only while there is something to end.
    """
    while working and os.name == "posix":
        if select.select([0], [], [], _LOOK_S)[0]:
            break
        if os.getppid() != parent:
            return b""
    return os.read(0, 65536)


if __name__ == "__main__":
    main(int(sys.argv[1]))
