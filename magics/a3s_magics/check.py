"""One line of `doctor`, and the page made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """What was found about a topic. `problem` marks what keeps something from working."""

    topic: str
    text: str
    problem: bool = False


def page(checks: Iterable[Check]) -> str:
    """One line for each; problems have `!` in front."""
    lines = list(checks)
    width = max((len(check.topic) for check in lines), default=0)
    return "\n".join(f"{'!' if c.problem else ' '} {c.topic:<{width}}  {c.text}" for c in lines)
