"""The run of another agent in one line: who, what for, how it stands."""

from __future__ import annotations

from a3s_magics.counted import counted
from a3s_magics.inert import oneline
from a3s_magics.pieces import Child, ToolCall

_SIGNS = {None: "●", "done": "✓", "failed": "✗", "cancelled": "■"}


def child_sign(child: Child) -> str:
    """One character for the state."""
    return _SIGNS[child.view.outcome]


def child_title(child: Child) -> str:
    """What the run is for."""
    return oneline(child.description)


def child_standing(child: Child) -> str:
    """What the run is doing, or how it ended and how many tools it called."""
    doing = oneline(child.status) or "begins"
    facts = [child.view.outcome or doing]
    if child.view.questions:
        facts = ["waits for approval"]
    if child.background:
        facts.append("in the background")
    calls = sum(isinstance(part, ToolCall) for part in child.view.segments)
    if calls:
        facts.append(counted(calls, "tool call"))
    return ", ".join(facts)
