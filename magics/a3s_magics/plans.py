"""How a plan stands after an event; pure, as everything that is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from a3s_code import (
    AgentEvent,
    GoalAchieved,
    GoalExtracted,
    GoalUpdated,
    PlanningStart,
    PlanReady,
    StepEnd,
    StepStart,
    TaskUpdated,
)
from a3s_magics.pieces import Plan, Step, StepState

_STATES: frozenset[str] = frozenset(get_args(StepState))


def after_planning(plan: Plan | None, event: AgentEvent) -> Plan | None:
    """The plan after an event that concerns it, None after any other event."""
    known = plan or Plan()
    match event:
        case PlanningStart():
            return known
        case GoalExtracted(goal=goal):
            return replace(known, goal=str(goal.get("description") or ""))
        case PlanReady(steps=steps) | TaskUpdated(tasks=steps):
            return replace(known, steps=_steps(steps))
        case StepStart(step_id=step_id):
            return _with_state(known, step_id, "in_progress")
        case StepEnd(step_id=step_id, success=success):
            return _with_state(known, step_id, "completed" if success else "failed")
        case GoalUpdated(goal=goal, status="achieved" | "not_achieved" as status):
            return replace(known, goal=goal, achieved=status == "achieved")
        case GoalAchieved(goal=goal):
            return replace(known, goal=goal, achieved=True)
    return None


def abandoned(plan: Plan) -> Plan:
    """The plan when the turn ended: what was in progress will not be finished."""
    steps = tuple(
        replace(step, state="cancelled") if step.state == "in_progress" else step
        for step in plan.steps
    )
    return replace(plan, steps=steps)


def _steps(values: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Steps in their documented form; servers of other versions may leave out any field."""
    return tuple(
        Step(
            step_id=str(value.get("id", "")),
            description=str(value.get("content") or value.get("description") or ""),
            state=_state(value.get("status")),
        )
        for value in values
    )


def _state(value: object) -> StepState:
    return value if value in _STATES else "pending"  # type: ignore[return-value]  # just looked up


def _with_state(plan: Plan, step_id: str, state: StepState) -> Plan:
    steps = (replace(step, state=state) if step.step_id == step_id else step for step in plan.steps)
    return replace(plan, steps=tuple(steps))
