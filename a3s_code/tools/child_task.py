"""From the arguments of a delegating tool to a child, and from its end to the tool's output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code.agents.definition import AgentDefinition
from a3s_code.agents.registry import AgentRegistry
from a3s_code.errors import ToolFailed
from a3s_code.tools.delegate import (
    DEFAULT_AGENT,
    DELEGATION_TOOLS,
    ChildResult,
    ChildSpec,
    Delegate,
    resolve_workspace,
)
from a3s_code.tools.protocol import ToolContext

DEFAULT_STEPS = 20
_DESCRIPTION_CHARS = 60

TASK_PROPERTIES: Mapping[str, Any] = {
    "agent": {"type": "string", "description": "The agent's name; general unless given."},
    "prompt": {
        "type": "string",
        "description": "The whole task. The agent sees nothing of this conversation.",
    },
    "description": {"type": "string", "description": "A few words for the person who watches."},
    "workspace": {"type": "string", "description": "Directory to work in, if not this one."},
    "background": {
        "type": "boolean",
        "description": "Do not wait. The result is shown to the person, not to you.",
    },
    "max_steps": {"type": "integer", "minimum": 1, "description": "Cap of the model calls."},
    "permissive": {
        "type": "boolean",
        "description": "Run without asking for each call; a person has to agree to that first.",
    },
}


def delegate_of(ctx: ToolContext, tool: str) -> Delegate:
    """The one who runs children. Raises `ToolFailed` where nobody does."""
    if ctx.delegate is None:
        raise ToolFailed(f"{tool} is not available here")
    return ctx.delegate


def find_agent(agents: AgentRegistry, name: str) -> AgentDefinition:
    """The agent. Raises `ToolFailed` naming it and those there are."""
    agent = agents.get(name)
    if agent is None:
        known = ", ".join(agent.name for agent in agents.offered())
        raise ToolFailed(f"Unknown agent '{name}'. Available agents: {known}")
    return agent


def task_spec(agents: AgentRegistry, args: Mapping[str, Any], ctx: ToolContext) -> ChildSpec:
    """The child that a task's arguments describe. Raises `ToolFailed` for what cannot be done."""
    prompt = str(args.get("prompt") or "")
    if not prompt.strip():
        raise ToolFailed("prompt parameter is required")
    agent = find_agent(agents, str(args.get("agent") or DEFAULT_AGENT))
    place = args.get("workspace")
    workspace = None
    if place is not None:
        try:
            workspace = resolve_workspace(str(place), ctx.workspace.root)
            is_there = workspace.is_dir()
        except (OSError, ValueError):
            is_there = False
        if not is_there:
            raise ToolFailed(f"Workspace not found: {place}")
    return agent_spec(
        agent,
        prompt,
        description=str(args.get("description") or ""),
        max_steps=args.get("max_steps"),
        workspace=workspace,
        permissive=args.get("permissive") is True,
    )


def agent_spec(
    agent: AgentDefinition,
    prompt: str,
    *,
    description: str = "",
    max_steps: int | None = None,
    **others: Any,
) -> ChildSpec:
    """A child that is this agent; it cannot delegate in turn."""
    return ChildSpec(
        name=agent.name,
        prompt=prompt,
        description=description or " ".join(prompt.split())[:_DESCRIPTION_CHARS],
        system=agent.prompt or "",
        offers=lambda tool: tool not in DELEGATION_TOOLS and agent.may_use(tool),
        guard=agent.permissions,
        max_steps=max_steps or agent.max_steps or DEFAULT_STEPS,
        model=agent.model,
        **others,
    )


def facts(result: ChildResult, **others: Any) -> dict[str, Any]:
    """A child's end as metadata of a tool's output."""
    return {
        **others,
        "task_id": result.task_id,
        "session_id": result.session_id,
        "usage": result.usage.to_dict(),
        "tool_calls": result.tool_calls,
    }
