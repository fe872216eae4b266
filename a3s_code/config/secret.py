"""A value that must not be shown: it prints as `***` and refuses to be serialised by accident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn


class Secret:
    """An API key or the like. Only `reveal()` gives the text; comparing and hashing work as usual."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled; reveal() it where it is used")


def reveal_all(secrets: Mapping[str, Secret]) -> dict[str, str]:
    """A map of headers or variables with its values readable, for the place that sends them."""
    return {name: secret.reveal() for name, secret in secrets.items()}


def unfit_for_header(text: str) -> str:
    """Why a text cannot be sent in an HTTP header, "" when it can; never shows the text."""
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in text.strip(" \t\r\n")):
        return "holds a control character"
    return "" if text.isascii() else "holds a character that is not ASCII"
