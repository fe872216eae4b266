"""How the web is searched: the `search` block of a configuration, and the same as Python classes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from a3s_code import checks
from a3s_code.errors import InvalidArgument, WrongType

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SearchHealthConfig:
    """An engine rests `suspend_seconds` after `max_failures` failures in a row, in one session.

    Raises `InvalidArgument` for values out of range.
    """

    max_failures: int = 3
    suspend_seconds: int = 60

    def __post_init__(self) -> None:
        checks.integer("max_failures", self.max_failures, 1)
        checks.integer("suspend_seconds", self.suspend_seconds, 0)


@dataclass(frozen=True, slots=True)
class SearchEngineConfig:
    """One search engine. Results of an engine with a higher `weight` come first.

    `timeout` is in seconds; None means that of the whole search. Raises `InvalidArgument`.
    """

    enabled: bool = True
    weight: float = 1.0
    timeout: float | None = None

    def __post_init__(self) -> None:
        if type(self.enabled) is not bool:
            raise WrongType(f"enabled must be True or False, not {checks.shown(self.enabled)}")
        _check_number("weight", self.weight)
        if self.timeout is not None:
            _check_number("timeout", self.timeout)


@dataclass(slots=True)
class SearchConfig:
    """What `web_search` does in a session with the option `search_config`.

    `timeout` is in seconds, at most 60. Without `health` no engine ever rests. Once an engine is
    configured, those that are not are asked only when a call names them. Raises `InvalidArgument`.
    """

    timeout: float = 10
    health: SearchHealthConfig | None = None
    engines: dict[str, SearchEngineConfig] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_number("timeout", self.timeout)
        if self.health is not None:
            self.health = _made("health", SearchHealthConfig, self.health)
        given = checks.mapping("engines", self.engines)
        self.engines = {}
        for name, engine in given.items():
            self.set_engine(name, engine)

    def set_engine(self, name: str, cfg: SearchEngineConfig | Mapping[str, Any]) -> None:
        """Configure an engine, such as `ddg` or `wiki`; a later call replaces an earlier one."""
        self.engines[_engine_name(name)] = _made("cfg", SearchEngineConfig, cfg)

    def get_engine(self, name: str) -> SearchEngineConfig | None:
        """What was configured for an engine, None when nothing was."""
        return self.engines.get(_engine_name(name))

    def engine_names(self) -> list[str]:
        """The configured engines, in the order in which they came."""
        return list(self.engines)

    @classmethod
    def of(cls, given: Any) -> SearchConfig | None:
        """The value of the option, which may be a dict with the keys of the `search` block."""
        if given is None or isinstance(given, SearchConfig):
            return given
        values = dict(checks.mapping("search_config", given))
        if "engine" in values:
            values["engines"] = values.pop("engine")
        return _made("search_config", cls, values)


def _engine_name(name: object) -> str:
    return checks.filled("name", name).strip().lower()


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongType(f"{name} must be a number of at least 0, not {checks.shown(value)}")
    if not math.isfinite(value) or value < 0:
        raise InvalidArgument(f"{name} must be a number of at least 0, not {value}")


def _made(name: str, kind: type[T], given: Any) -> T:
    """An object of the class, or one made from a dict of its settings."""
    if isinstance(given, kind):
        return given
    if not isinstance(given, Mapping):
        raise WrongType(f"{name} must be a {kind.__name__} or a dict, not {checks.shown(given)}")
    known = list(kind.__dataclass_fields__)  # type: ignore[attr-defined]  # these are dataclasses
    for key in checks.mapping(name, given):
        if key not in known:
            raise InvalidArgument(f"{name} has no setting {key!r}; it has {', '.join(known)}")
    return kind(**given)
