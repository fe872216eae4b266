"""The files below a directory that a pattern and the ignore rules leave, in order.

Works on open directories, never on paths, so that a directory exchanged for a symlink meanwhile is
not entered. Symlinks are neither followed nor listed, as ripgrep does it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from a3s_code.tools.confined import Folder
from a3s_code.tools.globs import Glob
from a3s_code.tools.ignore import NO_RULES, IgnoreRules
from a3s_code.tools.limits import Limits
from a3s_code.tools.scan import scan


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
    names, inner, rules, _ = scan(folder, prefix, wanted, rules, within)
    return _Level(folder, prefix, rules, sorted(names), sorted(inner, reverse=True))
