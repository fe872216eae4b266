"""Whether a tool call may run: permission rules first, then a person."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from a3s_code.events import (
    AgentEvent,
    ConfirmationReceived,
    ConfirmationRequired,
    ConfirmationTimeout,
    PermissionDenied,
)
from a3s_code.hooks.bound import BoundHooks
from a3s_code.permissions.confirmation import (
    ConfirmationPolicy,
    Decision,
    PendingConfirmations,
    lane_of,
)
from a3s_code.permissions.policy import PermissionPolicy, Verdict
from a3s_code.permissions.subject import placed
from a3s_code.skills.restriction import REASON as RESTRICTED
from a3s_code.skills.restriction import SkillRestriction
from a3s_code.telemetry import current
from a3s_code.tools.arguments import normalise_arguments
from a3s_code.tools.delegate import widens
from a3s_code.tools.protocol import ToolOutput

Emit = Callable[[list[AgentEvent]], Awaitable[None]]


class PermissionChecker(Protocol):
    """An own rule of permission; replaces the policy. An exception counts as `deny`."""

    def check(self, tool: str, args: Mapping[str, Any]) -> str:
        """`allow`, `deny` or `ask`."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may run, with the arguments it may run with."""

    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Judges calls: skills first, then hooks, permission, and confirmation where that says `ask`.

    Without any of the settings every call is refused, as documented: `ask` with nobody to ask.
    `confirm` is a callable `(tool_name, args) -> bool` that asks in its own way. `restriction` is
    what loaded skills permit. In a child run what one of the `guards` denies stays denied, and
    questions have ids that begin with `scope`. `home` is the workspace that the rules are about,
    where a child works in another one.
    """

    workspace: Path
    home: Path | None = None
    permissive: bool = False
    policy: PermissionPolicy | None = None
    checker: PermissionChecker | None = None
    confirmation: ConfirmationPolicy | None = None
    confirm: Callable[[str, Mapping[str, Any]], bool] | None = None
    pending: PendingConfirmations = field(default_factory=PendingConfirmations)
    restriction: SkillRestriction | None = None
    guards: tuple[PermissionPolicy, ...] = ()
    scope: str = ""

    def verdict(self, tool: str, args: Mapping[str, Any]) -> str:
        """`allow`, `deny` or `ask`, without asking anybody."""
        if self.checker is not None:
            try:
                verdict = self.checker.check(tool, dict(args))
            except Exception:  # noqa: BLE001  # foreign code: whatever it raises must not let a call through
                return "deny"
            return verdict if verdict in ("allow", "ask") else "deny"
        if self.policy is not None:
            verdict = self._by_rules(self.policy, tool, args)
            if verdict == "deny" or self.permissive:
                return "deny" if verdict == "deny" else "allow"
            if verdict == "allow" and widens(tool, args, self.workspace):
                return "ask"
            return verdict
        return "allow" if self.permissive else "ask"

    def _by_rules(self, policy: PermissionPolicy, tool: str, args: Mapping[str, Any]) -> Verdict:
        home = self.home
        if home is not None and policy.enabled:
            whole = placed(tool, args, self.workspace)
            if any(rule.matches(tool, whole, home) for rule in policy.deny):
                return "deny"
        verdicts = [policy.check(tool, seen, place) for seen, place in self.readings(tool, args)]
        return next(verdict for verdict in ("deny", "ask", "allow") if verdict in verdicts)

    def readings(self, tool: str, args: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Path]]:
        """The call with the workspace to read it in; rules that allow have to cover every reading.

        `src/a` of a child that works in `sub` is `src/a` and `sub/src/a`. A workspace outside of
        `home` is one of its own: a person has agreed to it.
        """
        own = (args, self.workspace)
        if self.home is None or not self.workspace.is_relative_to(self.home):
            return [own]
        return [own, (placed(tool, args, self.workspace), self.home)]

    def refuse_direct(self, tool: str, args: Mapping[str, Any]) -> ToolOutput | None:
        """The refusal of a call by hand: only what is denied is refused, nothing is asked."""
        return _denied(tool) if self.verdict(tool, args) == "deny" else None

    async def admit(
        self, call_id: str, tool: str, args: Mapping[str, Any], emit: Emit, hooks: BoundHooks
    ) -> Admitted | ToolOutput:
        """A call that may run, otherwise the result that tells the model why not.

        Arguments that were changed on the way are judged like those of the model.
        """
        call_id = self.scope + call_id
        barred = self._unskilled(tool, args)
        escalated = None
        if barred is None:
            told = await hooks.before_tool(tool, args)
            if told.args is not None:
                args = normalise_arguments(tool, told.args)
            escalated = told.escalated
            barred = self._blocked(tool, args, told.reason)
        verdict = "deny" if barred is not None else self.verdict(tool, args)
        current().set({"a3s.tool.permission": verdict})
        if verdict == "deny":
            return await self._denied(call_id, tool, args, emit, barred)
        refusal = None
        if escalated is not None:
            refusal = await self._escalated(call_id, tool, args, emit, escalated)
        elif verdict == "ask":
            refusal = await self._asked(call_id, tool, args, emit)
        return Admitted(args) if refusal is None else refusal

    async def _denied(
        self,
        call_id: str,
        tool: str,
        args: Mapping[str, Any],
        emit: Emit,
        barred: tuple[str, ToolOutput] | None,
    ) -> ToolOutput:
        reason, refusal = barred or ("Blocked by deny rule in permission policy", _denied(tool))
        await emit(
            [PermissionDenied(tool_id=call_id, tool_name=tool, args=dict(args), reason=reason)]
        )
        return refusal

    def _unskilled(self, tool: str, args: Mapping[str, Any]) -> tuple[str, ToolOutput] | None:
        """Reason and refusal of a call that the loaded skills do not permit."""
        restriction = self.restriction
        if restriction is None or all(
            restriction.permits(tool, seen, place) for seen, place in self.readings(tool, args)
        ):
            return None
        return RESTRICTED, ToolOutput(restriction.refusal(tool), 1)

    def _blocked(
        self, tool: str, args: Mapping[str, Any], reason: str | None
    ) -> tuple[str, ToolOutput] | None:
        """Reason and refusal of a call that no permission can let through."""
        if reason is not None:
            return reason, _blocked_by_hook(tool, reason)
        if any(guard.check(tool, args, self.workspace) == "deny" for guard in self.guards):
            text = f"Defense-in-depth: Tool '{tool}' is blocked by guard permission policy"
            return "Blocked by guard permission policy", ToolOutput(text, 1)
        return self._unskilled(tool, args)

    async def _asked(
        self, call_id: str, tool: str, args: Mapping[str, Any], emit: Emit
    ) -> ToolOutput | None:
        """The refusal of a call that the rules ask about, None when it may run."""
        if self.confirm is not None:
            return await self._ask_callable(call_id, tool, args, emit)
        if self.confirmation is None:
            return ToolOutput(
                f"Tool '{tool}' requires confirmation but no HITL confirmation manager is "
                "configured. Configure a confirmation policy to enable tool execution.",
                1,
            )
        if not self.confirmation.enabled or lane_of(tool) in self.confirmation.yolo_lanes:
            return None
        return await self._ask_person(call_id, tool, args, emit, self.confirmation)

    async def _escalated(
        self, call_id: str, tool: str, args: Mapping[str, Any], emit: Emit, reason: str
    ) -> ToolOutput | None:
        """The refusal of a call to which a person must agree: nothing agrees in their place."""
        if self.confirm is not None:
            return await self._ask_callable(call_id, tool, args, emit)
        if self.confirmation is None or not self.confirmation.enabled:
            reason = f"{reason} (a person must agree, and nobody can be asked)"
            barred = reason, _blocked_by_hook(tool, reason)
            return await self._denied(call_id, tool, args, emit, barred)
        policy = replace(self.confirmation, timeout_action="reject")
        return await self._ask_person(call_id, tool, args, emit, policy)

    async def _ask_person(
        self,
        call_id: str,
        tool: str,
        args: Mapping[str, Any],
        emit: Emit,
        policy: ConfirmationPolicy,
    ) -> ToolOutput | None:
        timeout_ms = policy.default_timeout_ms
        answer = self.pending.request(call_id, tool, args, timeout_ms)
        await emit([_required(call_id, tool, args, timeout_ms)])
        decision = await answer
        if decision.outcome == "timeout":
            approved = policy.timeout_action == "auto_approve"
            action = "auto_approved" if approved else "rejected"
            await emit([ConfirmationTimeout(tool_id=call_id, action_taken=action)])
            if approved:
                return None
            return ToolOutput(
                f"Tool '{tool}' execution timed out waiting for confirmation "
                f"({timeout_ms}ms). Execution rejected.",
                1,
            )
        return await _answered(call_id, tool, decision, emit)

    async def _ask_callable(
        self, call_id: str, tool: str, args: Mapping[str, Any], emit: Emit
    ) -> ToolOutput | None:
        assert self.confirm is not None
        await emit([_required(call_id, tool, args, None)])
        try:
            approved = await asyncio.to_thread(self.confirm, tool, dict(args))
            decision = Decision("approved" if approved else "rejected", None)
        except Exception as error:  # noqa: BLE001  # foreign code: a broken question is no approval
            decision = Decision("rejected", f"the confirmation callable failed: {error!r}")
        return await _answered(call_id, tool, decision, emit)


def _required(
    call_id: str, tool: str, args: Mapping[str, Any], timeout_ms: int | None
) -> ConfirmationRequired:
    return ConfirmationRequired(
        tool_id=call_id, tool_name=tool, args=dict(args), timeout_ms=timeout_ms
    )


async def _answered(call_id: str, tool: str, decision: Decision, emit: Emit) -> ToolOutput | None:
    approved = decision.outcome == "approved"
    received = ConfirmationReceived(tool_id=call_id, approved=approved, reason=decision.reason)
    await emit([received])
    if approved:
        return None
    reason = decision.reason or "No reason provided"
    return ToolOutput(
        f"Tool '{tool}' execution was rejected by user. Reason: {reason}. "
        "Do not retry this call; ask the user or choose another way.",
        1,
    )


def _blocked_by_hook(tool: str, reason: str) -> ToolOutput:
    return ToolOutput(f"Tool '{tool}' blocked by hook: {reason}", 1)


def _denied(tool: str) -> ToolOutput:
    return ToolOutput(f"Permission denied: Tool '{tool}' is blocked by permission policy.", 1)
