"""A model's answer as a plan. The answer may contain anything."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from a3s_code.planning.plan import Complexity, ExecutionPlan, without_cycles
from a3s_code.planning.task import Task, TaskStatus, text_of, texts_of

log = logging.getLogger("a3s_code")

MAX_STEPS = 50
"""More steps than this are no plan but a runaway answer; every step costs model calls."""


def json_object(answer: str) -> Mapping[str, Any] | None:
    """The JSON object from the first `{` to the last `}`, None when there is none."""
    start, end = answer.find("{"), answer.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        value = json.loads(answer[start : end + 1])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None


def parse_plan(answer: str, prompt: str) -> ExecutionPlan | None:
    """The plan in an answer; `prompt` stands in for a goal that it does not state.

    Missing and repeated ids become `step-1`, `step-2`... by the step's place. Dependencies may be
    given as such a place; those on unknown steps, on themselves, and those that close a circle are
    dropped. An empty list of steps means that there is nothing to divide: the prompt is the one
    step. None when the answer has no steps that can be read.
    """
    value = json_object(answer)
    listed = value.get("steps") if value is not None else None
    if value is None or not isinstance(listed, list):
        return None
    steps = [step for step in map(Task.from_dict, listed) if step is not None]
    if listed and not steps:
        return None
    goal = text_of(value.get("goal")) or prompt.strip()
    if not steps:
        steps = [Task(id="", content=goal)]
    if len(steps) > MAX_STEPS:
        log.warning("the plan has %d steps; only the first %d are kept", len(steps), MAX_STEPS)
    return ExecutionPlan(
        goal=goal,
        steps=without_cycles(_connected(_named(steps[:MAX_STEPS]))),
        complexity=Complexity.of(value.get("complexity")),
        required_tools=tuple(texts_of(value.get("required_tools"))),
    )


def _named(steps: Sequence[Task]) -> list[Task]:
    """The steps with unique ids, none of them begun."""
    given = {step.id for step in steps}
    used: set[str] = set()
    named = []
    for number, step in enumerate(steps, 1):
        id_ = step.id
        if not id_ or id_ in used:
            id_ = _free(f"step-{number}", given | used)
        used.add(id_)
        named.append(replace(step, id=id_, status=TaskStatus.PENDING))
    return named


def _free(id_: str, taken: set[str]) -> str:
    while id_ in taken:
        id_ += "'"
    return id_


def _connected(steps: Sequence[Task]) -> list[Task]:
    """The steps with dependencies on each other only."""
    ids = {step.id for step in steps}
    places = {str(number): step.id for number, step in enumerate(steps, 1)}
    connected = []
    for step in steps:
        named = [id_ if id_ in ids else places.get(id_) for id_ in step.dependencies]
        known = dict.fromkeys(id_ for id_ in named if id_ is not None and id_ != step.id)
        if len(known) < len(step.dependencies):
            log.info("dependencies of step %r that name no other step are dropped", step.id)
        connected.append(replace(step, dependencies=tuple(known)))
    return connected
