"""What a configuration text says, before anything is known about the meaning of its keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from a3s_code.errors import ConfigError


class Mistake(Exception):
    """A configuration mistake whose file is not known here; the loader makes a `ConfigError` of it.

    `line` and `column` count from 1; None when unknown.
    """

    def __init__(self, problem: str, line: int | None = None, column: int | None = None) -> None:
        self.problem, self.line, self.column = problem, line, column
        super().__init__(problem)

    def located(self, path: str | None) -> ConfigError:
        """The error for the user, with the file's name when there is a file."""
        return ConfigError(self.problem, path=path, line=self.line, column=self.column)


@dataclass(frozen=True, slots=True)
class EnvCall:
    """`env("NAME")`, not looked up yet. `line` counts from 1."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Template:
    """A string with `${env("NAME")}` in it: its parts in order."""

    parts: tuple[str | EnvCall, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """The entries of a block or of an object, in the order of the text."""

    entries: tuple[Entry, ...]
    line: int | None = None

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)


Value: TypeAlias = "bool | int | float | str | EnvCall | Template | Body | tuple[Value, ...] | None"


@dataclass(frozen=True, slots=True)
class Entry:
    """One attribute or one block. `line` is None when the configuration did not come from a text.

    `is_block` tells `name { }` from `name = { }`; only blocks have labels and may be repeated.
    """

    name: str
    value: Value
    line: int | None = None
    labels: tuple[str, ...] = ()
    is_block: bool = False
