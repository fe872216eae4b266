"""The lines around matches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from a3s_code.tools.match import Match
from a3s_code.tools.workspace import Workspace


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
