"""The other side of `search_helpers`: a process that searches the files it is told.

It imports little, since it is started for a single search.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from a3s_code.tools import confined
from a3s_code.tools.dialect import compile_regex
from a3s_code.tools.linesearch import LineSearch
from a3s_code.tools.search_run import search_names


def main() -> None:
    """Read what to look for, then runs of files, each answered by one line."""
    query = json.loads(sys.stdin.buffer.readline())
    root = Path(query["root"])
    lines_of = LineSearch(compile_regex(query["pattern"], ignore_case=query["ignore_case"]))
    for line in sys.stdin.buffer:
        run = json.loads(line)
        answer = json.dumps(_searched(root, run["prefix"], run["names"], lines_of))
        sys.stdout.buffer.write(answer.encode() + b"\n")
        sys.stdout.buffer.flush()


def _searched(root: Path, prefix: str, names: list[str], lines_of: LineSearch) -> list[Any]:
    try:
        folder = confined.open_folder(root, root / prefix)
    except OSError:
        return []  # gone meanwhile
    try:
        return list(search_names(folder, prefix, names, lines_of, _unlimited))
    finally:
        folder.close()


def _unlimited() -> None:
    """Whoever waits for this process kills it."""
