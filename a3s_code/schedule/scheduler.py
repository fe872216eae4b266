"""The scheduled prompts of one session: what there is, and what is due. Reads no clock itself."""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from a3s_code import checks
from a3s_code.errors import ScheduleFull
from a3s_code.schedule.grammar import MIN_INTERVAL_S

MAX_TASKS = 50
LIFETIME_S = 3 * 86_400


@dataclass(slots=True)
class _Task:
    id: str
    prompt: str
    interval_s: int
    recurring: bool
    created_s: float
    due_s: float
    fire_count: int = 0


@dataclass(frozen=True, slots=True)
class DueTask:
    """A task that is to be sent now."""

    id: str
    prompt: str
    recurring: bool


class Scheduler:
    """At most 50 tasks, each gone 3 days after its creation. Usable from any thread.

    `clock` gives seconds that never go backwards. Nothing happens by itself: whoever sends prompts
    takes what is due. `new_id` gives 8 hexadecimal characters.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        new_id: Callable[[], str] = lambda: secrets.token_hex(4),
    ) -> None:
        self._clock, self._new_id = clock, new_id
        self._lock = threading.Lock()
        self._tasks: dict[str, _Task] = {}

    def add(self, prompt: str, interval_secs: int, recurring: bool = True) -> str:
        """The id of a new task, first due one interval from now; an interval below 1 s is 1 s.

        Raises `InvalidArgument` for a blank prompt or an interval that is no whole number of
        seconds or negative, `ScheduleFull` when there are 50 tasks.
        """
        checks.filled("prompt", prompt)
        checks.integer("interval_secs", interval_secs, 0)
        interval_s = max(MIN_INTERVAL_S, interval_secs)
        with self._lock:
            now = self._current()
            if len(self._tasks) >= MAX_TASKS:
                raise ScheduleFull(
                    f"this session already has {MAX_TASKS} scheduled tasks; cancel one first"
                )
            task_id = self._new_id()
            while task_id in self._tasks:
                task_id = self._new_id()
            self._tasks[task_id] = _Task(
                task_id, prompt, interval_s, recurring, now, now + interval_s
            )
        return task_id

    def cancel(self, task_id: str) -> bool:
        """Remove a task; False when there is none of that id."""
        with self._lock:
            self._current()
            return self._tasks.pop(task_id, None) is not None

    def clear(self) -> None:
        """Remove all tasks."""
        with self._lock:
            self._tasks.clear()

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks in the order of their creation, as dicts of the documented fields."""
        with self._lock:
            now = self._current()
            return [
                {
                    "id": task.id,
                    "prompt": task.prompt,
                    "interval_secs": task.interval_s,
                    "recurring": task.recurring,
                    "fire_count": task.fire_count,
                    "next_fire_in_secs": max(0, math.ceil(task.due_s - now)),
                }
                for task in self._tasks.values()
            ]

    def take_due(self) -> list[DueTask]:
        """The tasks that became due since they were last taken, in the order they became due.

        One that missed several of its times is given once and then keeps its rhythm; one that was
        to run a single time is gone.
        """
        with self._lock:
            now = self._current()
            due = sorted(
                (task for task in self._tasks.values() if task.due_s <= now),
                key=lambda task: task.due_s,
            )
            for task in due:
                task.fire_count += 1
                missed = (now - task.due_s) // task.interval_s
                task.due_s += (missed + 1) * task.interval_s
                if not task.recurring:
                    del self._tasks[task.id]
        return [DueTask(task.id, task.prompt, task.recurring) for task in due]

    def __contains__(self, task_id: object) -> bool:
        with self._lock:
            self._current()
            return task_id in self._tasks

    def __len__(self) -> int:
        with self._lock:
            self._current()
            return len(self._tasks)

    def _current(self) -> float:
        """The time, after the removal of what has expired by then."""
        now = self._clock()
        for task in [*self._tasks.values()]:
            if now - task.created_s >= LIFETIME_S:
                del self._tasks[task.id]
        return now
