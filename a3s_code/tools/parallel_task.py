"""The `parallel_task` tool: several pieces of work at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from a3s_code.agents.registry import AgentRegistry
from a3s_code.errors import ToolFailed
from a3s_code.tools.arguments import checked_arguments
from a3s_code.tools.child_task import TASK_PROPERTIES, delegate_of, facts, task_spec
from a3s_code.tools.delegate import DEFAULT_AGENT
from a3s_code.tools.output import cap_text
from a3s_code.tools.protocol import MAX_OUTPUT_BYTES, ToolContext, ToolOutput

MAX_TASKS = 32
MAX_AT_ONCE = 8
_ROOM_FOR_HEADER = 128
_TASK: Mapping[str, Any] = {
    "type": "object",
    "properties": {name: it for name, it in TASK_PROPERTIES.items() if name != "background"},
    "required": ["prompt"],
}


class ParallelTask:
    """Run several agents side by side; results come in the order of the tasks."""

    name = "parallel_task"
    read_only = False
    description = (
        "Hand several independent pieces of work over to agents that work at the same time. They "
        "must not change the same files. The agents are those of the tool task."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "tasks": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_TASKS,
                "items": _TASK,
            },
        },
        "required": ["tasks"],
        "additionalProperties": False,
        "examples": [
            {"tasks": [{"prompt": "Test a.py"}, {"agent": "review", "prompt": "Read b.py"}]}
        ],
    }

    def __init__(self, agents: AgentRegistry) -> None:
        self._agents = agents

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """All results, at most 8 tasks at a time; a failed one does not stop the others."""
        delegate = delegate_of(ctx, self.name)
        tasks = args["tasks"]
        if not tasks:
            raise ToolFailed("No tasks provided")
        if len(tasks) > MAX_TASKS:
            raise ToolFailed(f"At most {MAX_TASKS} tasks at once, not {len(tasks)}")
        free = asyncio.Semaphore(MAX_AT_ONCE)

        async def one(task: Any) -> tuple[bool, str, dict[str, Any]]:
            try:
                if not isinstance(task, Mapping):
                    raise ToolFailed("a task must be an object with a prompt")
                spec = task_spec(self._agents, checked_arguments(_TASK, task), ctx)
            except ToolFailed as failure:
                return False, failure.problem, {}
            async with free:
                result = await delegate.run_child(spec)
            text = result.text if result.error is None else f"Task failed: {result.error}"
            return result.error is None, text, facts(result, agent=spec.name)

        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one(task)) for task in tasks]
        ended = [task.result() for task in running]
        room = MAX_OUTPUT_BYTES // len(tasks) - _ROOM_FOR_HEADER
        blocks = [
            f"--- Task {number} ({_agent(task)}) [{'OK' if ok else 'ERR'}] ---\n"
            f"{cap_text(text, room)}"
            for number, (task, (ok, text, _)) in enumerate(zip(tasks, ended, strict=True), 1)
        ]
        head = f"Executed {len(tasks)} tasks in parallel:"
        metadata = {"tasks": [{"success": ok, **told} for ok, _, told in ended]}
        return ToolOutput("\n\n".join([head, *blocks]), metadata=metadata)


def _agent(task: Any) -> str:
    name = task.get("agent") if isinstance(task, Mapping) else None
    return str(name or DEFAULT_AGENT)[:64]
