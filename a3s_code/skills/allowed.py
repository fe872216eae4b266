"""The `allowed-tools` of a skill: which calls it permits."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a3s_code.errors import InvalidArgument
from a3s_code.permissions.rules import PermissionRule

log = logging.getLogger("a3s_code")


@dataclass(frozen=True, slots=True)
class AllowedTools:
    """Entries such as `read(*.py)`; a call is permitted when one of them covers it.

    Entries are permission rules, read in the strict way of rules that allow.
    """

    rules: tuple[PermissionRule, ...]

    @classmethod
    def parse(cls, text: str | None) -> AllowedTools:
        """The entries of a comma-separated text; None and blank text have none.

        An entry that is no rule permits nothing and is logged: the rest still holds.
        """
        rules = []
        for entry in _entries(text or ""):
            try:
                rules.append(PermissionRule(entry))
            except InvalidArgument as error:
                log.warning("allowed-tools: %s", error.problem)
        return cls(tuple(rules))

    def permits(self, tool: str, args: Mapping[str, Any], workspace: Path | None = None) -> bool:
        """Whether an entry covers the call; relative paths start from `workspace`."""
        return any(rule.covers(tool, args, workspace) for rule in self.rules)

    def names(self, tool: str) -> bool:
        """Whether some call of the tool can be permitted."""
        return any(rule.names(tool) for rule in self.rules)


def _entries(text: str) -> Iterator[str]:
    # Without commas and parentheses the entries may be separated by blanks: the older style.
    parts: Iterable[str] = (
        _cut_at_commas(text) if any(sign in text for sign in ",()") else text.split()
    )
    return (part.strip() for part in parts if part.strip())


def _cut_at_commas(text: str) -> Iterator[str]:
    """The parts between the commas that stand outside of parentheses."""
    depth = start = 0
    for at, sign in enumerate(text):
        if sign == "(":
            depth += 1
        elif sign == ")":
            depth = max(0, depth - 1)
        elif sign == "," and depth == 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]
