"""One process that works for this one: it searches files and looks through directories.

It is kept for a while when its work is done, since to start one takes longer than most searches.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any, TypeAlias

from a3s_code.tools.orphans import orphan_watch
from a3s_code.tools.own_group import own_group
from a3s_code.tools.own_python import command_for

_MAIN = "a3s_code.tools.search_helper_process"
_MOST_SPARE = 4
_SPARE_S = 30.0


Answers: TypeAlias = "SimpleQueue[tuple[SearchHelper, bytes]]"


class SearchHelper:
    """A running process. `waiting` counts the messages that it has not answered yet.

    It is `ready` when it has got so far that messages are read at once. Its lines go to `answers`:
    one that is blank when it is ready, an empty one at its end. Raises `OSError` when it cannot be
    started.
    """

    def __init__(self, answers: Answers) -> None:
        command = command_for(_MAIN)
        if command is None:
            raise OSError("there is no Python to start")
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **own_group(),
        )
        self.owner = os.getpid()
        self.waiting = 0
        self.ready = False
        self._ended = False
        self._answers = answers
        orphan_watch.begin(self.process.pid)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def send(self, message: Mapping[str, Any]) -> None:
        """A process that is dead is not told: its end arrives among the answers."""
        self.waiting += 1
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def serve(self, answers: Answers) -> bool:
        """Give further answers to this one; false when it has ended."""
        self._answers = (
            answers  # first, so that either this or the listener sees the other's change
        )
        return not self._ended

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as pipe:
            for line in pipe:
                self.ready = True
                self._answers.put((self, line))
        self._ended = True
        self._answers.put((self, b""))

    def wait_for_end(self) -> None:
        """Until its last line is among the answers."""
        self._listener.join()

    def end(self) -> None:
        """Kill it, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.wait_for_end()
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # what was still to be written
            self.process.stdin.close()
        orphan_watch.end(self.process.pid)


class SpareHelpers:
    """Processes without work, for half a minute. Any thread; a forked process has its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spare: list[tuple[SearchHelper, threading.Timer]] = []

    def take(self, answers: Answers) -> SearchHelper | None:
        """One that is alive and answers there, or None."""
        with self._lock:
            while self._spare:
                helper, timer = self._spare.pop()
                timer.cancel()
                if helper.owner == os.getpid():
                    if helper.serve(answers):
                        return helper
                    helper.end()
        return None

    def keep(self, helper: SearchHelper) -> None:
        """Have it for later, or end it when there are enough of them."""
        timer = threading.Timer(_SPARE_S, self._end, (helper,))
        timer.daemon = True
        with self._lock:
            is_kept = len(self._spare) < _MOST_SPARE
            if is_kept:
                self._spare.append((helper, timer))
                timer.start()
        if not is_kept:
            helper.end()

    def _end(self, helper: SearchHelper) -> None:
        with self._lock:
            rest = [spare for spare in self._spare if spare[0] is not helper]
            is_spare, self._spare = len(rest) < len(self._spare), rest
        if is_spare:
            helper.end()

    def close(self) -> None:
        """End all of them."""
        while (helper := self.take(SimpleQueue())) is not None:
            helper.end()


spare_helpers = SpareHelpers()
atexit.register(spare_helpers.close)
