"""A session as it is saved, and its documented form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit, urlunsplit

from a3s_code.errors import InvalidHistory
from a3s_code.messages import Message, messages_from
from a3s_code.results import TokenUsage
from a3s_code.store.reading import (
    WrongForm,
    take,
    take_objects,
    take_optional,
    take_strings,
    take_unix_time,
)

SessionState = Literal["Active", "Paused", "Completed", "Error", "Unknown"]
DEFAULT_CONTEXT_TOKENS = 200_000

GROWING = ("messages", "cost_records")
"""The keys whose lists grow with every turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedConfig:
    """The session's settings when it was saved. `system_prompt` is informative.

    `planning_mode` and the policies are None when not set, and then not written.
    """

    name: str = ""
    workspace: str = ""
    system_prompt: str | None = None
    max_context_length: int = DEFAULT_CONTEXT_TOKENS
    auto_compact: bool = False
    auto_compact_threshold: float = 0.8
    storage_type: str = "file"
    planning_enabled: bool = False
    planning_mode: str | None = None
    goal_tracking: bool = False
    queue_config: Mapping[str, Any] | None = None
    confirmation_policy: Mapping[str, Any] | None = None
    permission_policy: Mapping[str, Any] | None = None
    parent_id: str | None = None
    security_config: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The documented form; what is None is left out, apart from `system_prompt`."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {
            key: value
            for key, value in values.items()
            if value is not None or key == "system_prompt"
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SavedConfig:
        """Read the documented form. Raises `WrongForm`."""
        return cls(
            name=take(data, "name", str, ""),
            workspace=take(data, "workspace", str, ""),
            system_prompt=take_optional(data, "system_prompt", str),
            max_context_length=take(data, "max_context_length", int, DEFAULT_CONTEXT_TOKENS),
            auto_compact=take(data, "auto_compact", bool, False),
            auto_compact_threshold=take(data, "auto_compact_threshold", float, 0.8),
            storage_type=take(data, "storage_type", str, "file"),
            planning_enabled=take(data, "planning_enabled", bool, False),
            planning_mode=take_optional(data, "planning_mode", str),
            goal_tracking=take(data, "goal_tracking", bool, False),
            queue_config=take_optional(data, "queue_config", dict),
            confirmation_policy=take_optional(data, "confirmation_policy", dict),
            permission_policy=take_optional(data, "permission_policy", dict),
            parent_id=take_optional(data, "parent_id", str),
            security_config=take_optional(data, "security_config", dict),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextUsage:
    """How full the context window was after the last model call; `percent` is from 0.0 to 1.0."""

    used_tokens: int = 0
    max_tokens: int = DEFAULT_CONTEXT_TOKENS
    percent: float = 0.0
    turns: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The four figures under their documented names."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ContextUsage:
        """Read the documented form. Raises `WrongForm`."""
        return cls(
            used_tokens=take(data, "used_tokens", int, 0),
            max_tokens=take(data, "max_tokens", int, DEFAULT_CONTEXT_TOKENS),
            percent=take(data, "percent", float, 0.0),
            turns=take(data, "turns", int, 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSession:
    """Everything that is kept of a session; what a session store stores and loads.

    `messages` is the whole history, `cost_records` one object per model call, `total_cost` in US
    dollars, `created_at` and `updated_at` in Unix seconds. Of `llm_config` only `provider`,
    `model` and `base_url` (without credentials) are kept, so an API key cannot get in.
    """

    id: str
    config: SavedConfig = field(default_factory=SavedConfig)
    state: SessionState = "Active"
    messages: Sequence[Message] = field(default=(), repr=False)
    context_usage: ContextUsage = field(default_factory=ContextUsage)
    total_usage: TokenUsage = field(default_factory=TokenUsage)
    total_cost: float = 0.0
    model_name: str | None = None
    cost_records: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    tool_names: Sequence[str] = field(default=(), repr=False)
    thinking_enabled: bool = False
    thinking_budget: int | None = None
    created_at: int = 0
    updated_at: int = 0
    llm_config: Mapping[str, Any] | None = None
    tasks: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    parent_id: str | None = None

    def __post_init__(self) -> None:
        for name in ("messages", "cost_records", "tool_names", "tasks"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.llm_config is not None:
            object.__setattr__(self, "llm_config", _without_secrets(self.llm_config))

    def head(self) -> dict[str, Any]:
        """The documented form without the lists that grow with every turn."""
        head: dict[str, Any] = {
            "id": self.id,
            "config": self.config.to_dict(),
            "state": self.state,
            "context_usage": self.context_usage.to_dict(),
            "total_usage": self.total_usage.to_dict(),
            "total_cost": self.total_cost,
            "tool_names": list(self.tool_names),
            "thinking_enabled": self.thinking_enabled,
            "thinking_budget": self.thinking_budget,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "tasks": [dict(task) for task in self.tasks],
        }
        for key in ("model_name", "llm_config", "parent_id"):
            if getattr(self, key) is not None:
                head[key] = getattr(self, key)
        return head

    def to_dict(self) -> dict[str, Any]:
        """The documented form, the content of `<id>.json`."""
        return {
            **self.head(),
            "messages": [message.to_dict() for message in self.messages],
            "cost_records": [dict(record) for record in self.cost_records],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SavedSession:
        """Read the documented form: unknown keys are ignored, absent ones get their defaults.

        Times may be Unix seconds or date-times, `tasks` may be called `todos`. Raises `WrongForm`
        (a `ValueError`) that names the key.
        """
        session_id = take(data, "id", str, "")
        if not session_id:
            raise WrongForm("'id' is missing")
        state = take(data, "state", str, "Unknown")
        created_at = take_unix_time(data, "created_at", 0)
        try:
            messages = messages_from(take(data, "messages", list, []))
        except InvalidHistory as error:
            raise WrongForm(f"'messages': {error.problem}") from error
        return cls(
            id=session_id,
            config=SavedConfig.from_dict(take(data, "config", dict, {})),
            state=cast(SessionState, state) if state in get_args(SessionState) else "Unknown",
            messages=messages,
            context_usage=ContextUsage.from_dict(take(data, "context_usage", dict, {})),
            total_usage=_usage(take(data, "total_usage", dict, {})),
            total_cost=take(data, "total_cost", float, 0.0),
            model_name=take_optional(data, "model_name", str),
            cost_records=take_objects(data, "cost_records"),
            tool_names=take_strings(data, "tool_names"),
            thinking_enabled=take(data, "thinking_enabled", bool, False),
            thinking_budget=take_optional(data, "thinking_budget", int),
            created_at=created_at,
            updated_at=take_unix_time(data, "updated_at", created_at),
            llm_config=take_optional(data, "llm_config", dict),
            tasks=take_objects(data, "tasks" if data.get("tasks") is not None else "todos"),
            parent_id=take_optional(data, "parent_id", str),
        )


def _usage(data: Mapping[str, Any]) -> TokenUsage:
    return TokenUsage(
        prompt_tokens=take(data, "prompt_tokens", int, 0),
        completion_tokens=take(data, "completion_tokens", int, 0),
        total_tokens=take(data, "total_tokens", int, 0),
        cache_read_tokens=take_optional(data, "cache_read_tokens", int),
        cache_write_tokens=take_optional(data, "cache_write_tokens", int),
    )


def _without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: config[key] for key in ("provider", "model", "base_url") if key in config}
    if isinstance(kept.get("base_url"), str):
        kept["base_url"] = _plain_address(kept["base_url"])
    return kept


def _plain_address(url: str) -> str:
    """Without user name, password and query, which may hold credentials."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
