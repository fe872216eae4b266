"""A team's task board: what is to be done, who does it, how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from a3s_code import checks
from a3s_code.errors import InvalidArgument, WrongType

Role = Literal["lead", "worker", "reviewer"]
ROLES: tuple[Role, ...] = ("lead", "worker", "reviewer")


@dataclass(frozen=True, slots=True)
class TeamConfig:
    """Limits of a team: tasks on the board, and cycles of work and review.

    `channel_buffer` and `poll_interval_ms` are accepted for compatibility: nothing is polled here.
    """

    max_tasks: int = 50
    channel_buffer: int = 128
    max_rounds: int = 10
    poll_interval_ms: int = 200


class TaskStatus(StrEnum):
    """How far a task is; each member equals its string."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    DONE = "done"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamTask:
    """One task as of now; times are unix seconds."""

    id: str
    description: str
    posted_by: str
    assigned_to: str | None = None
    status: TaskStatus = TaskStatus.OPEN
    result: str | None = None
    created_at: float = 0.0
    updated_at: float = 0.0


class BoardStats(NamedTuple):
    """Number of tasks by status."""

    open: int
    in_progress: int
    in_review: int
    done: int
    rejected: int


class TeamTaskBoard:
    """Tasks by id, in the order of posting; usable from any thread. `now` gives unix seconds."""

    def __init__(self, max_tasks: int = 50, now: Callable[[], float] = time.time) -> None:
        self._max_tasks, self._now = max_tasks, now
        self._tasks: dict[str, TeamTask] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._tasks)

    def post(self, description: str, posted_by: str, assign_to: str | None = None) -> str | None:
        """Add a task, in progress at once with `assign_to`; its id, None when the board is full."""
        with self._lock:
            if len(self._tasks) >= self._max_tasks:
                return None
            task_id, now = f"task-{len(self._tasks) + 1}", self._now()
            self._tasks[task_id] = TeamTask(
                id=task_id,
                description=description,
                posted_by=posted_by,
                assigned_to=assign_to,
                status=TaskStatus.OPEN if assign_to is None else TaskStatus.IN_PROGRESS,
                created_at=now,
                updated_at=now,
            )
            return task_id

    def claim(self, member: str) -> TeamTask | None:
        """Take the first task that is open or rejected; None when there is none."""
        with self._lock:
            for task in self._tasks.values():
                if task.status in (TaskStatus.OPEN, TaskStatus.REJECTED):
                    return self._set(task, status=TaskStatus.IN_PROGRESS, assigned_to=member)
        return None

    def complete(self, task_id: str, result: str) -> bool:
        """Hand a task in for review; False when it is not in progress."""
        with self._lock:
            task = self._in(task_id, TaskStatus.IN_PROGRESS)
            if task is not None:
                self._set(task, status=TaskStatus.IN_REVIEW, result=result)
        return task is not None

    def approve(self, task_id: str) -> bool:
        """Accept a result; False when the task is not in review."""
        with self._lock:
            task = self._in(task_id, TaskStatus.IN_REVIEW)
            if task is not None:
                self._set(task, status=TaskStatus.DONE)
        return task is not None

    def reject(self, task_id: str) -> bool:
        """Send a task back, to nobody in particular; False when it is not in review."""
        with self._lock:
            task = self._in(task_id, TaskStatus.IN_REVIEW)
            if task is not None:
                self._set(task, status=TaskStatus.REJECTED, assigned_to=None)
        return task is not None

    def get(self, task_id: str) -> TeamTask | None:
        """The task as of now, None when there is none."""
        return self._tasks.get(task_id)

    def by_status(self, status: TaskStatus | str) -> list[TeamTask]:
        """The tasks of a status."""
        with self._lock:
            return [task for task in self._tasks.values() if task.status == status]

    def by_assignee(self, member: str) -> list[TeamTask]:
        """The tasks of a member."""
        with self._lock:
            return [task for task in self._tasks.values() if task.assigned_to == member]

    def stats(self) -> BoardStats:
        """How many tasks have which status."""
        with self._lock:
            found = [task.status for task in self._tasks.values()]
        return BoardStats(*(found.count(status) for status in TaskStatus))

    def _in(self, task_id: str, status: TaskStatus) -> TeamTask | None:
        task = self._tasks.get(task_id)
        return task if task is not None and task.status is status else None

    def _set(self, task: TeamTask, **changes: Any) -> TeamTask:
        changed = replace(task, **changes, updated_at=self._now())
        self._tasks[task.id] = changed
        return changed


class Team:
    """Members with their roles, and one board."""

    def __init__(self, name: str, config: TeamConfig | None = None) -> None:
        if not (config is None or isinstance(config, TeamConfig)):
            raise WrongType(f"config must be a TeamConfig, not {checks.shown(config)}")
        self.name = name
        self.config = config or TeamConfig()
        self._members: dict[str, Role] = {}
        self._board = TeamTaskBoard(self.config.max_tasks)

    def add_member(self, member_id: str, role: Role) -> None:
        """Add a member, or give one another role. Raises `InvalidArgument` for an unknown role."""
        if role not in ROLES:
            raise InvalidArgument(f"role must be lead, worker or reviewer, not {role!r}")
        self._members[member_id] = role

    def remove_member(self, member_id: str) -> bool:
        """Remove a member; False when there was none."""
        return self._members.pop(member_id, None) is not None

    def member_count(self) -> int:
        """How many members there are."""
        return len(self._members)

    def has_member(self, member_id: str) -> bool:
        """Whether there is a member with this id."""
        return member_id in self._members

    def members(self, role: Role) -> list[str]:
        """Ids of the members with a role, in the order of joining."""
        return [member for member, found in self._members.items() if found == role]

    def task_board(self) -> TeamTaskBoard:
        """The board."""
        return self._board
