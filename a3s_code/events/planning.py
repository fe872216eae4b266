"""Plans, their steps, and goals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from a3s_code.events.base import AgentEvent, EventType, event


@event
class PlanningStart(AgentEvent):
    """A plan is about to be made; comes even before `start`."""

    event_type: ClassVar[str] = EventType.PLANNING_START
    prompt: str


@event
class PlanningEnd(AgentEvent):
    """The plan as one object, ready for JSON; a `plan_ready` follows."""

    event_type: ClassVar[str] = EventType.PLANNING_END
    plan: Mapping[str, Any]
    estimated_steps: int


@event
class PlanReady(AgentEvent):
    """The plan's steps, each as an object, and how many waves they need if none fails."""

    event_type: ClassVar[str] = EventType.PLAN_READY
    steps: tuple[Mapping[str, Any], ...]
    wave_count: int


@event
class StepStart(AgentEvent):
    """A step of the plan begins: `step_number` counts from 1, `index` from 0.

    `step` repeats the description under the name that other documents use.
    """

    event_type: ClassVar[str] = EventType.STEP_START
    step_id: str
    description: str
    step_number: int
    total_steps: int
    step: str
    index: int


@event
class StepEnd(AgentEvent):
    """A step is over; `status` is `completed` or `failed`, and `success` says the same."""

    event_type: ClassVar[str] = EventType.STEP_END
    step_id: str
    status: str
    step_number: int
    total_steps: int
    step: str
    index: int
    success: bool


@event
class GoalExtracted(AgentEvent):
    """What the request is meant to achieve, as an object with its criteria of success."""

    event_type: ClassVar[str] = EventType.GOAL_EXTRACTED
    goal: Mapping[str, Any]


@event
class GoalProgress(AgentEvent):
    """A wave of steps is over; `progress` is from 0.0 to 1.0, `goal` the goal's description."""

    event_type: ClassVar[str] = EventType.GOAL_PROGRESS
    goal: str
    progress: float
    completed_steps: int
    total_steps: int


@event
class GoalAchieved(AgentEvent):
    """The final check found the goal reached; `duration_ms` counts from its extraction."""

    event_type: ClassVar[str] = EventType.GOAL_ACHIEVED
    goal: str
    total_steps: int
    duration_ms: int


@event
class GoalUpdated(AgentEvent):
    """The goal's new state: `active`, `in_progress`, `achieved` or `not_achieved`."""

    event_type: ClassVar[str] = EventType.GOAL_UPDATED
    goal: str
    status: str


@event
class TaskUpdated(AgentEvent):
    """Some step changed its status; `tasks` are all steps of the plan, as objects."""

    event_type: ClassVar[str] = EventType.TASK_UPDATED
    session_id: str
    tasks: tuple[Mapping[str, Any], ...]
