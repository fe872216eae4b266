"""A plan as a list of steps with their states: HTML for widgets, Markdown and text for what stays."""

from __future__ import annotations

from html import escape

from a3s_magics.inert import inert, oneline
from a3s_magics.pieces import Plan, Step, StepHeading

_SIGNS = {
    "pending": "○",
    "in_progress": "●",
    "completed": "✓",
    "failed": "✗",
    "skipped": "↷",
    "cancelled": "■",
}
_WORDS = {"failed": "failed", "skipped": "skipped", "cancelled": "cancelled"}


def plan_title(plan: Plan) -> str:
    """How far the plan is, in a few words."""
    if not plan.steps:
        return "" if plan.goal else "is being made"
    return f"{plan.completed} of {len(plan.steps)} steps"


def plan_html(plan: Plan) -> str:
    """The plan for the live view, with a bar."""
    if not plan.steps and not plan.goal:
        return '<div class="a3s-status">Making a plan …</div>'
    rows = "".join(_step_html(step) for step in plan.steps)
    share = plan.completed / len(plan.steps) if plan.steps else 0.0
    bar = (
        f' <progress value="{share:.3f}" max="1" aria-label="steps completed">{share:.0%}</progress>'
        if plan.steps
        else ""
    )
    title = "Plan" if plan.steps else "Goal"
    return (
        f'<details class="a3s-card a3s-plan" open><summary><b>{title}</b> '
        f'<span class="a3s-quiet">{escape(plan_title(plan))}</span>{bar}</summary>'
        f"{_goal_html(plan)}{f'<ol>{rows}</ol>' if rows else ''}</details>"
    )


def plan_markdown(plan: Plan) -> str:
    """The plan as a Markdown list below its title."""
    if not plan.steps and not plan.goal:
        return ""
    facts = [plan_title(plan), inert(_verdict(plan))]
    told = " · ".join(fact for fact in facts if fact)
    lines = [f"**{'Plan' if plan.steps else 'Goal'}**: {told}", ""]
    lines += [
        f"{number}. {_SIGNS[step.state]} {inert(step.description)}{_state_in_words(step.state)}"
        for number, step in enumerate(plan.steps, 1)
    ]
    return "\n".join(lines).rstrip("\n")


def plan_text(plan: Plan) -> str:
    """The plan in plain text."""
    if not plan.steps and not plan.goal:
        return ""
    facts = [plan_title(plan), oneline(_verdict(plan))]
    lines = [f"{'Plan' if plan.steps else 'Goal'}: {' · '.join(fact for fact in facts if fact)}"]
    lines += [
        f"  {number}. {_SIGNS[step.state]} {oneline(step.description)}{_state_in_words(step.state)}"
        for number, step in enumerate(plan.steps, 1)
    ]
    return "\n".join(lines)


def heading_text(heading: StepHeading) -> str:
    """`Step 2 of 5: what it is about`, or the numbers of the steps that begin together."""
    if len(heading.numbers) == 1:
        about = oneline(heading.description)
        return f"Step {heading.numbers[0]} of {heading.total}{f': {about}' if about else ''}"
    *first, last = map(str, heading.numbers)
    return f"Steps {', '.join(first)} and {last} of {heading.total}, side by side"


def _step_html(step: Step) -> str:
    current = ' aria-current="step"' if step.state == "in_progress" else ""
    return (
        f'<li class="a3s-step a3s-step-{step.state}"{current}>'
        f'<span class="a3s-sign" aria-hidden="true">{_SIGNS[step.state]}</span> '
        f"{escape(oneline(step.description))}"
        f'<span class="a3s-quiet">{_state_in_words(step.state)}</span></li>'
    )


def _state_in_words(state: str) -> str:
    return f" ({_WORDS[state]})" if state in _WORDS else ""


def _verdict(plan: Plan) -> str:
    if not plan.goal:
        return ""
    judged = {None: "", True: " (achieved)", False: " (not achieved)"}[plan.achieved]
    return f"goal: {plan.goal}{judged}" if plan.steps else f"{plan.goal}{judged}"


def _goal_html(plan: Plan) -> str:
    return f'<div class="a3s-quiet">{escape(oneline(_verdict(plan)))}</div>' if plan.goal else ""
