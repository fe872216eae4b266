"""The goal of a request: extracted before the work, judged after it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from a3s_code.planning.parse import json_object
from a3s_code.planning.task import text_of, texts_of

GENERIC_CRITERIA = (
    "Everything that was asked for is done.",
    "The result was checked and works as asked.",
)
# Words that only contain one of these, such as "incomplete" or "abandoned", say the opposite.
_DONE = re.compile(r"\b(?:complete|done|finished)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a request is meant to achieve. `progress` is from 0.0 to 1.0, times in Unix seconds."""

    description: str
    success_criteria: tuple[str, ...] = ()
    progress: float = 0.0
    achieved: bool = False
    created_at: int = 0
    achieved_at: int | None = None

    def advanced(self, progress: float) -> Goal:
        """The goal after more of the work is done; progress is clamped."""
        return replace(self, progress=clamped(progress))

    def judged(self, verdict: GoalCheck, now: int) -> Goal:
        """The goal after the final check."""
        return replace(
            self,
            progress=verdict.progress,
            achieved=verdict.achieved,
            achieved_at=now if verdict.achieved else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """The goal as a dict of its fields, ready for JSON."""
        return {
            "description": self.description,
            "success_criteria": list(self.success_criteria),
            "progress": self.progress,
            "achieved": self.achieved,
            "created_at": self.created_at,
            "achieved_at": self.achieved_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalCheck:
    """Whether the goal was reached, how far it is (0.0 to 1.0), and which criteria are left."""

    achieved: bool
    progress: float
    remaining_criteria: tuple[str, ...] = ()


def clamped(value: float) -> float:
    """The value between 0.0 and 1.0; 0.0 for what is no number."""
    # In this order NaN ends as 0.0; JSON allows it, as it allows integers of any size.
    return float(max(0.0, min(value, 1.0)))


def parse_goal(answer: str | None, prompt: str, now: int) -> Goal:
    """The goal in an answer; without a readable one the prompt, with two generic criteria.

    `answer` is None when the model could not be asked; `now` is in Unix seconds.
    """
    value = json_object(answer or "") or {}
    description = text_of(value.get("description"))
    if description is None:
        return Goal(description=prompt.strip(), success_criteria=GENERIC_CRITERIA, created_at=now)
    criteria = tuple(texts_of(value.get("success_criteria"))) or GENERIC_CRITERIA
    return Goal(description=description, success_criteria=criteria, created_at=now)


def parse_check(answer: str | None, final_text: str, progress: float) -> GoalCheck:
    """The verdict in an answer; without a readable one the final text decides.

    It then counts as achieved when a word of the text begins with "complete", "done" or
    "finished". `progress` is what was reached so far, for a verdict that does not state it.
    """
    value = json_object(answer or "") or {}
    achieved = value.get("achieved")
    if not isinstance(achieved, bool):
        achieved = _DONE.search(final_text) is not None
        return GoalCheck(achieved=achieved, progress=1.0 if achieved else clamped(progress))
    stated = value.get("progress")
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        stated = 1.0 if achieved else progress
    return GoalCheck(
        achieved=achieved,
        progress=clamped(stated),
        remaining_criteria=tuple(texts_of(value.get("remaining_criteria"))),
    )
