"""Options of a session: how they are given, checked, and combined with the configuration."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from math import isnan
from pathlib import Path
from typing import Any

from a3s_code import checks
from a3s_code.ahp.transports import HttpTransport, StdioTransport, Transport, transport_of
from a3s_code.config.model import QueueSettings
from a3s_code.config.search import SearchConfig
from a3s_code.errors import InvalidArgument, WrongType
from a3s_code.lanes.config import LaneSettings, SessionQueueConfig
from a3s_code.llm.retry import RetryConfig
from a3s_code.loop.machine import LoopLimits
from a3s_code.loop.prompt import PromptSlots
from a3s_code.memory.file_store import FileMemoryStore
from a3s_code.permissions.confirmation import ConfirmationPolicy
from a3s_code.permissions.policy import PermissionPolicy
from a3s_code.planning.choice import check_planning_mode
from a3s_code.run.planned import Planning
from a3s_code.security.guard import SecurityGuard
from a3s_code.security.known_keys import KnownKeys
from a3s_code.security.provider import DefaultSecurityProvider
from a3s_code.skills.plugin import SkillPlugin
from a3s_code.skills.registry import SkillRegistry
from a3s_code.skills.skill import Skill, SkillKind


@dataclass(slots=True, kw_only=True)
class SessionOptions:
    """Settings of one session; None leaves the configuration's value or the built-in default.

    Usable as keywords of `Agent.session`, as constructor keywords, or by assigning attributes.
    Unknown names are refused (`TypeError`, `AttributeError`); values that cannot be honoured raise
    `InvalidArgument` when the session is created.

    model: `provider/model`, instead of the configuration's `default_model`.
    permissive: every tool runs without asking; deny rules of `permission_policy` still hold.
    permission_policy, permission_checker: rules, or an object with `check(tool, args)`.
    confirmation_policy: whether and how long a person is asked.
    confirmation_manager: a callable `(tool_name, args) -> bool` that asks in its own way, or a
        `ConfirmationPolicy`, which is the older name of the option above.
    security_provider: redacts output and notices injected instructions, such as
        `DefaultSecurityProvider()`; `default_security=True` is the short form of that one.
    max_tool_rounds: model calls per send or stream, at least 1; 50 by default.
    max_parse_retries: malformed tool calls in a row that are fed back; 2 by default.
    tool_timeout_ms: limit of each tool call in milliseconds; none by default.
    retry_config: repetition of failed requests, a `RetryConfig` or a dict of its fields.
    circuit_breaker_threshold: model calls of a turn whose answers may break off in a row; 3.
    auto_compact: shorten a conversation that fills the context window; off by default.
    auto_compact_threshold (also `context_threshold`): the filled part, 0.0 to 1.0, clamped; 0.8.
    continuation_enabled, max_continuation_turns: ask to go on when an answer looks unfinished;
        on, at most 3 times.
    temperature (0.0 to 1.0), thinking_budget (tokens): only together with `model`.
    role, guidelines, response_style, extra: slots of the system prompt.
    session_id: a stable id; generated when absent.
    session_store: where sessions are kept, such as `FileSessionStore(dir)`; else the
        configuration's `sessions_dir`, else none.
    memory_store: long-term memory, such as `FileMemoryStore(dir)`; `memory_dir` and `file_memory`
        are a folder for one.
    fs_context: a folder whose files are searched for context; `context_providers` (or one
        `context_provider`) are objects with `name` and `query(ContextQuery)`.
    planning: plan before working; `planning_mode` (`auto`, `enabled`, `disabled`) wins over it.
    goal_tracking: name the goal of each prompt and judge at the end whether it was reached.
    max_execution_time_ms: an execution is stopped after this time, as by `cancel`; none by default.
    sandbox_handle: runs the commands of `bash`: an object with
        `exec_command(command, guest_workspace)` that gives `stdout`, `stderr`, `exit_code`. Its
        `shutdown()`, if it has one, is called when the session is closed.
    auto_save: save after every completed turn; off by default.
    builtin_skills: load the seven built-in skills; off by default.
    skill_dirs (also one `skills_dir`), agent_dirs: directories besides those of the configuration.
    skill_registry, inline_skills, plugins: skills given as objects; `add_instruction` and
        `add_persona` append an inline skill.
    queue_config: a `SessionQueueConfig`, or a dict of its settings; without it there is no queue.
    search_config: a `SearchConfig`, or a dict with the keys of the `search` block, in its place.
    ahp_transport (also hook_executor): a `StdioTransport` or `HttpTransport`, or its dict form, to
        a harness that supervises the session in the place of its hooks.
    """

    model: str | None = None
    permissive: bool | None = None
    permission_policy: PermissionPolicy | None = None
    permission_checker: Any = None
    confirmation_policy: ConfirmationPolicy | Mapping[str, Any] | None = None
    confirmation_manager: Callable[[str, Mapping[str, Any]], bool] | ConfirmationPolicy | None = (
        None
    )
    security_provider: Any = None
    default_security: bool | None = None
    max_tool_rounds: int | None = None
    max_parse_retries: int | None = None
    tool_timeout_ms: int | None = None
    circuit_breaker_threshold: int | None = None
    retry_config: RetryConfig | Mapping[str, Any] | None = None
    auto_compact: bool | None = None
    auto_compact_threshold: float | None = None
    context_threshold: float | None = None
    continuation_enabled: bool | None = None
    max_continuation_turns: int | None = None
    temperature: float | None = None
    thinking_budget: int | None = None
    role: str | None = None
    guidelines: str | None = None
    response_style: str | None = None
    extra: str | None = None
    session_id: str | None = None
    session_store: Any = None
    auto_save: bool | None = None
    max_execution_time_ms: int | None = None
    sandbox_handle: Any = None
    planning: bool | None = None
    planning_mode: str | None = None
    goal_tracking: bool | None = None
    memory_store: Any = None
    memory_dir: str | None = None
    file_memory: str | None = None
    fs_context: str | None = None
    context_providers: Sequence[Any] | None = None
    context_provider: Any = None
    builtin_skills: bool | None = None
    skill_dirs: Sequence[str | Path] | None = None
    skills_dir: str | Path | None = None
    agent_dirs: Sequence[str | Path] | None = None
    skill_registry: SkillRegistry | None = None
    inline_skills: list[Skill] = field(default_factory=list)
    plugins: Sequence[SkillPlugin] | None = None
    queue_config: SessionQueueConfig | Mapping[str, Any] | None = None
    search_config: SearchConfig | Mapping[str, Any] | None = None
    ahp_transport: StdioTransport | HttpTransport | Mapping[str, Any] | None = None
    hook_executor: StdioTransport | HttpTransport | Mapping[str, Any] | None = None

    def add_instruction(self, name: str, content: str) -> None:
        """Add a skill that is made of this text."""
        self.inline_skills = [*self.inline_skills, Skill(name, content=content)]

    def add_persona(self, name: str, content: str) -> None:
        """Add a persona: a text that sets the session's role. The last one counts."""
        persona = Skill(name, kind=SkillKind.PERSONA, content=content)
        self.inline_skills = [*self.inline_skills, persona]

    @classmethod
    def of(
        cls, options: SessionOptions | Mapping[str, Any] | None, keywords: Mapping[str, Any]
    ) -> SessionOptions:
        """Options from any documented call shape; a keyword wins over a field of `options`.

        Raises `InvalidArgument`, which is a `TypeError` too, for an unknown name.
        """
        if options is None or isinstance(options, Mapping):
            keywords = {**checks.mapping("options", options or {}), **keywords}
        for name in keywords:
            if name not in cls.__slots__:
                known = [entry.name for entry in fields(cls)]
                close = get_close_matches(name, known, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise WrongType(f"there is no option {name!r}{hint}")
        if options is None or isinstance(options, Mapping):
            return cls(**keywords)
        if not isinstance(options, SessionOptions):
            kind = type(options).__name__  # type: ignore[unreachable]  # callers need not be typed
            raise WrongType(f"options must be SessionOptions or a dict, not {kind}")
        own = _copied(options)
        for name, value in keywords.items():
            setattr(own, name, value)
        return own

    def check(self) -> None:
        """Raise `InvalidArgument` naming the first field whose value cannot be honoured."""
        for name, low in _INTEGERS.items():
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < low):
                raise InvalidArgument(f"{name} must be an integer of at least {low}, not {value!r}")
        for name in _BOOLEANS:
            value = getattr(self, name)
            if value is not None and type(value) is not bool:
                raise InvalidArgument(f"{name} must be True or False, not {value!r}")
        for name in _STRINGS:
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise InvalidArgument(f"{name} must be a string, not {value!r}")
        for name in _NUMBERS:
            value = getattr(self, name)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float) or isnan(value)
            ):
                raise InvalidArgument(f"{name} must be a number from 0.0 to 1.0, not {value!r}")
        check_planning_mode(self.planning_mode)
        temperature = self.temperature
        if temperature is not None and (
            isinstance(temperature, bool)
            or not isinstance(temperature, int | float)
            or not 0 <= temperature <= 1
        ):
            raise InvalidArgument(f"temperature must be from 0.0 to 1.0, not {temperature!r}")
        for name in ("permission_policy", "permission_checker"):
            value = getattr(self, name)
            if value is not None and not callable(getattr(value, "check", None)):
                raise WrongType(f"{name} must have a method check, unlike {checks.shown(value)}")
        if isinstance(self.confirmation_manager, ConfirmationPolicy):
            if self.confirmation_policy is not None:
                raise InvalidArgument(
                    "a policy goes into confirmation_policy or confirmation_manager, not into both"
                )
        elif self.confirmation_manager is not None:
            checks.function("confirmation_manager", self.confirmation_manager)

    def limits(self, default_rounds: int) -> LoopLimits:
        """The loop's limits; `default_rounds` is the configuration's `max_tool_rounds`."""
        chosen = {name: getattr(self, name) for name in LoopLimits.__slots__}
        given = {name: value for name, value in chosen.items() if value is not None}
        return LoopLimits(**{"max_tool_rounds": default_rounds, **given})

    def slots(self) -> PromptSlots:
        """The slots of the system prompt."""
        return PromptSlots(
            role=self.role,
            guidelines=self.guidelines,
            response_style=self.response_style,
            extra=self.extra,
        )

    def compact_threshold(self) -> float | None:
        """The part of the context window at which to shorten, None when that is off."""
        if not self.auto_compact:
            return None
        given = self.auto_compact_threshold
        threshold = self.context_threshold if given is None else given
        return 0.8 if threshold is None else min(max(threshold, 0.0), 1.0)

    def breaker_threshold(self) -> int:
        """How many model calls of a turn may fail in a row; at least 1."""
        return (
            3 if self.circuit_breaker_threshold is None else max(1, self.circuit_breaker_threshold)
        )

    def queue(self, start: QueueSettings | None) -> LaneSettings | None:
        """Settings of the lane queue over those of the configuration, None for no queue."""
        if self.queue_config is None:
            return None
        return SessionQueueConfig.of(self.queue_config).settings(start)

    def search(self) -> SearchConfig | None:
        """How the web is searched, None for what the configuration says."""
        return SearchConfig.of(self.search_config)

    def transport(self) -> Transport | None:
        """How the session's supervisor is reached, None without one."""
        return transport_of(self.ahp_transport, self.hook_executor)

    def guard(self, keys: KnownKeys | None = None) -> SecurityGuard:
        """The security provider in the session's hands; without one only `keys` are taken out."""
        provider = self.security_provider
        if provider is None and self.default_security:
            provider = DefaultSecurityProvider()
        return SecurityGuard(provider, keys)

    def plan(self) -> Planning:
        """Whether the session plans and follows goals."""
        return Planning(bool(self.planning), self.planning_mode, bool(self.goal_tracking))

    def memory(self) -> Any:
        """The store of the long-term memory, None without one."""
        if self.memory_store is not None:
            return self.memory_store
        for name in ("memory_dir", "file_memory"):
            folder = getattr(self, name)
            if folder is not None and folder != "":
                return FileMemoryStore(checks.path(name, folder))
        return None

    def confirmation(self) -> ConfirmationPolicy | None:
        """The confirmation policy, built from a dict when one was given."""
        policy = self.confirmation_policy
        if isinstance(self.confirmation_manager, ConfirmationPolicy):
            policy = self.confirmation_manager
        if policy is None or isinstance(policy, ConfirmationPolicy):
            return policy
        try:
            return ConfirmationPolicy(**policy)
        except (InvalidArgument, TypeError) as error:
            raise InvalidArgument(f"confirmation_policy: {error}") from error

    def confirm(self) -> Callable[[str, Mapping[str, Any]], bool] | None:
        """The callable that asks in its own way."""
        manager = self.confirmation_manager
        return None if isinstance(manager, ConfirmationPolicy) else manager

    def retry(self) -> RetryConfig | None:
        """The retry settings, built from a dict when one was given."""
        config = self.retry_config
        if config is None or isinstance(config, RetryConfig):
            return config
        return RetryConfig.from_dict(config)


def _copied(options: SessionOptions) -> SessionOptions:
    """What `copy.copy` gives, in half the time; that one is for classes that may hold more."""
    if type(options) is not SessionOptions:
        return copy.copy(options)
    own = SessionOptions.__new__(SessionOptions)
    for name in SessionOptions.__slots__:
        setattr(own, name, getattr(options, name))
    return own


_INTEGERS = {
    "max_tool_rounds": 1,
    "max_parse_retries": 0,
    "circuit_breaker_threshold": 0,
    "tool_timeout_ms": 1,
    "max_execution_time_ms": 1,
    "max_continuation_turns": 0,
    "thinking_budget": 1,
}
_BOOLEANS = (
    "permissive",
    "continuation_enabled",
    "auto_compact",
    "default_security",
    "auto_save",
    "builtin_skills",
    "planning",
    "goal_tracking",
)
_NUMBERS = ("auto_compact_threshold", "context_threshold")
_STRINGS = ("model", "role", "guidelines", "response_style", "extra", "session_id")
