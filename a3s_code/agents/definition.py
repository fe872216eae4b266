"""What an agent definition is, and how a file describes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from a3s_code.errors import InvalidArgument
from a3s_code.permissions.policy import PermissionPolicy
from a3s_code.permissions.rules import PermissionRule
from a3s_code.skills.file import read_definition
from a3s_code.skills.front_matter import flag, read_mapping, scalar, split_front_matter

DEFAULT_PROVIDER = "anthropic"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDefinition:
    """An agent that can be handed a piece of work.

    `prompt` is added to its system prompt; `permissions` limits it, on top of whatever limits its
    parent; `model` is `provider/model`, None for the parent's; `max_steps` caps its model calls.
    A `hidden` one is not offered to the model, a `native` one comes with the library.
    """

    name: str
    description: str = ""
    prompt: str | None = None
    permissions: PermissionPolicy = field(default_factory=PermissionPolicy)
    model: str | None = None
    max_steps: int | None = None
    hidden: bool = False
    native: bool = False

    def may_use(self, tool: str) -> bool:
        """Whether some call of the tool is not denied: only such tools are offered to its model."""
        policy = self.permissions
        if not policy.enabled:
            return True
        if any(rule.names(tool) and _is_bare(rule) for rule in policy.deny):
            return False
        if policy.default_decision != "deny":
            return True
        return any(rule.names(tool) for rule in (*policy.allow, *policy.ask))


def _is_bare(rule: PermissionRule) -> bool:
    return "(" not in rule.text or rule.text.replace(" ", "").endswith("(*)")


def load_agent(path: Path) -> AgentDefinition:
    """The definition in a `.md`, `.yaml` or `.yml` file. Raises `InvalidArgument` naming it."""
    try:
        text = read_definition(path)
        if path.suffix.lower() == ".md":
            values, body = split_front_matter(text)
            return agent_from(values, body)
        return agent_from(read_mapping(text))
    except InvalidArgument as error:
        raise InvalidArgument(f"{path}: {error.problem}") from error


def agent_from(values: Mapping[str, Any], body: str = "") -> AgentDefinition:
    """A definition from its keys; unknown ones are ignored. `body` is the prompt if none is named.

    Raises `InvalidArgument`.
    """
    name = scalar(values, "name", "")
    if not name or any(sign in name for sign in "\n,()"):
        raise InvalidArgument(f"an agent needs a `name` of one line, not {name!r}")
    return AgentDefinition(
        name=name,
        description=scalar(values, "description", ""),
        prompt=scalar(values, "prompt", "") or body or None,
        permissions=_permissions(values.get("permissions")),
        model=_model(values.get("model")),
        max_steps=_steps(values.get("max_steps")),
        hidden=flag(values, "hidden"),
        native=flag(values, "native"),
    )


def _permissions(given: Any) -> PermissionPolicy:
    if given is None:
        return PermissionPolicy()
    if not isinstance(given, Mapping):
        raise InvalidArgument("`permissions` must be a mapping")
    lists = {key: _rules(key, given[key]) for key in ("allow", "deny", "ask") if given.get(key)}
    others = {key: value for key, value in given.items() if key not in ("allow", "deny", "ask")}
    return PermissionPolicy.from_dict({**others, **lists})


def _rules(key: str, given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise InvalidArgument(f"`permissions.{key}` must be a list")
    return [entry.get("rule") if isinstance(entry, Mapping) else entry for entry in given]


def _model(given: Any) -> str | None:
    if isinstance(given, Mapping):
        provider = scalar(given, "provider", DEFAULT_PROVIDER)
        given = scalar(given, "model", "")
        return f"{provider}/{given}" if given else None
    if given is None:
        return None
    if not isinstance(given, str) or not given.strip():
        raise InvalidArgument("`model` must be `provider/model`")
    given = given.strip()
    return given if "/" in given else f"{DEFAULT_PROVIDER}/{given}"


def _steps(given: Any) -> int | None:
    if given is not None and (type(given) is not int or given < 1):
        raise InvalidArgument(f"`max_steps` must be a whole number of at least 1, not {given!r}")
    return given
