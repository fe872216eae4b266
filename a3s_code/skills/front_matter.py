"""Markdown with YAML between two `---` lines in front of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from a3s_code.errors import InvalidArgument

_PARTS = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(?P<head>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)

_MOST_VALUES = 100_000


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The keys of the front matter and the text behind it, without blank lines around.

    Raises `InvalidArgument` when there is no front matter or when it is not a mapping.
    """
    found = _PARTS.match(text)
    if found is None:
        raise InvalidArgument("there is no front matter between two `---` lines")
    return read_mapping(found["head"]), text[found.end() :].strip()


def read_mapping(text: str) -> dict[str, Any]:
    """The keys of a YAML mapping; blank text has none. Raises `InvalidArgument`."""
    import yaml  # here, because most sessions have no skills

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidArgument(f"the YAML cannot be read: {_one_line(error)}") from error
    except Exception as error:  # safe_load lets errors of its conversions through
        raise InvalidArgument(
            f"the YAML cannot be read: {type(error).__name__}: {_one_line(error)}"
        ) from error
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"the YAML is a {type(value).__name__}, not a mapping")
    _check_size(value)
    return {str(key): entry for key, entry in value.items()}


def _check_size(value: Any) -> None:
    """Raise `InvalidArgument` for what aliases make far larger than the file, or endless."""
    waiting, found = [value], 0
    while waiting:
        found += 1
        if found > _MOST_VALUES:
            raise InvalidArgument(f"the YAML stands for more than {_MOST_VALUES} values")
        match waiting.pop():
            case Mapping() as mapping:
                waiting += mapping.values()
            case list() | tuple() | set() as items:
                waiting += items


def scalar(values: Mapping[str, Any], key: str, default: str) -> str:
    """The value as text; `default` when it is absent or null. Raises `InvalidArgument`."""
    value = values.get(key)
    if value is None:
        return default
    if isinstance(value, Mapping | list | set | tuple):
        raise InvalidArgument(f"`{key}` must be a text")
    return str(value).strip()


def texts(values: Mapping[str, Any], key: str) -> list[str]:
    """A list of texts, also when a single one was given. Raises `InvalidArgument`."""
    value = values.get(key)
    if value is None:
        return []
    entries = value if isinstance(value, list) else [value]
    if any(isinstance(entry, Mapping | list | set | tuple) for entry in entries):
        raise InvalidArgument(f"`{key}` must be a list of texts")
    return [str(entry).strip() for entry in entries if entry is not None]


def flag(values: Mapping[str, Any], key: str, default: bool = False) -> bool:
    """A true or false value. Raises `InvalidArgument`."""
    value = values.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InvalidArgument(f"`{key}` must be true or false")
    return value


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
