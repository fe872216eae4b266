"""The registered hooks of a session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from a3s_code.errors import InvalidArgument
from a3s_code.hooks.matcher import Matcher
from a3s_code.hooks.names import event_name

Handler = Callable[[dict[str, Any]], Any]

_LEAST = {"priority": None, "timeout_ms": 1, "max_retries": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class HookConfig:
    """How a hook is called.

    Hooks of lower `priority` run first. `timeout_ms` limits each call of the handler. With
    `async_execution` nobody waits for it, except where it can block. `max_retries` is how often
    the handler is called again after an exception.
    """

    priority: int = 100
    timeout_ms: int = 30_000
    async_execution: bool = False
    max_retries: int = 0

    @classmethod
    def of(cls, given: Mapping[str, Any] | HookConfig | None) -> HookConfig:
        """A configuration from a dict. Raises `InvalidArgument` for unknown keys and bad values."""
        if isinstance(given, HookConfig):
            return given
        if not (given is None or isinstance(given, Mapping)):
            raise InvalidArgument(f"config must be a dict, not {given!r}")
        known = {entry.name for entry in fields(cls)}
        values = {key: value for key, value in (given or {}).items() if value is not None}
        for key, value in values.items():
            if key not in known:
                raise InvalidArgument(
                    f"unknown config key {key!r}; keys: {', '.join(sorted(known))}"
                )
            _check(key, value)
        return cls(**values)


def _check(key: str, value: object) -> None:
    if key == "async_execution":
        if type(value) is not bool:
            raise InvalidArgument(f"{key} must be True or False, not {value!r}")
        return
    least = _LEAST[key]
    if type(value) is not int or (least is not None and value < least):
        wanted = "an integer" if least is None else f"an integer of at least {least}"
        raise InvalidArgument(f"{key} must be {wanted}, not {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One registered hook; without a `handler` it counts, and always lets things go on."""

    hook_id: str
    event: str
    matcher: Matcher
    config: HookConfig
    handler: Handler | None = field(repr=False)


class HookRegistry:
    """Hooks by id, usable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hooks: dict[str, Hook] = {}

    def register(
        self,
        hook_id: str,
        event_type: str,
        matcher: Mapping[str, str] | Handler | None = None,
        config: Mapping[str, Any] | HookConfig | None = None,
        handler: Handler | None = None,
    ) -> None:
        """Add a hook, or replace the one of this id, which then counts as registered just now.

        A function in the place of `matcher` is the handler. Raises `InvalidArgument`.
        """
        if not isinstance(hook_id, str) or not hook_id:
            raise InvalidArgument(f"hook_id must be a string that is not empty, not {hook_id!r}")
        if callable(matcher):
            if handler is not None:
                raise InvalidArgument("two handlers were given")
            matcher, handler = None, matcher
        if not (handler is None or callable(handler)):
            raise InvalidArgument(f"handler must be callable, not {handler!r}")
        hook = Hook(
            hook_id=hook_id,
            event=event_name(event_type),
            matcher=Matcher(matcher),
            config=HookConfig.of(config),
            handler=handler,
        )
        with self._lock:
            self._hooks.pop(hook_id, None)
            self._hooks[hook_id] = hook

    def unregister(self, hook_id: str) -> bool:
        """Remove a hook; False when there is none of this id."""
        with self._lock:
            return self._hooks.pop(hook_id, None) is not None

    def __len__(self) -> int:
        return len(self._hooks)

    def of_event(self, event: str) -> list[Hook]:
        """The hooks with a handler for an event: lower priority first, then the older one."""
        if not self._hooks:
            return []
        with self._lock:
            hooks = [
                hook
                for hook in self._hooks.values()
                if hook.event == event and hook.handler is not None
            ]
        return sorted(hooks, key=lambda hook: hook.config.priority)
