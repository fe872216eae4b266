"""Plans for tests, written as `a`, `b<a`, `c<a,b`."""

from __future__ import annotations

from a3s_code.planning.plan import ExecutionPlan
from a3s_code.planning.task import Task


def steps(*texts: str) -> list[Task]:
    """Steps whose content is `do <id>`."""
    made = []
    for text in texts:
        id_, _, after = text.partition("<")
        dependencies = tuple(filter(None, after.split(",")))
        made.append(Task(id=id_, content=f"do {id_}", dependencies=dependencies))
    return made


def plan(*texts: str) -> ExecutionPlan:
    """A plan of these steps with the goal `ship it`."""
    return ExecutionPlan(goal="ship it", steps=steps(*texts))
