"""Directories that a search has still to read, and their form in messages between processes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from a3s_code.tools.ignore import IgnoreRules, parse_rules


class Pending(NamedTuple):
    """The directories `names` in that of the path `prefix`, "" or ending in `/`, with its rules."""

    prefix: str
    rules: IgnoreRules
    names: list[str]

    def share(self, most: int) -> Pending:
        """Take out at most so many of the names, for somebody else."""
        names = self.names[-most:]
        del self.names[-most:]
        return Pending(self.prefix, self.rules, names)


def packed(pending: Iterable[Pending]) -> dict[str, Any]:
    """As JSON; rules that hold in several directories are in there once."""
    numbers: dict[int, int] = {}
    rules: list[list[tuple[str, tuple[str, ...]]]] = []
    folders: list[tuple[str, int, list[str]]] = []
    for prefix, around, names in pending:
        if id(around) not in numbers:
            numbers[id(around)] = len(rules)
            rules.append([(file.folder, file.lines) for file in around.files])
        folders.append((prefix, numbers[id(around)], names))
    return {"rules": rules, "folders": folders}


def unpacked(message: dict[str, Any]) -> list[Pending]:
    """The other way."""
    rules = [
        IgnoreRules(tuple(parse_rules(folder, tuple(lines)) for folder, lines in files))
        for files in message["rules"]
    ]
    return [Pending(prefix, rules[number], names) for prefix, number, names in message["folders"]]
