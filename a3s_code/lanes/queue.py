"""The lane queue of one session: where each command waits, runs, is repeated and given up."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from a3s_code.errors import QueueError
from a3s_code.events import (
    AgentEvent,
    CommandDeadLettered,
    CommandRetry,
    ExternalTaskCompleted,
    ExternalTaskPending,
)
from a3s_code.lanes.config import LaneSettings
from a3s_code.lanes.dead_letters import DeadLetter, DeadLetters
from a3s_code.lanes.depth import DepthWatch
from a3s_code.lanes.external import ExternalTask, ExternalTaskResult, ExternalTasks
from a3s_code.lanes.handler import LaneHandler
from a3s_code.lanes.metrics import Metrics
from a3s_code.lanes.places import Admission, Places
from a3s_code.lanes.timing import RateLimit, retry_delay_ms
from a3s_code.permissions.lanes import LANES
from a3s_code.tools.threads import in_thread

log = logging.getLogger("a3s_code")

T = TypeVar("T")
Emit = Callable[[list[AgentEvent]], Awaitable[None]]


class CommandTimeout(QueueError):
    """A command that was not done in the time of its lane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Generic[T]):
    """Something to be run in a lane.

    `work` does it here; `from_outside` makes the same of what somebody else reports, or raises.
    `repeatable` commands run again after an exception if the queue has a retry policy.
    """

    lane: str
    kind: str
    payload: Mapping[str, Any]
    work: Callable[[], Awaitable[T]]
    from_outside: Callable[[ExternalTaskResult], T]
    repeatable: bool


# The lanes in which the running code has a place already: of whose queue, and which.
_HELD: ContextVar[frozenset[tuple[object, str]]] = ContextVar("a3s_lanes", default=frozenset())


class LaneQueue:
    """Coroutines and `close` only on the event loop; everything else from any thread.

    A command started by a command of the same lane takes no place of its own, since it would wait
    for the one that waits for it. `redacted` is applied to the errors of dead letters.
    """

    def __init__(
        self, session_id: str, settings: LaneSettings, redacted: Callable[[str], str] = str
    ) -> None:
        queue = settings.queue
        self.tasks = ExternalTasks()
        self._session_id, self._settings, self._redacted = session_id, settings, redacted
        most = [getattr(queue, f"{lane}_max_concurrency") for lane in LANES]
        self._admission = Admission(most, RateLimit(queue.rate_limit), queue.priority_boost)
        self._places: dict[str, Places] = dict(zip(LANES, self._admission.lanes, strict=True))
        self._watches: dict[str, DepthWatch] = {
            lane: DepthWatch(lane, queue.pressure_threshold, alerts=queue.enable_alerts)
            for lane in LANES
        }
        self._handlers: dict[str, LaneHandler] = {
            lane: settings.handlers.get(lane, LaneHandler()) for lane in LANES
        }
        self._metrics = Metrics() if queue.enable_metrics else None
        self._letters = (
            DeadLetters(queue.dlq_max_size, queue.storage_path, session_id)
            if queue.enable_dlq
            else None
        )
        self._commands = 0
        self._closed = False

    # -- facts and settings --------------------------------------------------------------------------

    def set_handler(self, lane: str, handler: LaneHandler) -> None:
        """From now on commands of the lane run like this; those that wait already do not."""
        self._handlers[lane] = handler

    def is_external(self, lane: str) -> bool:
        """Whether commands of the lane are published."""
        return self._handlers[lane].mode != "internal"

    def stats(self) -> dict[str, Any]:
        """How many commands wait and run, in all and in each lane."""
        lanes = {
            lane: {
                "lane": lane,
                "pending": places.pending,
                "active": places.active,
                "max_concurrency": places.most,
                "handler_mode": self._handlers[lane].mode,
            }
            for lane, places in self._places.items()
        }
        return {
            "total_pending": sum(places.pending for places in self._places.values()),
            "total_active": sum(places.active for places in self._places.values()),
            "external_pending": len(self.tasks),
            "lanes": lanes,
        }

    def metrics(self) -> dict[str, Any] | None:
        """Counters, gauges and histograms, None when they are off."""
        if self._metrics is None:
            return None
        gauges: dict[str, float] = {"queue.external_pending": len(self.tasks)}
        for lane, places in self._places.items():
            gauges[f"queue.{lane}.pending"] = places.pending
            gauges[f"queue.{lane}.active"] = places.active
        return self._metrics.to_dict(gauges)

    def dead_letters(self) -> list[dict[str, Any]]:
        """Commands that failed for good, the oldest first."""
        return [] if self._letters is None else self._letters.all()

    # -- running -------------------------------------------------------------------------------------

    async def run(self, command: Command[T], emit: Emit) -> T:
        """The command's result. Raises what its last attempt raised, or `QueueError`."""
        self._commands += 1
        command_id = f"{self._session_id}-{self._commands}"
        handler = self._handlers[command.lane]  # whatever is set while it waits
        self._count(command, "submitted")
        attempts = 0
        while True:
            attempts += 1
            try:
                async with self.place(command.lane, emit):
                    result = await self._attempt(command, handler, f"{command_id}.{attempts}", emit)
                self._count(command, "completed")
                return result
            except Exception as error:
                delay_ms = self._retry_delay_ms(command, attempts)
                if delay_ms is None:
                    await self._give_up(command, command_id, error, attempts, emit)
                    raise
            self._count(command, "retried")
            retry = CommandRetry(
                command_id=command_id,
                command_type=command.kind,
                lane=command.lane,
                attempt=attempts + 1,
                delay_ms=delay_ms,
            )
            await emit([retry])
            await asyncio.sleep(delay_ms / 1000)

    @asynccontextmanager
    async def place(self, lane: str, emit: Emit) -> AsyncIterator[None]:
        """A place in a lane. Raises `QueueError` when the queue ends before there is one."""
        held = _HELD.get()
        if (self, lane) in held:
            yield
            return
        places, watch = self._places[lane], self._watches[lane]
        began = time.monotonic()
        if places.active >= places.most or places.pending:
            await _tell(emit, watch.at(places.pending + 1))
        async with places.taken():
            entered = time.monotonic()
            token = _HELD.set(held | {(self, lane)})
            try:
                await _tell(emit, watch.at(places.pending))
                yield
            finally:
                _HELD.reset(token)
                self._measure(f"queue.{lane}.wait_ms", began, entered)
                self._measure(f"queue.{lane}.run_ms", entered, time.monotonic())

    async def _attempt(
        self, command: Command[T], handler: LaneHandler, task_id: str, emit: Emit
    ) -> T:
        if handler.mode == "internal":
            return await self._here(command)
        pending = ExternalTaskPending(
            task_id=task_id,
            session_id=self._session_id,
            lane=command.lane,
            command_type=command.kind,
            payload=dict(command.payload),
            timeout_ms=handler.timeout_ms,
        )
        task = self.tasks.publish(pending)
        try:
            await emit([pending])
            if handler.mode == "external":
                return await self._elsewhere(command, task, emit)
            return await self._here_and_told(command, pending, emit)
        finally:
            self.tasks.withdraw(task_id)

    async def _here(self, command: Command[T]) -> T:
        limit_ms = self._settings.timeout_ms(command.lane)
        limit = asyncio.timeout(None if limit_ms is None else limit_ms / 1000)
        try:
            async with limit:
                return await command.work()
        except TimeoutError as error:
            if not limit.expired():
                raise
            self._count(command, "timed_out")
            raise CommandTimeout(
                f"'{command.kind}' timed out after {limit_ms}ms in lane '{command.lane}'"
            ) from error

    async def _here_and_told(
        self, command: Command[T], pending: ExternalTaskPending, emit: Emit
    ) -> T:
        try:
            result = await self._here(command)
        except Exception:
            await emit([_completed(pending, success=False)])
            raise
        await emit([_completed(pending, success=True)])
        return result

    async def _elsewhere(self, command: Command[T], task: ExternalTask, emit: Emit) -> T:
        pending, result = task.event, await self.tasks.result(task)
        await emit([_completed(pending, success=result is not None and result.success)])
        if result is None:
            self._count(command, "timed_out")
            raise CommandTimeout(
                f"External task '{command.kind}' timed out after {pending.timeout_ms}ms"
            )
        return command.from_outside(result)

    def _retry_delay_ms(self, command: Command[T], attempts: int) -> int | None:
        policy = self._settings.queue.retry_policy
        if self._closed or not command.repeatable:
            return None
        return retry_delay_ms(policy, attempts)

    async def _give_up(
        self, command: Command[T], command_id: str, error: Exception, attempts: int, emit: Emit
    ) -> None:
        self._count(command, "failed")
        letters = self._letters
        if letters is None or self._closed:
            return
        problem = error.problem if isinstance(error, QueueError) else str(error)
        letter = DeadLetter(
            command_id=command_id,
            command_type=command.kind,
            lane=command.lane,
            error=self._redacted(problem or type(error).__name__),
            attempts=attempts,
            failed_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        await in_thread(lambda _stop: letters.add(letter))
        event = CommandDeadLettered(
            command_id=letter.command_id,
            command_type=letter.command_type,
            lane=letter.lane,
            error=letter.error,
            attempts=letter.attempts,
        )
        await emit([event])

    def _count(self, command: Command[T], what: str) -> None:
        if self._metrics is not None:
            self._metrics.count(f"queue.{command.lane}.{what}")

    def _measure(self, name: str, began_s: float, ended_s: float) -> None:
        if self._metrics is not None:
            self._metrics.measure(name, (ended_s - began_s) * 1000)

    # -- end -----------------------------------------------------------------------------------------

    def close(self) -> None:
        """Fail what waits for a place or for somebody else, and run nothing any more."""
        self._closed = True
        self._admission.close()
        self.tasks.close()


def _completed(pending: ExternalTaskPending, *, success: bool) -> ExternalTaskCompleted:
    return ExternalTaskCompleted(
        task_id=pending.task_id, session_id=pending.session_id, success=success
    )


async def _tell(emit: Emit, events: list[Any]) -> None:
    if events:
        await emit(list(events))
