"""The directory that file tools may touch, and the boundary around it."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from a3s_code import checks
from a3s_code.errors import ToolFailed, WorkspaceError
from a3s_code.tools import confined

# A drive or a network share. On Windows the rest of the check would do, but elsewhere these would
# be taken for odd names of files inside the workspace, which is never what the writer meant.
_WINDOWS_ABSOLUTE = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\)")


def _nothing() -> None:
    """No check before a change becomes visible."""


class Workspace:
    """A directory under its real path. File tools read and change only what lies below it.

    `changes` is held by a tool between reading a file and replacing it, so that two changes of one
    file never lose each other. Raises `WorkspaceError` when `root` is missing or no directory.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        given = checks.path("workspace", root)
        real = os.path.realpath(os.path.expanduser(given))
        if not os.path.isdir(real):
            problem = "is not a directory" if os.path.exists(real) else "does not exist"
            raise WorkspaceError(f"workspace {given!r} {problem}")
        self.root = Path(real)
        self.changes = threading.Lock()

    def __repr__(self) -> str:
        return f"Workspace({str(self.root)!r})"

    def resolve(self, path: str, *, tool: str | None = None) -> Path:
        """The real path that `path` means, relative to the workspace unless it is absolute.

        Symlinks and `..` are followed as far as the path exists, the rest is taken literally.
        Raises `ToolFailed` when the result lies outside; the message names `tool` and the path as
        given, never the workspace.
        """
        try:
            real = os.path.realpath(os.path.join(self.root, path))
        except (OSError, ValueError):  # a NUL or an unencodable character
            raise ToolFailed(f"Invalid path: {path!r}") from None
        if self._is_foreign(path) or not confined.is_within(str(self.root), real):
            by = f"tool '{tool}' " if tool else ""
            raise ToolFailed(f"Workspace boundary violation: {by}path '{path}' escapes workspace")
        return Path(real)

    def _is_foreign(self, path: str) -> bool:
        if os.name != "nt":
            return _WINDOWS_ABSOLUTE.match(path) is not None
        # `name:stream` is an alternate data stream, `D:name` depends on the drive's own directory.
        drive, tail = os.path.splitdrive(path)
        return ":" in tail or (bool(drive) and not os.path.isabs(path))

    def relative(self, path: Path) -> str:
        """A path below the workspace as text with `/`; `.` for the workspace itself."""
        return path.relative_to(self.root).as_posix()

    def open(self, path: Path) -> BinaryIO:
        """Open a resolved path for reading; only regular files. Raises `OSError`."""
        return confined.open_file(self.root, path)

    def replace(
        self, path: Path, data: bytes, *, before_commit: Callable[[], None] = _nothing
    ) -> None:
        """Give a resolved path new content atomically, parents included. Raises `OSError`.

        `before_commit` may raise to leave everything as it was.
        """
        confined.replace_file(self.root, path, data, before_commit=before_commit)

    def entries(self, path: Path) -> list[confined.Entry]:
        """What a resolved directory contains, unsorted. Raises `OSError`."""
        return confined.list_folder(self.root, path)
