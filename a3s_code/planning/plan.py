"""A plan: steps with dependencies, and what can be told about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from a3s_code.errors import InvalidArgument
from a3s_code.planning.task import Task, TaskPriority, TaskStatus


class Complexity(StrEnum):
    """How much work a request is: about 1-2, 3-5, 6-10, or more than 10 steps."""

    SIMPLE = "Simple"
    MEDIUM = "Medium"
    COMPLEX = "Complex"
    VERY_COMPLEX = "VeryComplex"

    @classmethod
    def of(cls, value: object) -> Complexity:
        """The complexity a word means, whatever its case and separators; else `Medium`."""
        word = "".join(filter(str.isalpha, value)).lower() if isinstance(value, str) else ""
        return next((member for member in cls if member.value.lower() == word), cls.MEDIUM)


@dataclass(slots=True, kw_only=True)
class ExecutionPlan:
    """Steps towards a goal. Ids are unique; dependencies name other steps of the plan."""

    goal: str
    steps: list[Task] = field(default_factory=list)
    complexity: Complexity = Complexity.MEDIUM
    required_tools: tuple[str, ...] = ()

    @property
    def estimated_steps(self) -> int:
        """The number of steps."""
        return len(self.steps)

    def get_ready_steps(self) -> list[Task]:
        """Pending steps whose dependencies are all completed, in the plan's order."""
        done = {step.id for step in self.steps if step.status is TaskStatus.COMPLETED}
        return [
            step
            for step in self.steps
            if step.status is TaskStatus.PENDING and done.issuperset(step.dependencies)
        ]

    def mark_status(self, id: str, status: TaskStatus | str) -> None:
        """Give a step a new status. Raises `InvalidArgument` for an unknown step or status."""
        try:
            status = TaskStatus(status)
        except ValueError:
            known = ", ".join(TaskStatus)
            raise InvalidArgument(f"unknown status {status!r}; use one of {known}") from None
        self.steps[self.number_of(id) - 1] = replace(self.step(id), status=status)

    def step(self, id: str) -> Task:
        """The step with an id. Raises `InvalidArgument` when there is none."""
        return self.steps[self.number_of(id) - 1]

    def number_of(self, id: str) -> int:
        """A step's place in the plan, from 1. Raises `InvalidArgument` when there is none."""
        for number, step in enumerate(self.steps, 1):
            if step.id == id:
                return number
        raise InvalidArgument(f"the plan has no step {id!r}")

    def pending_count(self) -> int:
        """How many steps have not begun."""
        return self._count(TaskStatus.PENDING)

    def completed_count(self) -> int:
        """How many steps were completed."""
        return self._count(TaskStatus.COMPLETED)

    def has_deadlock(self) -> bool:
        """Whether steps are pending of which none can ever become ready."""
        return (
            self.pending_count() > 0
            and self._count(TaskStatus.IN_PROGRESS) == 0
            and not self.get_ready_steps()
        )

    def progress(self) -> float:
        """The completed part, 0.0 to 1.0; 0.0 for a plan without steps."""
        return self.completed_count() / len(self.steps) if self.steps else 0.0

    def wave_count(self) -> int:
        """How many waves the plan takes if no step fails; steps that can never begin do not count."""
        done: set[str] = set()
        waves = 0
        while ready := {
            step.id
            for step in self.steps
            if step.id not in done and done.issuperset(step.dependencies)
        }:
            done |= ready
            waves += 1
        return waves

    def tasks(self) -> tuple[dict[str, Any], ...]:
        """The steps as dicts, in the plan's order; see `Task.to_dict`."""
        return tuple(step.to_dict() for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """The plan as a dict, ready for JSON: its fields, and `estimated_steps`."""
        return {
            "goal": self.goal,
            "complexity": str(self.complexity),
            "steps": list(self.tasks()),
            "required_tools": list(self.required_tools),
            "estimated_steps": self.estimated_steps,
        }

    def _count(self, status: TaskStatus) -> int:
        return sum(step.status is status for step in self.steps)


def fallback_plan(goal: str) -> ExecutionPlan:
    """Three steps in a chain, for when no plan could be had."""
    return ExecutionPlan(
        goal=goal,
        steps=chained(
            ("Analyze the request and what it concerns; change nothing yet.", TaskPriority.HIGH),
            ("Implement what was asked.", TaskPriority.HIGH),
            ("Verify the result and report it.", TaskPriority.MEDIUM),
        ),
    )


def chained(*steps: tuple[str, TaskPriority]) -> list[Task]:
    """Steps of which each one waits for the one before, `step-1` being the first."""
    return [
        Task(
            id=f"step-{number}",
            content=content,
            priority=priority,
            dependencies=(f"step-{number - 1}",) if number > 1 else (),
        )
        for number, (content, priority) in enumerate(steps, 1)
    ]


def without_cycles(steps: Iterable[Task]) -> list[Task]:
    """The steps without the dependencies that close a circle: those come from later steps.

    Every dependency must name one of the steps.
    """
    steps = list(steps)
    kept: dict[str, list[str]] = {step.id: [] for step in steps}

    def reaches(start: str, target: str) -> bool:
        seen, waiting = {start}, [start]
        while waiting:
            id_ = waiting.pop()
            if id_ == target:
                return True
            fresh = set(kept[id_]) - seen
            seen |= fresh
            waiting += fresh
        return False

    # Dependencies on earlier steps never close a circle among themselves, so they go in first.
    place = {step.id: index for index, step in enumerate(steps)}
    edges = [(step.id, other) for step in steps for other in step.dependencies]
    for step_id, other in sorted(edges, key=lambda edge: place[edge[1]] >= place[edge[0]]):
        if not reaches(other, step_id):
            kept[step_id].append(other)
    return [
        replace(step, dependencies=tuple(id_ for id_ in step.dependencies if id_ in kept[step.id]))
        for step in steps
    ]
