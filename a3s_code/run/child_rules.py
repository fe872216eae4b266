"""What a child may do: its own rules over those of its parent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from a3s_code.permissions.policy import PermissionPolicy
from a3s_code.run.gate import Gate
from a3s_code.skills.allowed import AllowedTools
from a3s_code.tools.delegate import ChildSpec


@dataclass(frozen=True, slots=True)
class AgentRules:
    """An agent's rules over its parent's: they take away, they never add.

    What the parent asks about is asked in the child too, unless the child is `permissive`, which a
    person has agreed to. Where the agent allows only some calls of a tool, the others are asked.
    """

    parent: Gate
    policy: PermissionPolicy
    permissive: bool

    def check(self, tool: str, args: Mapping[str, Any]) -> str:
        """`allow`, `deny` or `ask`."""
        verdict = self.parent.verdict(tool, args)
        if verdict == "deny":
            return "deny"
        if self.permissive or self.parent.permissive:
            return "allow"
        own = self.policy.check(tool, args, self.parent.workspace)
        if verdict == "allow" and own == "ask" and self._has_a_say(tool, args):
            return "ask"
        return verdict

    def _has_a_say(self, tool: str, args: Mapping[str, Any]) -> bool:
        policy = self.policy
        return any(rule.names(tool) for rule in policy.allow) or any(
            rule.matches(tool, args, self.parent.workspace) for rule in policy.ask
        )


@dataclass(frozen=True, slots=True)
class GrantRules:
    """The calls that a skill lists, and no others.

    The grant stands in for the parent's allow and deny rules. It answers no question that a person
    would have been asked, and it does not overrule a checker of the host.
    """

    parent: Gate
    grant: AllowedTools

    def check(self, tool: str, args: Mapping[str, Any]) -> str:
        """`allow`, `deny` or `ask`."""
        parent = self.parent
        if not self.grant.permits(tool, args, parent.workspace):
            return "deny"
        host = _host(parent)
        if host.checker is not None and host.verdict(tool, args) == "deny":
            return "deny"
        asks = parent.confirmation is not None or parent.confirm is not None
        if asks and (parent.verdict(tool, args) == "ask" or _asks(host, tool, args)):
            return "ask"
        return "allow"


def _host(gate: Gate) -> Gate:
    """The gate of the session itself."""
    while isinstance(gate.checker, AgentRules | GrantRules):
        gate = gate.checker.parent
    return gate


def _asks(gate: Gate, tool: str, args: Mapping[str, Any]) -> bool:
    """Whether a rule says to ask, whatever stronger rules say."""
    rules = () if gate.policy is None or gate.permissive else gate.policy.ask
    readings = gate.readings(tool, args)
    return any(rule.matches(tool, seen, place) for rule in rules for seen, place in readings)


def agent_is_denied(gate: Gate, agent: str) -> bool:
    """Whether rules forbid the agent: `parallel_task` and `run_team` are no way around `task(x)`.

    A checker of the host has seen the whole call already.
    """
    return _host(gate).checker is None and gate.verdict("task", {"agent": agent}) == "deny"


def child_gate(parent: Gate, spec: ChildSpec, workspace: Path, scope: str) -> Gate:
    """The gate of a child; questions are asked where the parent's are, under ids with `scope`."""
    # A grant ends where the next run begins: a skill that a skill calls has its own, and an agent
    # that it delegates to has the rules of whoever runs the skill.
    if isinstance(parent.checker, GrantRules):
        parent = parent.checker.parent
    if workspace != parent.workspace:
        parent = replace(parent, workspace=workspace, home=parent.home or parent.workspace)
    if spec.grant is not None:
        rules: AgentRules | GrantRules = GrantRules(parent, spec.grant)
        return replace(parent, checker=rules, restriction=None, scope=scope)
    guard = spec.guard or PermissionPolicy.permissive()
    rules = AgentRules(parent, guard, spec.permissive)
    return replace(parent, checker=rules, guards=(*parent.guards, guard), scope=scope)
