"""JSON values as the Python values that a type hint promises: a pure core."""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class WrongValue(ValueError):
    """A value that does not fit the hint; the message says what is wrong with it."""


def typed(hint: Any, value: Any) -> Any:
    """The value as the hint has it, with enums, dataclasses, tuples and paths in their places.

    Of a union the first member that fits is taken. Raises `WrongValue`.
    """
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return typed(args[0], value)
    if hint in _PLAIN:
        return _of_plain(hint, value)
    if origin in (typing.Union, types.UnionType):
        return _of_union(args, value)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _of_enum(hint, value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _of_dataclass(hint, value)
    if origin is typing.Literal:
        return _of_choices(args, value)
    if hint is Path:
        return Path(_expected(value, str, "a string"))
    return _of_container(origin or hint, args, value)


def _of_container(kind: Any, args: Sequence[Any], value: Any) -> Any:
    if kind in (list, Sequence, tuple):
        items = _expected(value, list, "an array")
        items = [typed(args[0], item) for item in items] if args else items
        return tuple(items) if kind is tuple else items
    if kind in (dict, Mapping):
        items = _expected(value, dict, "an object")
        return {name: typed(args[1], item) for name, item in items.items()} if args else items
    return value  # Any


_PLAIN: Mapping[Any, str] = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    type(None): "null",
}


def _of_plain(kind: type, value: Any) -> Any:
    """JSON has one kind of number: a whole one is an integer, and any is a float."""
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise WrongValue(f"must be {_PLAIN[kind]}")
    return value


def _of_choices(choices: Sequence[Any], value: Any) -> Any:
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return choice
    raise WrongValue(f"must be one of {', '.join(map(str, choices))}")


def _of_union(members: Sequence[Any], value: Any) -> Any:
    problems = []
    # What needs no conversion comes last: an enum's member arrives as text, too.
    for member in sorted(members, key=lambda member: not needs_conversion(member)):
        try:
            return typed(member, value)
        except WrongValue as error:
            if member is not type(None):
                problems.append(str(error))
    raise WrongValue(" or ".join(problems))


def needs_conversion(hint: Any) -> bool:
    """Whether a value of this type is another one in Python than in JSON."""
    if isinstance(hint, type) and (issubclass(hint, enum.Enum) or dataclasses.is_dataclass(hint)):
        return True
    if hint in (tuple, Path) or typing.get_origin(hint) is tuple:
        return True
    return any(needs_conversion(arg) for arg in typing.get_args(hint))


def _of_enum(hint: type[enum.Enum], value: Any) -> enum.Enum:
    try:
        return hint(value)
    except ValueError:
        choices = ", ".join(str(member.value) for member in hint)
        raise WrongValue(f"must be one of {choices}") from None


def _of_dataclass(hint: type, value: Any) -> Any:
    given = _expected(value, dict, "an object")
    hints = typing.get_type_hints(hint, include_extras=True)
    known = {field.name: field for field in dataclasses.fields(hint) if field.init}
    for name in given:
        if name not in known:
            raise WrongValue(f"has no {name!r}")
    for name, field in known.items():
        if name not in given and is_required(field):
            raise WrongValue(f"needs {name!r}")
    return hint(**{name: typed(hints[name], item) for name, item in given.items()})


def is_required(field: dataclasses.Field[Any]) -> bool:
    """Whether a dataclass cannot be made without this field."""
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _expected(value: Any, kind: type, words: str) -> Any:
    if not isinstance(value, kind):
        raise WrongValue(f"must be {words}")
    return value
