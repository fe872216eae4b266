"""Commands that somebody else runs: published, then completed from any thread."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from a3s_code.errors import InvalidArgument, QueueError
from a3s_code.events import ExternalTaskPending
from a3s_code.lanes.places import SHUTTING_DOWN

DEFAULT_ERROR = "External task failed"


@dataclass(frozen=True, slots=True)
class ExternalTaskResult:
    """How somebody else did with a task.

    `result` is anything that JSON can express; for a tool `{"output": str, "exit_code": int}`.
    """

    success: bool = True
    result: Any = None
    error: str | None = None

    @classmethod
    def of(cls, success: Any, result: Any, error: Any) -> ExternalTaskResult:
        """A result from arguments, or from one dict or object in the place of the first.

        Raises `InvalidArgument` for what cannot be told to a model.
        """
        if isinstance(success, Mapping):
            unknown = set(success) - {"success", "result", "error"}
            if unknown:
                raise InvalidArgument(f"an external result has no {min(unknown)!r}")
            return cls.of(success.get("success", True), success.get("result"), success.get("error"))
        if isinstance(success, ExternalTaskResult):
            return cls.of(success.success, success.result, success.error)
        if type(success) is not bool:
            raise InvalidArgument(f"success must be True or False, not {success!r}")
        if not (error is None or isinstance(error, str)):
            raise InvalidArgument(f"error must be a string, not {error!r}")
        try:
            json.dumps(result)
        except (TypeError, ValueError) as problem:
            raise InvalidArgument(f"result cannot be expressed in JSON: {problem}") from problem
        return cls(success, result, error)


@dataclass(eq=False, slots=True)
class ExternalTask:
    """A published task, and what becomes of it."""

    event: ExternalTaskPending
    deadline_s: float  # on the monotonic clock
    loop: asyncio.AbstractEventLoop
    # None for a timeout
    done: asyncio.Future[ExternalTaskResult | None] = field(repr=False)


class ExternalTasks:
    """The open tasks of one session: opened on the event loop, completed from any thread.

    Each ends exactly once: completed, too late, or because nobody waits for it any more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, ExternalTask] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._open)

    def publish(self, event: ExternalTaskPending) -> ExternalTask:
        """Store a task. Raises `QueueError` when the queue ends."""
        loop = asyncio.get_running_loop()
        deadline_s = time.monotonic() + event.timeout_ms / 1000
        task = ExternalTask(event, deadline_s, loop, loop.create_future())
        with self._lock:
            if self._closed:
                raise QueueError(SHUTTING_DOWN)
            self._open[event.task_id] = task
        return task

    async def result(self, task: ExternalTask) -> ExternalTaskResult | None:
        """What a task was completed with, None when its time ran out first.

        It may have been completed already: whoever is told of it can be quicker than the caller.
        """
        left_s = max(0.0, task.deadline_s - time.monotonic())
        timer = task.loop.call_later(left_s, self._expire, task)
        try:
            return await task.done
        finally:
            timer.cancel()
            self.withdraw(task.event.task_id)

    def withdraw(self, task_id: str) -> None:
        """Forget a task; completing it is too late from now on."""
        with self._lock:
            self._open.pop(task_id, None)

    def complete(self, task_id: str, result: ExternalTaskResult) -> bool:
        """Hand over the result of an open task; False for any other."""
        with self._lock:
            task = self._open.pop(task_id, None)
        if task is None:
            return False
        try:
            task.loop.call_soon_threadsafe(_settle, task, result)
        except RuntimeError:  # the loop has ended
            return False
        return True

    def pending(self) -> list[dict[str, Any]]:
        """The open tasks, the oldest first, with the milliseconds that are left."""
        now_s = time.monotonic()
        with self._lock:
            tasks = list(self._open.values())
        return [
            {
                "task_id": task.event.task_id,
                "session_id": task.event.session_id,
                "lane": task.event.lane,
                "command_type": task.event.command_type,
                "payload": dict(task.event.payload),
                "timeout_ms": task.event.timeout_ms,
                "remaining_ms": max(0, round((task.deadline_s - now_s) * 1000)),
            }
            for task in tasks
        ]

    def close(self) -> None:
        """End all open tasks as failed, and take no others. On the event loop."""
        with self._lock:
            self._closed = True
            tasks, self._open = list(self._open.values()), {}
        for task in tasks:
            if not task.done.done():
                task.done.set_exception(QueueError(SHUTTING_DOWN))
                task.done.exception()  # a task told of for information has nobody who waits

    def _expire(self, task: ExternalTask) -> None:
        with self._lock:
            taken = self._open.pop(task.event.task_id, None)
        if taken is task:
            _settle(task, None)


def _settle(task: ExternalTask, result: ExternalTaskResult | None) -> None:
    if not task.done.done():
        task.done.set_result(result)
