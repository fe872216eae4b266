"""The `task` tool: a piece of work for another agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code.agents.registry import AgentRegistry
from a3s_code.tools.child_task import TASK_PROPERTIES, delegate_of, facts, task_spec
from a3s_code.tools.protocol import ToolContext, ToolOutput


class Task:
    """Run one agent on one prompt; its last text is the output."""

    name = "task"
    read_only = False
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": TASK_PROPERTIES,
        "required": ["prompt"],
        "additionalProperties": False,
        "examples": [{"agent": "explore", "prompt": "Where is the configuration read?"}],
    }

    def __init__(self, agents: AgentRegistry) -> None:
        self._agents = agents

    @property
    def description(self) -> str:
        """What it does, and the agents there are as of now."""
        agents = "\n".join(
            f"- {agent.name}: {agent.description}" for agent in self._agents.offered()
        )
        return (
            "Hand a self-contained piece of work over to another agent, which works on its own and "
            f"answers with one text. Agents:\n{agents}"
        )

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """The agent's answer, or at once its task id when it runs in the background."""
        delegate = delegate_of(ctx, self.name)
        spec = task_spec(self._agents, args, ctx)
        if args.get("background"):
            task_id = delegate.start_child(spec)
            text = f"Task started in background. Task ID: {task_id}"
            return ToolOutput(text, metadata={"task_id": task_id, "agent": spec.name})
        result = await delegate.run_child(spec)
        metadata = facts(result, agent=spec.name)
        if result.error is not None:
            return ToolOutput(f"Task failed: {result.error}", 1, metadata)
        return ToolOutput(result.text, metadata=metadata)
