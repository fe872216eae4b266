"""Searching the content of files in this process, with ripgrep or without."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from a3s_code.errors import ToolFailed
from a3s_code.tools import confined
from a3s_code.tools.dialect import compile_regex, same_in_ripgrep
from a3s_code.tools.failures import reason
from a3s_code.tools.globs import BadGlob, Glob, GlobLeavesRoot, compile_filter
from a3s_code.tools.limits import Limits
from a3s_code.tools.linesearch import LineSearch
from a3s_code.tools.match import Match, Matches
from a3s_code.tools.place import Place, place_of
from a3s_code.tools.ripgrep import RipgrepFailed, find_ripgrep, search_files
from a3s_code.tools.walk import walk
from a3s_code.tools.workspace import Workspace

MAX_MATCHES = 10_000
_MAX_TEXT_CHARS = 32 << 20


@dataclass(frozen=True, slots=True)
class _Query:
    """What to look for: the expression as text and compiled, and which files."""

    pattern: str
    regex: re.Pattern[str]
    wanted: Glob
    ignore_case: bool
    max_matches: int


def search_here(
    workspace: Workspace,
    pattern: str,
    path: str = ".",
    *,
    glob: str | None = None,
    ignore_case: bool = False,
    max_matches: int = MAX_MATCHES,
    limits: Limits | None = None,
    use_ripgrep: bool = True,
    use_walk: bool = True,
) -> Matches | None:
    """As `search.search`, in this process; None when that would need the walk and it may not."""
    limits = limits or Limits()
    query = _Query(pattern, _regex(pattern, ignore_case), _filter(glob), ignore_case, max_matches)
    base = workspace.resolve(path, tool="grep")
    if base.is_dir() and use_ripgrep and same_in_ripgrep(pattern):
        found = _with_ripgrep(workspace, place_of(workspace, base), query, limits)
        if found is not None:
            return found
    if not use_walk:
        return None
    if base.is_dir():
        return _with_walk(workspace, place_of(workspace, base), query, limits)
    return _in_file(workspace, base, path, query, limits)


def _in_file(
    workspace: Workspace, base: Path, given: str, query: _Query, limits: Limits
) -> Matches:
    try:
        with workspace.open(base) as file:
            lines = LineSearch(query.regex).in_file(file.fileno(), limits.check)
    except FileNotFoundError:
        raise ToolFailed(f"Path not found: {given}") from None
    except OSError as error:
        raise ToolFailed(f"Failed to search {given}: {reason(error)}") from error
    name = workspace.relative(base)
    return _collect(
        [[Match(name, number, text) for number, text in lines or []]], query.max_matches
    )


def _regex(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    try:
        return compile_regex(pattern, ignore_case=ignore_case)
    except (re.error, OverflowError, RecursionError) as error:
        raise ToolFailed(f"Invalid regex pattern '{pattern}': {error}") from None


def _filter(glob: str | None) -> Glob:
    try:
        return compile_filter(glob or "**")
    except GlobLeavesRoot:
        raise ToolFailed(
            f"Workspace boundary violation: tool 'grep' path '{glob}' escapes workspace"
        ) from None
    except BadGlob as error:
        raise ToolFailed(f"Invalid glob pattern '{glob}': {error}") from None


def _with_ripgrep(
    workspace: Workspace, place: Place, query: _Query, limits: Limits
) -> Matches | None:
    """All cores in any order first; if that is too much, in order up to the limit.

    None when there is no ripgrep, or none that can do the same as the walk here.
    """
    program = find_ripgrep(workspace.root)
    if program is None or not place.ripgrep_sees_the_same(workspace):
        return None
    for ordered in (False, True):
        files = search_files(
            program,
            str(place.path),
            query.pattern,
            query.wanted,
            limits,
            ignore_case=query.ignore_case,
            ordered=ordered,
            parents=bool(place.rules.files),
        )
        try:
            matches = _collect(_placed(files, place, query.wanted), query.max_matches)
        except RipgrepFailed:
            return None  # it does not know the expression or an option after all
        if matches.complete:
            break
    return matches


def _placed(files: Iterable[list[Match]], place: Place, wanted: Glob) -> Iterator[list[Match]]:
    for matches in files:
        if matches and wanted.matches_file(matches[0].path):
            path = place.prefix + matches[0].path
            yield [Match(path, match.line, match.text) for match in matches]


def _with_walk(workspace: Workspace, place: Place, query: _Query, limits: Limits) -> Matches:
    base = confined.open_folder(workspace.root, place.path)
    try:
        return _collect(_by_walk(base, place, query, limits), query.max_matches)
    finally:
        base.close()


def _by_walk(
    base: confined.Folder, place: Place, query: _Query, limits: Limits
) -> Iterator[list[Match]]:
    lines_of = LineSearch(query.regex)
    for run in walk(base, query.wanted, limits, rules=place.rules, within=place.prefix):
        for name in run.names:
            try:
                fd = run.folder.open_to_read(name)
                try:
                    lines = lines_of.in_file(fd, limits.check)
                finally:
                    os.close(fd)
            except OSError:
                continue  # gone or unreadable: passed over, as ripgrep does
            if lines:
                path = f"{place.prefix}{run.prefix}{name}"
                yield [Match(path, number, text) for number, text in lines]


def _collect(files: Iterable[list[Match]], max_matches: int) -> Matches:
    found, chars = Matches(), 0
    for matches in files:
        for match in matches:
            if len(found) == max_matches or chars > _MAX_TEXT_CHARS:
                found.complete = False
                break
            found.append(match)
            chars += len(match.text)
        if not found.complete:
            break
    found.sort()
    return found
