"""The files below a directory that a pattern and the ignore rules leave, without any helper program.

Works on open directories, never on paths, so that a directory exchanged for a symlink meanwhile is
not entered. Symlinks are neither followed nor listed, as ripgrep does it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from a3s_code.tools.confined import Folder, is_real_folder
from a3s_code.tools.globs import Glob
from a3s_code.tools.ignore import FILE_NAME, NO_RULES, IgnoreRules, read_rule_lines
from a3s_code.tools.limits import Limits


class Run(NamedTuple):
    """Files of one directory that follow each other in the order of names; `prefix` ends in `/`."""

    folder: Folder
    prefix: str
    names: list[str]


@dataclass(slots=True)
class _Level:
    """A directory on the way: the wanted files still to come, the directories to enter reversed."""

    folder: Folder
    prefix: str
    rules: IgnoreRules
    names: list[str]
    inner: list[str]

    def names_before(self, inner: str | None) -> list[str]:
        """Take the files that stand before a directory of that name, all of them for None."""
        end = len(self.names) if inner is None else bisect_left(self.names, inner)
        names, self.names = self.names[:end], self.names[end:]
        return names


def walk(
    base: Folder, wanted: Glob, limits: Limits, *, rules: IgnoreRules = NO_RULES, within: str = ""
) -> Iterator[Run]:
    """Runs of files below `base`, ordered by the names of their path's components.

    `rules` are those of the directories above, which know `base` as `within` (ending in `/` or
    empty). A folder in a run is open until the next run is asked for. Directories that cannot be
    read are passed over.
    """
    levels = [_level(base, "", wanted, rules, within)]
    try:
        while levels:
            limits.check()
            level = levels[-1]
            inner = level.inner.pop() if level.inner else None
            names = level.names_before(inner)
            if names:
                yield Run(level.folder, level.prefix, names)
            if inner is None:
                levels.pop()
                if levels:
                    level.folder.close()
                continue
            try:
                folder = level.folder.enter(inner)
            except OSError:
                continue
            levels.append(_level(folder, f"{level.prefix}{inner}/", wanted, level.rules, within))
    finally:
        for level in levels[1:]:
            level.folder.close()


def _level(folder: Folder, prefix: str, wanted: Glob, rules: IgnoreRules, within: str) -> _Level:
    try:
        entries = folder.scan()
    except OSError:
        return _Level(folder, prefix, rules, [], [])
    matches, may_contain = wanted.test_in(prefix), wanted.may_contain
    names, inner, hidden = [], [], []
    for entry in entries:  # in one loop, since a search of names spends most of its time here
        name = entry.name
        if name[0] == ".":
            hidden.append(name)
        if entry.is_dir(follow_symlinks=False):
            if may_contain(prefix + name) and name != ".git" and is_real_folder(entry):
                inner.append(name)
        elif matches(name) and entry.is_file(follow_symlinks=False):
            names.append(name)
    if ".git" in hidden and prefix:
        rules = NO_RULES  # a repository inside: the rules around it end here
    if FILE_NAME in hidden:
        rules = rules.below(within + prefix, read_rule_lines(folder.path))
    if rules.files:
        path = within + prefix
        names = [name for name in names if not rules.ignores(path + name)]
        inner = [name for name in inner if not rules.ignores(f"{path}{name}/")]
    return _Level(folder, prefix, rules, sorted(names), sorted(inner, reverse=True))
