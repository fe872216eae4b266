"""Rules of `.gitignore` files from a directory down, the deepest one that has an opinion deciding."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # slow to import, and most sessions meet no rules until their first search
    from pathspec import GitIgnoreSpec

FILE_NAME = ".gitignore"


_WILDCARDS = re.compile(r"[*?\[\\]")


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The rules of one directory with their lines; `folder` is its path, "" or ending in `/`.

    Matching is left to pathspec, which takes about a microsecond per rule. Most names are of no
    interest to any rule, and that is cheap to see: they are in no set of names, have none of the
    endings and match none of the remaining patterns.
    """

    folder: str
    lines: tuple[str, ...]
    spec: GitIgnoreSpec
    names: frozenset[str]
    endings: tuple[str, ...]
    others: re.Pattern[str] | None

    def verdict(self, path: str) -> bool | None:
        """Whether the rules ignore or keep this path, a directory's ending in `/`; None: neither."""
        path = path[len(self.folder) :]
        name = path.removesuffix("/").rpartition("/")[2]
        if name in self.names or name.endswith(self.endings) or self._may_match(path):
            return self.spec.check_file(path).include
        return None

    def _may_match(self, path: str) -> bool:
        return self.others is not None and self.others.match(path) is not None


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules that hold in one directory, from the outermost file to the innermost.

    Paths are relative to the directory where the first rules were read, with `/`.
    """

    files: tuple[RuleFile, ...] = ()

    def below(self, folder: str, lines: Iterable[str]) -> IgnoreRules:
        """The rules in a directory (`""` or ending in `/`) that has a rule file of its own."""
        rules = parse_rules(folder, tuple(lines))
        return IgnoreRules((*self.files, rules)) if len(rules.spec) else self

    def ignores(self, path: str) -> bool:
        """Whether the rules leave out this file, or this directory when it ends in `/`."""
        for rules in reversed(self.files):
            verdict = rules.verdict(path)
            if verdict is not None:
                return verdict
        return False


NO_RULES = IgnoreRules()


@lru_cache(maxsize=64)
def parse_rules(folder: str, lines: tuple[str, ...]) -> RuleFile:
    """The rules of one file; lines that are no valid pattern are skipped, as git does."""
    from pathspec import GitIgnoreSpec

    rules = [rule for line in lines if _is_valid(rule := _adapted(line.rstrip("\r\n")))]
    names, endings, others = set(), set(), []
    for rule in rules:
        spec = GitIgnoreSpec.from_lines([rule])
        name = rule.removeprefix("!").removesuffix("/")
        if name != name.strip() or "/" in name or name.startswith(("#", "!")):
            name = "?"  # escapes, spaces and paths: not for the shortcut
        if not _WILDCARDS.search(name):
            names.add(name)
        elif name.startswith("*") and not _WILDCARDS.search(name[1:]):
            endings.add(name[1:])
        else:
            others += [_unnamed(pattern.regex) for pattern in spec.patterns if pattern.regex]
    union = re.compile("|".join(others)) if others else None
    spec = GitIgnoreSpec.from_lines(rules)
    return RuleFile(folder, lines, spec, frozenset(names), tuple(endings), union)


def _adapted(rule: str) -> str:
    """`x/**` means what is in x, however deep, but not x itself, which pathspec would include."""
    return f"{rule}/*" if rule.endswith("/**") else rule


def _unnamed(regex: re.Pattern[str]) -> str:
    """The expression without names of groups, which may occur only once in a larger one."""
    return re.sub(r"\(\?P<\w+>", "(?:", regex.pattern)


def _is_valid(rule: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([rule])
    except ValueError:
        return False
    return True


def read_rule_lines(folder: str) -> list[str]:
    """The lines of a directory's rule file; none when there is no readable regular file."""
    path = os.path.join(folder, FILE_NAME)
    if not os.path.isfile(path):
        return []
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return file.read().split("\n")
    except OSError:
        return []
