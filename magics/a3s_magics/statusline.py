"""The line below a turn: who answers, how far it is, what it cost."""

from __future__ import annotations

from dataclasses import dataclass

from a3s_magics.sanitise import without_controls
from a3s_magics.transcript import Child, Notice, Plan, ToolCall, Transcript


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts about a turn that its events do not tell. `cost_usd` is None while it is unknown."""

    model: str = ""
    elapsed_s: float = 0.0
    cost_usd: float | None = None


def status_line(view: Transcript, around: Surroundings) -> str:
    """One line of plain text: activity, model, tokens, cost, time."""
    facts = [activity(view)]
    if around.model:
        facts.append(without_controls(around.model))
    if view.usage.total_tokens:
        facts.append(f"{view.usage.total_tokens:,} tokens")
    if around.cost_usd:
        facts.append(f"${around.cost_usd:.4f}")
    facts.append(f"{around.elapsed_s:.1f} s" if around.elapsed_s < 100 else _minutes(around))
    return " · ".join(fact for fact in facts if fact)


def activity(view: Transcript) -> str:
    """What happens at this moment, in two or three words; the outcome once it is over."""
    if view.outcome is not None:
        return {"done": "done", "cancelled": "cancelled", "failed": "failed"}[view.outcome]
    if view.questions:
        return "waiting for your approval"
    last = view.segments[-1] if view.segments else None
    if isinstance(last, Notice) and last.kind == "preparing":
        return "preparing the model"
    if isinstance(last, Notice) and last.kind == "retrying":
        return "retrying"
    if isinstance(last, Plan) and not last.steps and not last.goal:
        return "making a plan"
    if view.plan is not None and view.plan.steps:
        return _steps(view.plan)
    if isinstance(last, Child) and last.view.outcome is None:
        return f"{without_controls(last.agent)} is at work"
    calls = (part for part in view.segments if isinstance(part, ToolCall))
    match [call.name for call in calls if call.state == "running"]:
        case [name]:
            return f"{without_controls(name)} runs"
        case [_, *_] as names:
            return f"{len(names)} tools run"
    if last is None:
        return "waiting for the model"
    return f"turn {view.turn}" if view.turn > 1 else "answering"


def _steps(plan: Plan) -> str:
    at_work = [n for n, step in enumerate(plan.steps, 1) if step.state == "in_progress"]
    if not at_work:
        return f"{plan.completed} of {len(plan.steps)} steps"
    which = f"step {at_work[0]}" if len(at_work) == 1 else f"steps {at_work[0]} to {at_work[-1]}"
    return f"{which} of {len(plan.steps)}"


def _minutes(around: Surroundings) -> str:
    minutes, seconds = divmod(int(around.elapsed_s), 60)
    return f"{minutes} min {seconds:02d} s"
