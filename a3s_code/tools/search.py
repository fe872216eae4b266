"""Searching the content of files: the same matches in the same order with ripgrep and without."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from a3s_code.errors import ToolFailed
from a3s_code.tools import confined
from a3s_code.tools.dialect import compile_regex, is_tame, same_in_ripgrep
from a3s_code.tools.failures import reason
from a3s_code.tools.globs import BadGlob, Glob, GlobLeavesRoot, compile_filter
from a3s_code.tools.isolated import search_isolated
from a3s_code.tools.limits import Limits
from a3s_code.tools.linesearch import LineSearch
from a3s_code.tools.match import Match
from a3s_code.tools.place import Place, place_of
from a3s_code.tools.ripgrep import RipgrepFailed, find_ripgrep, search_files
from a3s_code.tools.walk import walk
from a3s_code.tools.workspace import Workspace

MAX_MATCHES = 10_000
_MAX_TEXT_CHARS = 32 << 20


class Matches(list[Match]):
    """Matches by path and line. `complete` is False when there were more than could be kept."""

    complete = True


@dataclass(frozen=True, slots=True)
class _Query:
    """What to look for: the expression as text and compiled, and which files."""

    pattern: str
    regex: re.Pattern[str]
    wanted: Glob
    ignore_case: bool
    max_matches: int


def search(
    workspace: Workspace,
    pattern: str,
    path: str = ".",
    *,
    glob: str | None = None,
    ignore_case: bool = False,
    max_matches: int = MAX_MATCHES,
    limits: Limits | None = None,
    use_ripgrep: bool = True,
    isolate: bool = True,
) -> Matches:
    """The lines that match a regular expression, sorted by path, below a directory or in a file.

    `glob` selects files: without `/` by their name, else by their path below `path`. Ignored, hidden
    and binary files and symlinks are left out; a file given as `path` is searched whatever it is,
    unless it is binary. `isolate` lets expressions that could take for ever run in a process of
    their own. Where a byte is no UTF-8, `.` matches it only without ripgrep. Blocks: call it in a worker thread. Raises `ToolFailed` for a bad expression,
    filter or path and when the time of `limits` is over.
    """
    limits = limits or Limits()
    query = _Query(pattern, _regex(pattern, ignore_case), _filter(glob), ignore_case, max_matches)
    base = workspace.resolve(path, tool="grep")
    if base.is_dir() and use_ripgrep and same_in_ripgrep(pattern):
        found = _with_ripgrep(workspace, place_of(workspace, base), query, limits)
        if found is not None:
            return found
    if isolate and not is_tame(pattern) and sys.executable:
        request = {
            "root": str(workspace.root),
            "pattern": pattern,
            "path": path,
            "glob": glob,
            "ignore_case": ignore_case,
            "max_matches": max_matches,
        }
        found = Matches()
        matches, found.complete = search_isolated(request, limits)
        found += matches
        return found
    if base.is_dir():
        return _with_walk(workspace, place_of(workspace, base), query, limits)
    return _in_file(workspace, base, path, query, limits)


def _in_file(
    workspace: Workspace, base: Path, given: str, query: _Query, limits: Limits
) -> Matches:
    try:
        with workspace.open(base) as file:
            lines = LineSearch(query.regex).in_file(file, limits.check)
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
                with os.fdopen(run.folder.open_to_read(name), "rb", buffering=0) as file:
                    lines = lines_of.in_file(file, limits.check)
            except OSError:
                continue  # gone or unreadable: passed over, as ripgrep does
            path = f"{place.prefix}{run.prefix}{name}"
            yield [Match(path, number, text) for number, text in lines or []]


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


def context_lines(
    workspace: Workspace, matches: Iterable[Match], count: int
) -> Iterator[tuple[str, int, str]]:
    """For the matches of one file: the lines around them as (path, number, text), without gaps lost.

    Lines that match are among them. A file that changed meanwhile gives what it has now.
    """
    matches = list(matches)
    wanted = {
        number
        for match in matches
        for number in range(max(match.line - count, 1), match.line + count + 1)
    }
    path = matches[0].path
    known = {match.line: match.text for match in matches}
    last = max(wanted)
    with workspace.open(Path(workspace.root, path)) as file:
        for number, line in enumerate(file, 1):
            if number > last:
                break
            if number in wanted:
                text = line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
                yield path, number, known.get(number, text)
