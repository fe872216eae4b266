"""The `run_team` tool: a goal for a lead, a worker and a reviewer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code.agents.registry import AgentRegistry
from a3s_code.agents.team import TeamConfig, TeamTaskBoard
from a3s_code.agents.teamwork import Ask, TeamRunResult, Teamwork
from a3s_code.errors import ToolFailed
from a3s_code.results import TokenUsage
from a3s_code.tools.child_task import agent_spec, delegate_of, find_agent
from a3s_code.tools.delegate import DEFAULT_AGENT, Delegate
from a3s_code.tools.protocol import ToolContext, ToolOutput

_MEMBERS = {"lead": "lead_agent", "worker-1": "worker_agent", "reviewer": "reviewer_agent"}


class RunTeam:
    """Divide a goal into tasks, work on them, review the results, until all are approved."""

    name = "run_team"
    read_only = False
    description = (
        "Let a team reach a goal: a lead divides it into tasks, a worker does them, a reviewer "
        "approves them or sends them back. The agents are those of the tool task."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "goal": {"type": "string", "description": "The goal, described completely."},
            "lead_agent": {"type": "string", "description": "general unless given."},
            "worker_agent": {"type": "string", "description": "general unless given."},
            "reviewer_agent": {"type": "string", "description": "general unless given."},
            "max_steps": {
                "type": "integer",
                "minimum": 1,
                "description": "Cap of the model calls of each run of a member.",
            },
        },
        "required": ["goal"],
        "additionalProperties": False,
        "examples": [{"goal": "A test for every function in a.py", "reviewer_agent": "review"}],
    }

    def __init__(self, agents: AgentRegistry) -> None:
        self._agents = agents

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """What was done and what was rejected."""
        delegate = delegate_of(ctx, self.name)
        goal = args["goal"]
        if not goal.strip():
            raise ToolFailed("goal parameter is required")
        used = _Used()
        asks = {member: self._member(member, args, delegate, used) for member in _MEMBERS}
        config = TeamConfig()
        team = Teamwork(
            TeamTaskBoard(config.max_tasks),
            asks["lead"],
            {"worker-1": asks["worker-1"]},
            asks["reviewer"],
        )
        result = await team.run(goal, config.max_rounds)
        metadata = {
            "done": len(result.done_tasks),
            "rejected": len(result.rejected_tasks),
            "rounds": result.rounds,
            "usage": used.tokens.to_dict(),
        }
        return ToolOutput(_report(result), metadata=metadata)

    def _member(self, member: str, args: Mapping[str, Any], delegate: Delegate, used: _Used) -> Ask:
        agent = find_agent(self._agents, args.get(_MEMBERS[member]) or DEFAULT_AGENT)

        async def ask(prompt: str) -> str:
            spec = agent_spec(agent, prompt, description=member, max_steps=args.get("max_steps"))
            result = await delegate.run_child(spec)
            used.tokens += result.usage
            if result.error is not None:
                raise ToolFailed(result.error)
            return result.text

        return ask


class _Used:
    """Tokens of all members."""

    def __init__(self) -> None:
        self.tokens = TokenUsage()


def _report(result: TeamRunResult) -> str:
    done, rejected = result.done_tasks, result.rejected_tasks
    head = (
        f"Team run complete. Done: {len(done)}, Rejected: {len(rejected)}, Rounds: {result.rounds}"
    )
    blocks = [f"[DONE] {task.description}\nResult: {task.result}" for task in done]
    blocks += [f"[REJECTED] {task.description}" for task in rejected]
    return "\n\n".join([head, *blocks])
