"""Processes that search files for this one.

They use the other processors. And they do what could keep `re` busy for ever: it tries alternatives
one after another, cannot be interrupted while it does, and holds the interpreter meanwhile, so that
a pattern such as `(a+)+$` would freeze the whole program. A process can be killed at any moment.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from a3s_code.errors import ToolFailed
from a3s_code.tools.limits import Limits
from a3s_code.tools.match import Match
from a3s_code.tools.orphans import orphan_watch
from a3s_code.tools.own_group import own_group

log = logging.getLogger("a3s_code")

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {} import main; main()"
_MAIN = "a3s_code.tools.search_helper_process"
_MOST_HELPERS = 4
_WAITING_RUNS = 8  # for each process, so that it always has something to do


@dataclass(frozen=True, slots=True)
class Help:
    """How many processes may help. If it `is_required`, nothing is searched in this one."""

    most: int
    is_required: bool


NO_HELP = Help(0, is_required=False)


def help_for(*, is_tame: bool) -> Help:
    """One process for each processor; this one counts if the expression is tame."""
    if not sys.executable:  # a program with Python inside
        return NO_HELP
    count = min(_processors(), _MOST_HELPERS)
    return Help(count - 1 if is_tame else count, is_required=not is_tame)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Helpers:
    """Up to `most` processes, started when they are needed, dead when the block ends.

    `query` has the `root` of the workspace, the `pattern`, and whether to `ignore_case`. When a limit
    is reached the processes are killed at once.
    """

    def __init__(self, query: Mapping[str, Any], limits: Limits, most: int) -> None:
        self._query = query
        self._limits = limits
        self._most = most
        self._helpers: list[_Helper] = []
        self._answers = SimpleQueue[tuple[_Helper, bytes]]()
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._exit.close()

    def offer(self, prefix: str, names: Sequence[str]) -> bool:
        """Have these files of a directory searched, if there is a process with room for them."""
        helper = min(self._helpers, key=lambda helper: helper.waiting, default=None)
        if helper is None or helper.waiting == _WAITING_RUNS:
            helper = self._another()
        if helper is None:
            return False
        helper.send({"prefix": prefix, "names": names})
        return True

    def _another(self) -> _Helper | None:
        if len(self._helpers) == self._most:
            return None
        try:
            started = _started(self._query, self._limits, self._answers)
            self._helpers.append(self._exit.enter_context(started))
        except OSError as error:
            log.debug("no process to help with a search: %s", error)
            self._most = len(self._helpers)
            return None
        return self._helpers[-1]

    def give(self, prefix: str, names: Sequence[str]) -> Iterator[list[Match]]:
        """As `offer`, waiting for room: the answers that arrive meanwhile."""
        while not self.offer(prefix, names):
            yield from self._next()

    def arrived(self) -> Iterator[list[Match]]:
        """The matches of the files that were searched meanwhile, file by file."""
        with contextlib.suppress(Empty):
            while True:
                yield from self._read(*self._answers.get_nowait())

    def _next(self) -> Iterator[list[Match]]:
        """Wait for the next answer. Raises `ToolFailed` when nobody will give one."""
        if not self._helpers:
            raise ToolFailed("No process could be started for the search")
        yield from self._read(*self._answers.get())

    def rest(self) -> Iterator[list[Match]]:
        """Wait for all that is still to come. Raises `ToolFailed` and what the limits raise."""
        while any(helper.waiting for helper in self._helpers):
            yield from self._next()

    def _read(self, helper: _Helper, line: bytes) -> Iterator[list[Match]]:
        if not line:  # it has ended
            self._limits.check()
            raise ToolFailed(f"Search ended with exit code {helper.process.wait()}")
        helper.waiting -= 1
        for matches in json.loads(line):
            yield [Match(*match) for match in matches]


class _Helper:
    """One process; `waiting` counts the runs that it has not answered yet."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.waiting = 0

    def send(self, message: Mapping[str, Any]) -> None:
        """A process that is dead is not told: its end arrives among the answers."""
        self.waiting += 1
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def listen(self, answers: SimpleQueue[tuple[_Helper, bytes]]) -> None:
        """Hand on its answers, at the end an empty one. Runs in a thread."""
        assert self.process.stdout is not None
        with self.process.stdout as pipe:
            for line in pipe:
                answers.put((self, line))
        answers.put((self, b""))


@contextlib.contextmanager
def _started(
    query: Mapping[str, Any], limits: Limits, answers: SimpleQueue[tuple[_Helper, bytes]]
) -> Iterator[_Helper]:
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", _START.format(_MAIN), json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **own_group(),
    )
    helper = _Helper(process)
    listener = threading.Thread(target=helper.listen, args=(answers,), daemon=True)
    listener.start()
    timer = threading.Timer(limits.seconds_left, process.kill)
    timer.daemon = True
    timer.start()
    limits.stop.on_request(process.kill)
    try:
        with orphan_watch.over(process.pid):
            helper.send(query)
            helper.waiting = 0
            yield helper
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        listener.join()
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # what was still to be written
            process.stdin.close()
