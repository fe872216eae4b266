"""Searching the content of files: the same matches in the same order with ripgrep and without."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from a3s_code.errors import ToolFailed
from a3s_code.tools.dialect import compile_regex, is_tame, same_in_ripgrep
from a3s_code.tools.failures import reason
from a3s_code.tools.glob_argument import glob_argument
from a3s_code.tools.globs import Glob, compile_filter
from a3s_code.tools.limits import Limits
from a3s_code.tools.linesearch import LineSearch
from a3s_code.tools.match import Match, Matches
from a3s_code.tools.place import Place, place_of
from a3s_code.tools.ripgrep import RipgrepFailed, find_ripgrep, search_files
from a3s_code.tools.ripgrep_rules import rule_options
from a3s_code.tools.search_helpers import Help, help_for
from a3s_code.tools.search_query import Query
from a3s_code.tools.search_walk import search_below, search_file_elsewhere
from a3s_code.tools.undisturbed import file_clock_ns, undisturbed
from a3s_code.tools.workspace import Workspace

MAX_MATCHES = 10_000
_MAX_TEXT_CHARS = 32 << 20


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
    helping: Help | None = None,
) -> Matches:
    """The lines that match a regular expression, sorted by path, below a directory or in a file.

    `glob` selects files: without `/` by their name, else by their path below `path`. Ignored, hidden
    and binary files and symlinks are left out; a file given as `path` is searched whatever it is,
    unless it is binary. Where a byte is no UTF-8, `.` matches it only without ripgrep. Blocks: call
    it in a worker thread. Raises `ToolFailed` for a bad expression, filter or path and when the time
    of `limits` is over.

    `helping` says how many processes may help; None: as many as are good for the expression.
    """
    limits = limits or Limits()
    helping = helping or help_for(is_tame=is_tame(pattern))
    wanted = glob_argument(glob or "**", "grep", compile_filter)
    regex = _regex(pattern, ignore_case)
    query = Query(workspace.root, pattern, regex, wanted, ignore_case, max_matches)
    base = workspace.resolve(path, tool="grep")
    if not os.path.isdir(base):  # unlike `base.is_dir()` no error for a name that is too long
        return _in_file(workspace, base, path, query, limits, helping)
    place = place_of(workspace, base)
    if use_ripgrep and same_in_ripgrep(pattern):
        found = _with_ripgrep(workspace, place, query, limits)
        if found is not None:
            return found
    return _with_walk(place, query, limits, helping)


def _in_file(
    workspace: Workspace, base: Path, path: str, query: Query, limits: Limits, helping: Help
) -> Matches:
    try:
        with workspace.open(base) as file:
            if not helping.is_required:
                lines = LineSearch(query.regex).in_file(file.fileno(), limits.check) or []
                name = workspace.relative(base)
                found = [Match(name, number, text) for number, text in lines]
                return _collect([found], query)
    except FileNotFoundError:
        raise ToolFailed(f"Path not found: {path}") from None
    except OSError as error:
        raise ToolFailed(f"Failed to search {path}: {reason(error)}") from error
    return _collect(search_file_elsewhere(workspace.relative(base), query, limits), query)


def _regex(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    try:
        return compile_regex(pattern, ignore_case=ignore_case)
    except (re.error, OverflowError, RecursionError) as error:
        raise ToolFailed(f"Invalid regex pattern '{pattern}': {error}") from None


def _with_ripgrep(
    workspace: Workspace, place: Place, query: Query, limits: Limits
) -> Matches | None:
    """All cores in any order first; if that is too much, in order up to the limit.

    None when there is no ripgrep, or none that can do the same as the walk here. Also when a directory
    has changed meanwhile: it may have led ripgrep elsewhere.
    """
    program = find_ripgrep(workspace.root)
    rules = rule_options(program, place, workspace) if program is not None else None
    if program is None or rules is None:
        return None
    since_ns = file_clock_ns()
    for ordered in (False, True):
        files = search_files(
            program,
            str(place.path),
            query.pattern,
            query.wanted,
            limits,
            ignore_case=query.ignore_case,
            ordered=ordered,
            rules=rules,
        )
        try:
            matches = _collect(_placed(files, place, query.wanted), query)
        except RipgrepFailed:
            return None  # it does not know the expression or an option after all
        if matches.complete:
            break
    paths = {match.path for match in matches}
    return matches if undisturbed(str(workspace.root), paths, since_ns) else None


def _placed(files: Iterable[list[Match]], place: Place, wanted: Glob) -> Iterator[list[Match]]:
    for matches in files:
        if matches and wanted.matches_file(matches[0].path):
            path = place.prefix + matches[0].path
            yield [Match(path, match.line, match.text) for match in matches]


def _with_walk(place: Place, query: Query, limits: Limits, helping: Help) -> Matches:
    """With all help in any order first; if that is too much, in order up to the limit."""
    for most in (helping.most, int(helping.is_required)):
        with closing(search_below(place, query, limits, replace(helping, most=most))) as files:
            matches = _collect(files, query)
        if matches.complete:
            break
    return matches


def _collect(files: Iterable[list[Match]], query: Query) -> Matches:
    found, chars = Matches(), 0
    for matches in files:
        for match in matches:
            if len(found) == query.max_matches or chars > _MAX_TEXT_CHARS:
                found.complete = False
                break
            found.append(match)
            chars += len(match.text)
        if not found.complete:
            break
    found.sort()
    return found
