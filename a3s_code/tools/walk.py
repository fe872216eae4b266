"""The files below a directory that a pattern and the ignore rules leave, without any helper program.

Works on open directories, never on paths, so that a directory exchanged for a symlink meanwhile is
not entered. Symlinks are neither followed nor listed, as ripgrep does it.
"""

from __future__ import annotations

import os
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
    folder: Folder
    prefix: str
    rules: IgnoreRules
    entries: Iterator[os.DirEntry[str]]


def walk(
    base: Folder, wanted: Glob, limits: Limits, *, rules: IgnoreRules = NO_RULES, within: str = ""
) -> Iterator[Run]:
    """Runs of files below `base`, ordered by the names of their path's components.

    `rules` are those of the directories above, which know `base` as `within` (ending in `/` or
    empty). A folder in a run is open until the next run is asked for. Directories that cannot be
    read are passed over.
    """
    levels = [_level(base, "", rules, within)]
    try:
        while levels:
            limits.check()
            level = levels[-1]
            names: list[str] = []
            inner = _collect(level, names, wanted, within)
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
            levels.append(_level(folder, f"{level.prefix}{inner}/", level.rules, within))
    finally:
        for level in levels[1:]:
            level.folder.close()


def _level(folder: Folder, prefix: str, rules: IgnoreRules, within: str) -> _Level:
    try:
        entries = sorted(folder.scan(), key=_name)
    except OSError:
        return _Level(folder, prefix, rules, iter(()))
    names = {entry.name for entry in entries}
    if ".git" in names and prefix:
        rules = NO_RULES  # a repository inside: the rules around it end here
    if FILE_NAME in names:
        rules = rules.below(within + prefix, read_rule_lines(folder.path))
    return _Level(folder, prefix, rules, iter(entries))


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _collect(level: _Level, names: list[str], wanted: Glob, within: str) -> str | None:
    """Add wanted files up to the next directory to enter, and return its name; None at the end."""
    prefix, rules = level.prefix, level.rules
    matches, may_contain = wanted.files.fullmatch, wanted.folders.fullmatch
    for entry in level.entries:
        path = prefix + entry.name
        if entry.is_file(follow_symlinks=False):
            if matches(path) and not (rules.files and rules.ignores(within + path)):
                names.append(entry.name)
        elif (
            may_contain(path)
            and entry.name != ".git"
            and is_real_folder(entry)
            and not (rules.files and rules.ignores(f"{within}{path}/"))
        ):
            return entry.name
    return None
