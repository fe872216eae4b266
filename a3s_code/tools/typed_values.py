"""JSON values as the Python values that a type hint promises: a pure core."""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any


class WrongValue(ValueError):
    """A value that does not fit the hint; the message says what is wrong with it."""


def typed(hint: Any, value: Any) -> Any:
    """The value with enums and dataclasses in the places where the hint has them.

    Of a union the first member that fits is taken. Raises `WrongValue`.
    """
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return typed(args[0], value)
    if origin in (typing.Union, types.UnionType):
        return _of_union(args, value)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _of_enum(hint, value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _of_dataclass(hint, value)
    kind = origin or hint
    if kind in (list, Sequence) and args:
        return [typed(args[0], item) for item in _expected(value, list, "an array")]
    if kind is tuple:
        items = _expected(value, list, "an array")
        return tuple(typed(args[0], item) if args else item for item in items)
    if kind in (dict, Mapping) and args:
        items = _expected(value, dict, "an object")
        return {name: typed(args[1], item) for name, item in items.items()}
    return value


def _of_union(members: Sequence[Any], value: Any) -> Any:
    problem = None
    # What needs no conversion comes last: it takes any value.
    for member in sorted(members, key=lambda member: not needs_conversion(member)):
        try:
            return typed(member, value)
        except WrongValue as error:
            problem = error
    raise problem or WrongValue("fits no type")


def needs_conversion(hint: Any) -> bool:
    """Whether a value of this type is another one in Python than in JSON."""
    if isinstance(hint, type) and (issubclass(hint, enum.Enum) or dataclasses.is_dataclass(hint)):
        return True
    if hint is tuple or typing.get_origin(hint) is tuple:
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
