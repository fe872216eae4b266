"""The other side of `search_helper`: a process that does what it is told, one message a line."""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from a3s_code.tools import confined
from a3s_code.tools.dialect import compile_regex
from a3s_code.tools.finder import Finder
from a3s_code.tools.globs import compile_glob
from a3s_code.tools.linesearch import LineSearch
from a3s_code.tools.pending import packed, unpacked
from a3s_code.tools.search_run import search_names


def main() -> None:
    """Tell with an empty line that it is ready, then answer each message with one line."""
    _write(b"")
    for line in sys.stdin.buffer:
        message = json.loads(line)
        answer = _found(message) if "pending" in message else _searched(message)
        _write(json.dumps(answer).encode())


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _searched(message: dict[str, Any]) -> list[Any]:
    """The matches in each of some files of a directory that has any."""
    root, prefix = Path(message["root"]), message["prefix"]
    try:
        folder = confined.open_folder(root, root / prefix)
    except OSError:
        return []  # gone meanwhile
    try:
        lines_of = _line_search(message["pattern"], message["ignore_case"])
        return list(search_names(folder, prefix, message["names"], lines_of, _unlimited))
    finally:
        folder.close()


@lru_cache(maxsize=1)
def _line_search(pattern: str, ignore_case: bool) -> LineSearch:
    return LineSearch(compile_regex(pattern, ignore_case=ignore_case))


def _found(message: dict[str, Any]) -> dict[str, Any]:
    """The files in some directories, and the directories that are left."""
    wanted = compile_glob(message["pattern"])
    finder = Finder(Path(message["root"]), message["within"], wanted, _unlimited)
    pending = unpacked(message["pending"])
    finder.look(pending, message["effort"])
    return {"found": finder.found, "pending": packed(pending)}


def _unlimited() -> None:
    """Whoever waits for this process kills it."""
