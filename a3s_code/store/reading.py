"""Values out of parsed JSON, checked; a value of the wrong type is an error that names its key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")


class WrongForm(ValueError):
    """Data that is not in the documented form; the text names the key."""


def take(data: Mapping[str, Any], key: str, kind: type[T], default: T) -> T:
    """The value of `key`; the default when it is absent or null."""
    value = data.get(key)
    if value is None:
        return default
    if kind is float and type(value) is int:
        value = float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise WrongForm(f"{key!r} must be {_NAMES[kind]}, not {type(value).__name__}")
    return value


def take_optional(data: Mapping[str, Any], key: str, kind: type[T]) -> T | None:
    """The value of `key`; None when it is absent or null."""
    return None if data.get(key) is None else take(data, key, kind, kind())


def take_objects(data: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], ...]:
    """A list of objects; empty when it is absent or null."""
    values: list[Any] = take(data, key, list, [])
    for value in values:
        if not isinstance(value, dict):
            raise WrongForm(f"{key!r} must hold objects, not {type(value).__name__}")
    return tuple(values)


def take_strings(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of strings; empty when it is absent or null."""
    values: list[Any] = take(data, key, list, [])
    for value in values:
        if not isinstance(value, str):
            raise WrongForm(f"{key!r} must hold strings, not {type(value).__name__}")
    return tuple(values)


def parse_time(text: str) -> datetime:
    """The moment that an RFC 3339 text names; one without a zone is UTC. Raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def take_unix_time(data: Mapping[str, Any], key: str, default: int) -> int:
    """Unix seconds, given as a number or as a date and time."""
    value = data.get(key)
    if value is None:
        return default
    if isinstance(value, str):
        try:
            return int(parse_time(value).timestamp())
        except ValueError:
            raise WrongForm(f"{key!r} is not a date and time: {value!r}") from None
    return int(take(data, key, float, 0.0))


_NAMES: dict[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}
