"""The option `queue_config`: what is set, and what the configuration's `queue` block leaves."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from a3s_code import checks
from a3s_code.config.model import (
    PriorityBoostSettings,
    QueueSettings,
    RateLimitSettings,
    RetryPolicySettings,
)
from a3s_code.errors import InvalidArgument, WrongType
from a3s_code.lanes.handler import LaneHandler, checked_lane, positive
from a3s_code.permissions.lanes import LANES

B = TypeVar("B", RetryPolicySettings, RateLimitSettings, PriorityBoostSettings)

_CHOICES = {
    "retry_policy": ("exponential", "fixed", "none"),
    "limit_type": ("per_second", "per_minute", "per_hour", "unlimited"),
    "priority_boost": ("standard", "aggressive", "disabled"),
}


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """What a queue is made of: the settings in force, and the lanes that do not run here."""

    queue: QueueSettings
    handlers: Mapping[str, LaneHandler]

    def timeout_ms(self, lane: str) -> int | None:
        """Time limit of each command of a lane that runs here, None for no limit."""
        return self.queue.lane_timeouts.get(lane, self.queue.default_timeout_ms)


class SessionQueueConfig:
    """Settings of a session's lane queue, as keywords, by attributes, or by chained methods.

    query_max_concurrency (4): commands of that lane that run at once; also without `max_`. Likewise
        control_max_concurrency (2), execute_max_concurrency (2), generate_max_concurrency (1).
    lane_handlers: lane -> {"mode", "timeout_ms"}, see `set_lane_handler`.
    enable_dlq, dlq_max_size (1000): keep commands that failed for good; off.
    enable_metrics, enable_alerts: off. Alerts come at 50 and 100 waiting commands.
    default_timeout_ms: limit of each command; none. lane_timeouts: lane -> ms, which wins.
    storage_path: a folder in which dead letters are kept.
    retry_policy, rate_limit, priority_boost: dicts with the keys of the configuration's blocks. Who
        goes first matters where the rate holds several lanes back: control before query before
        execute before generate, unless a boost raises who has waited long.
    pressure_threshold (50): waiting commands at which a lane reports pressure.

    What is not set comes from the configuration's `queue` block, else it is the default above.
    The switches read back as `metrics_enabled`, `dlq_enabled`, `alerts_enabled`. Raises
    `InvalidArgument` for values that cannot be used, `TypeError` for other keywords.
    """

    __slots__ = ("_given", "_handlers")
    _given: dict[str, Any]
    _handlers: dict[str, LaneHandler]

    def __init__(self, **settings: Any) -> None:
        object.__setattr__(self, "_given", {})
        object.__setattr__(self, "_handlers", {})
        for name, value in settings.items():
            if name not in _NAMES and name not in ("lane_handlers", "enable_all_features"):
                raise WrongType(f"SessionQueueConfig has no setting {name!r}")
            if value is not None:
                setattr(self, name, value)

    @classmethod
    def of(cls, given: Any) -> SessionQueueConfig:
        """The option's value, which may be a dict of the settings."""
        if isinstance(given, SessionQueueConfig):
            return given
        if isinstance(given, Mapping):
            return cls(**checks.mapping("queue_config", given))
        raise InvalidArgument(f"queue_config must be a SessionQueueConfig, not {given!r}")

    def __repr__(self) -> str:
        given = dict(self._given)
        if self._handlers:
            given["lane_handlers"] = self.lane_handlers
        return f"SessionQueueConfig({', '.join(f'{k}={v!r}' for k, v in given.items())})"

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "enable_all_features":
            if _switch(name, value):
                self.with_lane_features()
        elif name == "lane_handlers":
            handlers = {checked_lane(lane): LaneHandler.of(given) for lane, given in value.items()}
            object.__setattr__(self, "_handlers", handlers)
        elif name in _NAMES:
            field = _NAMES[name]
            if value is None:
                self._given.pop(field, None)
            else:
                self._given[field] = _CHECKS[field](field, value)
        else:
            raise AttributeError(f"SessionQueueConfig has no setting {name!r}")

    def __getattr__(self, name: str) -> Any:
        if name in _NAMES:
            return getattr(self.settings().queue, _NAMES[name])
        raise AttributeError(f"SessionQueueConfig has no setting {name!r}")

    @property
    def lane_handlers(self) -> dict[str, dict[str, Any]]:
        """The lanes that were given a handler."""
        return {
            lane: {"mode": handler.mode, "timeout_ms": handler.timeout_ms}
            for lane, handler in self._handlers.items()
        }

    def settings(self, start: QueueSettings | None = None) -> LaneSettings:
        """The settings in force over those of a configuration block; later changes are not seen."""
        queue = replace(start or QueueSettings(), **self._given)
        return LaneSettings(queue, dict(self._handlers))

    # -- chaining ------------------------------------------------------------------------------------

    def with_lane_features(self) -> Self:
        """Dead letters (1000), metrics, alerts, and a limit of 60 s, also for long `bash` calls."""
        return self.enable_dlq(1000).enable_metrics().enable_alerts().set_timeout(60_000)

    def set_query_concurrency(self, n: int) -> Self:
        """How many query commands run at once, at least 1."""
        self.query_max_concurrency = n
        return self

    def set_execute_concurrency(self, n: int) -> Self:
        """How many execute commands run at once, at least 1."""
        self.execute_max_concurrency = n
        return self

    def set_generate_concurrency(self, n: int) -> Self:
        """How many model calls run at once, at least 1."""
        self.generate_max_concurrency = n
        return self

    def enable_dlq(self, max_size: int | None = None) -> Self:
        """Keep commands that failed for good, at most `max_size`."""
        self.dlq_enabled = True
        if max_size is not None:
            self.dlq_max_size = max_size
        return self

    def enable_metrics(self) -> Self:
        """Count and measure."""
        self.metrics_enabled = True
        return self

    def enable_alerts(self) -> Self:
        """Report lanes in which many commands wait."""
        self.alerts_enabled = True
        return self

    def set_timeout(self, ms: int) -> Self:
        """Limit each command to so many milliseconds."""
        self.default_timeout_ms = ms
        return self

    set_default_timeout = set_timeout

    def set_lane_handler(self, lane: str, mode: str, timeout_ms: int = 60_000) -> Self:
        """Have a lane's commands run `internal`, `external` or `hybrid` from the beginning."""
        self._handlers[checked_lane(lane)] = LaneHandler.of(mode, timeout_ms)
        return self


def _switch(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise InvalidArgument(f"{name} must be True or False, not {value!r}")
    return value


def _folder(name: str, value: Any) -> Path:
    if not isinstance(value, str | os.PathLike):
        raise InvalidArgument(f"{name} must be a path, not {value!r}")
    return Path(os.path.expanduser(value))


def _timeouts(name: str, value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"{name} must be a dict of milliseconds, not {value!r}")
    return {checked_lane(lane): positive(f"{name}[{lane!r}]", ms) for lane, ms in value.items()}


def _block(cls: type[B], name: str, value: Any) -> B:
    """A block from a dict. Raises `InvalidArgument` naming the key."""
    if isinstance(value, cls):
        values = {entry.name: getattr(value, entry.name) for entry in fields(cls)}
    elif isinstance(value, Mapping):
        values = dict(value)
    else:
        raise InvalidArgument(f"{name} must be a dict, not {value!r}")
    known = {entry.name for entry in fields(cls)}
    values = {key: given for key, given in values.items() if given is not None}
    for key, given in values.items():
        if key not in known:
            raise InvalidArgument(f"{name} has no key {key!r}; keys: {', '.join(sorted(known))}")
        choices = _CHOICES.get(key) or (_CHOICES[name] if key == "strategy" else None)
        if choices is not None:
            if given not in choices:
                raise InvalidArgument(f"{key} must be one of {', '.join(choices)}, not {given!r}")
        elif not (key == "max_retries" and type(given) is int and given == 0):
            positive(key, given)
    return cls(**values)


def _retry_policy(name: str, value: Any) -> RetryPolicySettings:
    policy = _block(RetryPolicySettings, name, value)
    if policy.strategy == "fixed" and policy.fixed_delay_ms is None:
        raise InvalidArgument("a retry_policy of the strategy fixed needs fixed_delay_ms")
    return policy


def _rate_limit(name: str, value: Any) -> RateLimitSettings:
    limit = _block(RateLimitSettings, name, value)
    if limit.limit_type != "unlimited" and limit.max_operations is None:
        raise InvalidArgument(f"a rate_limit {limit.limit_type} needs max_operations")
    return limit


def _boost(name: str, value: Any) -> PriorityBoostSettings:
    return _block(PriorityBoostSettings, name, value)


_SWITCHES = ("enable_dlq", "enable_metrics", "enable_alerts")
_NUMBERS = ("dlq_max_size", "default_timeout_ms", "pressure_threshold")
_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    **{f"{lane}_max_concurrency": positive for lane in LANES},
    **dict.fromkeys(_SWITCHES, _switch),
    **dict.fromkeys(_NUMBERS, positive),
    "storage_path": _folder,
    "lane_timeouts": _timeouts,
    "retry_policy": _retry_policy,
    "rate_limit": _rate_limit,
    "priority_boost": _boost,
}
# Every name of a setting, and the field that it stands for.
_NAMES: Mapping[str, str] = {
    **{name: name for name in _CHECKS},
    **{f"{lane}_concurrency": f"{lane}_max_concurrency" for lane in LANES},
    **{f"{name.removeprefix('enable_')}_enabled": name for name in _SWITCHES},
}
