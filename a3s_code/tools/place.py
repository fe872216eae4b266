"""Where a search starts, and which rules from above hold there: shared by `glob` and `grep`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from a3s_code.tools.ignore import NO_RULES, IgnoreRules, read_rule_lines
from a3s_code.tools.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Place:
    """A directory in a workspace to search. `prefix` is its relative path, "" or ending in `/`.

    `rules` are those of the directories between the workspace and this one. A directory that they
    leave out was asked for by name: `is_left_out`, and they do not hold, so `rules` is empty.
    """

    path: Path
    prefix: str
    rules: IgnoreRules
    is_left_out: bool = False

    def inner(self, name: str) -> Place | None:
        """The place of a directory in this one; None when the rules leave it out."""
        rules = self.rules.below(self.prefix, read_rule_lines(os.fspath(self.path)))
        prefix, path = f"{self.prefix}{name}/", self.path / name
        if rules.ignores(prefix):
            return None
        if (path / ".git").exists():  # a repository inside: the rules around it do not hold
            rules = NO_RULES
        return Place(path, prefix, rules)


def place_of(workspace: Workspace, path: Path) -> Place:
    """The place of a resolved directory."""
    place = Place(workspace.root, "", NO_RULES)
    relative = workspace.relative(path)
    for name in relative.split("/") if relative != "." else ():
        inner = place.inner(name)
        if inner is None:
            return Place(path, f"{relative}/", NO_RULES, is_left_out=True)
        place = inner
    return place
