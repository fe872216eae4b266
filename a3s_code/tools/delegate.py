"""What a tool says of a child run, and the one who carries it out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from a3s_code.permissions.policy import PermissionPolicy
from a3s_code.results import TokenUsage
from a3s_code.skills.allowed import AllowedTools

DELEGATION_TOOLS = ("task", "parallel_task", "run_team")
DEFAULT_AGENT = "general"


def _everything(_tool: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """One run of its own: an empty history, and nothing of the parent's conversation.

    name: the agent's, or `skill:` and the skill's.
    description: a few words for the person who watches.
    system: added to the child's system prompt.
    offers: which of the parent's tools the child's model is told about.
    guard: what this policy denies stays denied, in the child and below it.
    grant: the only calls that are allowed, in place of the parent's rules; None keeps these.
    permissive: calls that the parent would ask about run without asking.
    max_steps: cap of the model calls; None takes the parent's.
    workspace: an existing directory; None for the parent's.
    model: `provider/model`; None for the parent's.
    skill: name of the skill that is run, None for an agent.
    """

    name: str
    prompt: str
    description: str = ""
    system: str = ""
    offers: Callable[[str], bool] = _everything
    guard: PermissionPolicy | None = None
    grant: AllowedTools | None = None
    permissive: bool = False
    max_steps: int | None = None
    workspace: Path | None = None
    model: str | None = None
    skill: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildResult:
    """How a child ended: its last text, or `error`, one sentence, when it failed."""

    task_id: str
    session_id: str
    text: str = ""
    error: str | None = None
    usage: TokenUsage = field(default_factory=TokenUsage)
    tool_calls: int = 0


class Delegate(Protocol):
    """Runs children. Cancelling `run_child` cancels the child and waits for its end."""

    @property
    def skills(self) -> tuple[str, ...]:
        """Names of the skills that are being run, the outermost first."""

    async def run_child(self, spec: ChildSpec) -> ChildResult:
        """Run a child to its end. A failure is a result with `error`."""
        ...

    def start_child(self, spec: ChildSpec) -> str:
        """Start a child in the background; returns its task id. It ends with its parent's run."""
        ...


def resolve_workspace(given: str, parent: Path) -> Path:
    """The real path of a child's workspace, relative to the parent's unless absolute."""
    return Path(os.path.realpath(os.path.join(parent, os.path.expanduser(given))))


def widens(tool: str, args: Mapping[str, Any], workspace: Path) -> bool:
    """Whether a delegating call asks for more than its caller has.

    That is `permissive`, or a workspace outside of `workspace`. A rule that allows `task` is no
    consent to that: it has to come from a person.
    """
    if tool == "task":
        return _widens(args, workspace)
    tasks = args.get("tasks") if tool == "parallel_task" else None
    if not isinstance(tasks, list):
        return False
    return any(isinstance(task, Mapping) and _widens(task, workspace) for task in tasks)


def _widens(args: Mapping[str, Any], workspace: Path) -> bool:
    if args.get("permissive") not in (None, False):
        return True
    place = args.get("workspace")
    if place is None:
        return False
    try:
        return not resolve_workspace(str(place), workspace).is_relative_to(workspace)
    except (OSError, ValueError):  # no such path can exist, which the tool will say
        return True
