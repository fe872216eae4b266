"""Where a search starts, and which rules from above hold there: shared by `glob` and `grep`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from a3s_code.tools.ignore import FILE_NAME, NO_RULES, IgnoreRules, read_rule_lines
from a3s_code.tools.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Place:
    """A directory in a workspace to search. `prefix` is its relative path, "" or ending in `/`.

    `rules` are those of the directories between the workspace and this one. A directory that they
    leave out was asked for by name: then they do not hold, so `rules` is empty.
    """

    path: Path
    prefix: str
    rules: IgnoreRules

    def ripgrep_sees_the_same(self, workspace: Workspace) -> bool:
        """Whether rg, told to respect the parents' rules, would read no others than ours."""
        if not self.rules.files:
            return True  # it is told not to look at parents at all
        above = (workspace.root, *workspace.root.parents)
        for folder in above:
            if folder != workspace.root and (folder / FILE_NAME).exists():
                return False
            if (folder / ".git").exists():
                return True
        return True


def place_of(workspace: Workspace, path: Path) -> Place:
    """The place of a resolved directory."""
    relative = workspace.relative(path)
    if relative == ".":
        return Place(path, "", NO_RULES)
    parts = relative.split("/")
    rules, folder = NO_RULES, ""
    for part in parts:
        here = workspace.root / folder
        if folder and (here / ".git").exists():
            rules = NO_RULES
        rules = rules.below(folder, read_rule_lines(os.fspath(here)))
        folder += f"{part}/"
        if rules.ignores(folder):
            return Place(path, f"{relative}/", NO_RULES)
    if (path / ".git").exists():  # a repository inside: the rules around it do not hold
        rules = NO_RULES
    return Place(path, f"{relative}/", rules)
