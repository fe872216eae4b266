"""Tab and Shift-Tab in the text of a prompt: commands, variables and paths, but no Python."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_WORD = re.compile(r"[^\s`'\"()\[\]{},;]*$")
_VARIABLE = re.compile(r"@([A-Za-z_]\w*)")
_MAX_MATCHES = 200


@dataclass(frozen=True, slots=True)
class Completions:
    """What can stand from `start` to `end` of the text, best first."""

    start: int
    end: int
    matches: list[str]


def complete(
    text: str,
    cursor: int,
    *,
    commands: Callable[[], Iterable[str]],
    variables: Callable[[], Iterable[str]],
    folder: Path,
) -> Completions:
    """What the word before the cursor may become.

    A `/word` at the very beginning is a command; `@word` a variable, or a path in `folder`; any
    other word that is not empty a path there. `commands` and `variables` are asked when needed.
    """
    word = _word_before(text, cursor)
    start = cursor - len(word)
    if word.startswith("/") and not text[:start].strip():
        return Completions(start, cursor, sorted(c for c in commands() if c.startswith(word)))
    found: list[str] = []
    if word.startswith("@"):
        found = [f"@{name}" for name in sorted(variables()) if name.startswith(word[1:])]
        found += [f"@{path}" for path in _paths(word[1:], folder)]
    elif word:
        found = _paths(word, folder)
    return Completions(start, cursor, found[:_MAX_MATCHES])


def variable_at(text: str, cursor: int) -> str | None:
    """The name in the `@name` that the cursor stands in or behind."""
    for found in _VARIABLE.finditer(text):
        if found.start() <= cursor <= found.end():
            return found[1]
    return None


def _word_before(text: str, cursor: int) -> str:
    found = _WORD.search(text[:cursor])
    return found[0] if found else ""


def _paths(word: str, folder: Path) -> list[str]:
    """Files and folders (these with a slash) whose path begins with the word."""
    head, slash, name = word.rpartition("/")
    try:
        with os.scandir((folder / Path(head + slash).expanduser()) if slash else folder) as entries:
            names = sorted(
                f"{entry.name}/" if entry.is_dir() else entry.name
                for entry in entries
                if entry.name.startswith(name) and (name or not entry.name.startswith("."))
            )
    except (OSError, ValueError, RuntimeError):  # no such folder, or no such user's home
        return []
    return [f"{head}{slash}{each}" for each in names]
