"""The part of a session's surface that is about its lane queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from a3s_code.conversation import Conversation
from a3s_code.lanes.external import ExternalTaskResult
from a3s_code.lanes.handler import LaneHandler, checked_lane
from a3s_code.lanes.tool_commands import tool_named_by

T = TypeVar("T")
Submitted = Callable[[], Any] | Mapping[str, Any]


class QueueCalls:
    """Methods of `Session`; without a queue those that only read give zeros and empty lists."""

    _core: Conversation

    def _check_open(self) -> None:
        raise NotImplementedError

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        raise NotImplementedError

    def has_queue(self) -> bool:
        """Whether the session was made with a `queue_config`."""
        return self._core.toolbox.queue is not None

    def set_lane_handler(
        self, lane: str, mode: str | Mapping[str, Any] = "internal", timeout_ms: int | None = None
    ) -> None:
        """Run a lane's commands `internal`, `external` or `hybrid`, from the next one on.

        `timeout_ms`, 60000 when not given, is the time that others have for a published task.
        `mode` may be a dict of both. Raises `InvalidArgument`, `QueueError` without a queue.
        """
        lane, handler = checked_lane(lane), LaneHandler.of(mode, timeout_ms)
        self._core.queue.set_handler(lane, handler)

    def pending_external_tasks(self) -> list[dict[str, Any]]:
        """Published commands that wait: `task_id`, `lane`, `command_type`, `payload`, and others."""
        queue = self._core.toolbox.queue
        return [] if queue is None else queue.tasks.pending()

    def complete_external_task(
        self,
        task_id: str,
        success: bool | Mapping[str, Any] | ExternalTaskResult = True,
        result: Any = None,
        error: str | None = None,
    ) -> bool:
        """Hand in what became of a published command, from any thread; False if it is too late.

        For a tool `result` is `{"output": str, "exit_code": int}`, or anything else that JSON can
        express. All three may come as one dict or `ExternalTaskResult`. Raises `InvalidArgument`.
        """
        told = ExternalTaskResult.of(success, result, error)
        return self._core.queue.tasks.complete(task_id, told)

    def queue_stats(self) -> dict[str, Any]:
        """`total_pending`, `total_active`, `external_pending`, and `lanes` with figures of each."""
        queue = self._core.toolbox.queue
        if queue is None:
            return {"total_pending": 0, "total_active": 0, "external_pending": 0, "lanes": {}}
        return queue.stats()

    def queue_metrics(self) -> dict[str, Any] | None:
        """`counters`, `gauges` and `histograms`, None when they are off."""
        queue = self._core.toolbox.queue
        return None if queue is None else queue.metrics()

    def dead_letters(self) -> list[dict[str, Any]]:
        """Commands that failed for good, the oldest first; empty unless they are kept."""
        queue = self._core.toolbox.queue
        return [] if queue is None else queue.dead_letters()

    def submit(self, lane: str, work: Submitted) -> Any:
        """Run a callable in a lane and return its value; its exception is raised here.

        A dict `{"tool": ..., "args": ...}` runs that tool and gives its `ToolResult`. Raises
        `QueueError` when there is no queue, when it takes too long, or when the session closes.
        """
        return self.submit_batch(lane, [work])[0]

    def submit_batch(self, lane: str, work: Sequence[Submitted]) -> list[Any]:
        """Run several in a lane; the values in the same order.

        In the query lane they run together and all to their end, in others one after the other
        until one fails. The first exception is raised.
        """
        self._check_open()
        lane, _queue = checked_lane(lane), self._core.queue
        for each in work:
            if not callable(each):
                tool_named_by(lane, each)
        return self._wait(_all(self._core, lane, list(work)))


async def _all(core: Conversation, lane: str, work: Sequence[Submitted]) -> list[Any]:
    if lane != "query":
        return [await core.submit(lane, each) for each in work]
    done = await asyncio.gather(*(core.submit(lane, each) for each in work), return_exceptions=True)
    for value in done:
        if isinstance(value, BaseException):
            raise value
    return done
