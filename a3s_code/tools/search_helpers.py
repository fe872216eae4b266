"""Processes that share the work of one search.

They use the other processors. And they do what could keep `re` busy for ever: it tries alternatives
one after another, cannot be interrupted while it does, and holds the interpreter meanwhile, so that
a pattern such as `(a+)+$` would freeze the whole program. A process can be killed at any moment.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from a3s_code.errors import ToolFailed
from a3s_code.tools.limits import Limits
from a3s_code.tools.search_helper import SearchHelper, spare_helpers

log = logging.getLogger("a3s_code")

_MOST_HELPERS = 4


@dataclass(frozen=True, slots=True)
class Help:
    """How many processes may help. If it `is_required`, nothing is searched in this one."""

    most: int
    is_required: bool


NO_HELP = Help(0, is_required=False)


def help_for(*, is_tame: bool) -> Help:
    """One process for each processor; this one counts if the work is tame."""
    if not sys.executable:  # a program with Python inside
        return NO_HELP
    count = min(_processors(), _MOST_HELPERS)
    return Help(count - 1 if is_tame else count, is_required=not is_tame)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Helpers:
    """Up to `most` processes that a search has for itself until the block ends.

    Each has at most `queued` messages to answer. When a limit is reached they are killed at once,
    and so are those that still work when the block ends.
    """

    def __init__(self, limits: Limits, most: int, *, queued: int) -> None:
        self._limits = limits
        self._most = most
        self._queued = queued
        self._helpers: list[SearchHelper] = []
        self._answers = SimpleQueue[tuple[SearchHelper, bytes]]()
        self._lock = threading.Lock()
        self._is_over = self._is_killed = False
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        with self._lock:
            self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        for helper in self._helpers:
            if helper.waiting or self._is_killed:
                helper.end()
            else:
                spare_helpers.keep(helper)

    def _kill(self) -> None:
        with self._lock:
            if not self._is_over:
                self._is_killed = True
                for helper in self._helpers:
                    helper.process.kill()

    def free(self, *, may_start: bool = True) -> SearchHelper | None:
        """A process that has room for a message.

        With `may_start` one is started where none is left over from another search; it is free as
        soon as it is ready.
        """
        ready = [helper for helper in self._helpers if helper.ready]
        helper = min(ready, key=lambda helper: helper.waiting, default=None)
        if helper is None or helper.waiting == self._queued:
            return self._another(may_start=may_start)
        return helper

    def _another(self, *, may_start: bool) -> SearchHelper | None:
        """One more process if it is ready."""
        if len(self._helpers) == self._most:
            return None
        helper = spare_helpers.take(self._answers)
        if helper is None:
            if not may_start:
                return None
            try:
                helper = SearchHelper(self._answers)
            except OSError as error:
                log.debug("no process to help with a search: %s", error)
                self._most = len(self._helpers)
                return None
        self._add(helper)
        return helper if helper.ready else None

    def _add(self, helper: SearchHelper) -> None:
        with self._lock:
            self._helpers.append(helper)
            if self._is_killed:
                helper.process.kill()
        if self._timer is None:
            self._timer = threading.Timer(self._limits.seconds_left, self._kill)
            self._timer.daemon = True
            self._timer.start()
            self._limits.stop.on_request(self._kill)

    def give(self, message: Mapping[str, Any]) -> Iterator[Any]:
        """Send this to a process as soon as there is a free one: the answers that arrive meanwhile."""
        while (helper := self.free()) is None:
            yield from self.wait()
        helper.send(message)

    def arrived(self) -> Iterator[Any]:
        """The answers that have come meanwhile."""
        with contextlib.suppress(Empty):
            while True:
                yield from self._read(*self._answers.get_nowait())

    def wait(self) -> Iterator[Any]:
        """Wait for the next answer, or the news that there is a process to ask.

        Raises `ToolFailed` when nobody will answer, and what the limits raise.
        """
        if not self._helpers:
            raise ToolFailed("No process could be started for the search")
        yield from self._read(*self._answers.get())

    @property
    def are_working(self) -> bool:
        """Whether there are answers still to come."""
        return any(helper.waiting for helper in self._helpers)

    def rest(self) -> Iterator[Any]:
        """Wait for all that is still to come."""
        while self.are_working:
            yield from self.wait()

    def _read(self, helper: SearchHelper, line: bytes) -> Iterator[Any]:
        if helper not in self._helpers:
            return  # it had ended before it could be of use here
        if not line:  # it has ended
            self._limits.check()
            raise ToolFailed(f"Search ended with exit code {helper.process.wait()}")
        if line != b"\n":
            helper.waiting -= 1
            yield json.loads(line)
