"""Rules of `.gitignore` files from a directory down, the deepest one that has an opinion deciding."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

FILE_NAME = ".gitignore"


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules that hold in one directory. `specs` pairs each with the length of its own path.

    Paths are relative to the directory where the first rules were read, with `/`.
    """

    specs: tuple[tuple[int, GitIgnoreSpec], ...] = ()

    def below(self, folder: str, lines: Iterable[str]) -> IgnoreRules:
        """The rules in a directory (`""` or ending in `/`) that has a rule file of its own."""
        spec = parse_rules(lines)
        return IgnoreRules((*self.specs, (len(folder), spec))) if len(spec) else self

    def ignores(self, path: str) -> bool:
        """Whether the rules leave out this file, or this directory when it ends in `/`."""
        for length, spec in reversed(self.specs):
            verdict = spec.check_file(path[length:]).include
            if verdict is not None:
                return verdict
        return False


NO_RULES = IgnoreRules()


def parse_rules(lines: Iterable[str]) -> GitIgnoreSpec:
    """The rules of one file; lines that are no valid pattern are skipped, as git does."""
    rules = [line.rstrip("\r\n") for line in lines]
    try:
        return GitIgnoreSpec.from_lines(rules)
    except ValueError:
        return GitIgnoreSpec.from_lines([rule for rule in rules if _is_valid(rule)])


def _is_valid(rule: str) -> bool:
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
