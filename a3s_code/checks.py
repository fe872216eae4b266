"""Checks of what callers give: the value itself, or an error that names argument and value."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from a3s_code.errors import InvalidArgument, WrongType

T = TypeVar("T")

_LONGEST = 60
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def text(name: str, value: object) -> str:
    """A string."""
    if not isinstance(value, str):
        raise _wrong(name, "a string", value)
    return value


def filled(name: str, value: object) -> str:
    """A string in which there is something to see."""
    if is_blank(text(name, value)):
        raise InvalidArgument(f"{name} is empty")
    return str(value)


def is_blank(value: str) -> bool:
    """Whether a text has nothing but white space, control characters and marks without width."""
    return all(unicodedata.category(sign) in _INVISIBLE for sign in value)


def path(name: str, value: object) -> str:
    """A path as the operating system can take it."""
    given = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(given, str):
        raise _wrong(name, "a path", value)
    try:
        os.fsencode(given)
    except UnicodeEncodeError:  # half a surrogate pair
        given = "\0"
    if "\0" in given:
        raise InvalidArgument(f"{name} cannot be a path: {shown(value)}")
    return given


def mapping(name: str, value: object) -> Mapping[str, Any]:
    """A dict whose keys are strings."""
    if not isinstance(value, Mapping):
        raise _wrong(name, "a dict", value)
    for key in value:
        if not isinstance(key, str):
            raise _wrong(f"a key of {name}", "a string", key)
    return value


def items(name: str, value: object, what: str = "a list") -> Sequence[Any]:
    """A list or a tuple; a string is neither."""
    if not isinstance(value, list | tuple):
        raise _wrong(name, what, value)
    return value


def texts(name: str, value: object) -> list[str]:
    """The strings of a list, or of another collection of them."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise _wrong(name, "a list of strings", value)
    found = list(value)
    if not all(isinstance(item, str) for item in found):
        raise _wrong(name, "a list of strings", found)
    return found


def integer(name: str, value: object, least: int) -> int:
    """A whole number from `least` upwards; True and False are none."""
    if type(value) is not int:
        raise _wrong(name, f"an integer of at least {least}", value)
    if value < least:
        raise InvalidArgument(f"{name} must be an integer of at least {least}, not {value}")
    return value


def instance(name: str, value: object, kind: type[T]) -> T:
    """An object of the class."""
    if not isinstance(value, kind):
        raise _wrong(name, f"a {kind.__name__}", value)
    return value


def function(name: str, value: object) -> Callable[..., Any]:
    """Something that can be called."""
    if not callable(value):
        raise _wrong(name, "a function", value)
    return value


def shown(value: object) -> str:
    """A value as errors show it: short, whatever it is."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # foreign code: a broken repr must not hide the mistake
        text = type(value).__name__
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _wrong(name: str, wanted: str, value: object) -> WrongType:
    return WrongType(f"{name} must be {wanted}, not {shown(value)}")
