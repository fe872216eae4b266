"""Searching the content of files: the same matches in the same order with ripgrep and without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from a3s_code.tools.dialect import is_tame
from a3s_code.tools.limits import Limits
from a3s_code.tools.match import Match, Matches
from a3s_code.tools.search_helpers import help_for
from a3s_code.tools.search_here import MAX_MATCHES, search_here
from a3s_code.tools.workspace import Workspace

__all__ = ["MAX_MATCHES", "Match", "Matches", "context_lines", "search"]


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
) -> Matches:
    """The lines that match a regular expression, sorted by path, below a directory or in a file.

    `glob` selects files: without `/` by their name, else by their path below `path`. Ignored, hidden
    and binary files and symlinks are left out; a file given as `path` is searched whatever it is,
    unless it is binary. Where a byte is no UTF-8, `.` matches it only without ripgrep. Blocks: call
    it in a worker thread. Raises `ToolFailed` for a bad expression, filter or path and when the time
    of `limits` is over.
    """
    return search_here(
        workspace,
        pattern,
        path,
        glob=glob,
        ignore_case=ignore_case,
        max_matches=max_matches,
        limits=limits,
        use_ripgrep=use_ripgrep,
        helping=help_for(is_tame=is_tame(pattern)),
    )


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
