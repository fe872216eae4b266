"""The text files below a directory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from a3s_code import checks
from a3s_code.errors import ToolFailed, WorkspaceError
from a3s_code.tools import confined
from a3s_code.tools.globs import Glob
from a3s_code.tools.limits import Limits
from a3s_code.tools.place import place_of
from a3s_code.tools.walk import Run, walk
from a3s_code.tools.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text. `path` is relative to the folder, with `/`; `size` in bytes."""

    path: str
    size: int
    modified_ns: int
    text: str


class DocumentFolder:
    """A directory whose text files are offered as context.

    With `base`, the workspace, `root` may be relative to it, and its ignore rules hold too. Raises
    `WorkspaceError` when `root` is missing or no directory.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        wanted: Glob,
        max_file_size: int,
        *,
        base: str | os.PathLike[str] | None = None,
    ) -> None:
        root = checks.path("root_path", root)
        base = None if base is None else checks.path("base", base)
        self._given = PurePath(root).as_posix()
        self._wanted, self._max_file_size = wanted, max_file_size
        joined = os.path.join(base or "", os.path.expanduser(root))
        try:
            self._workspace = Workspace(joined)
        except WorkspaceError as error:
            raise WorkspaceError(error.problem.replace("workspace", "context folder", 1)) from None
        self._root = self._workspace.root
        if base is not None:
            outer = Workspace(base)
            if confined.is_within(str(outer.root), str(self._root)):
                self._workspace = outer

    @property
    def root(self) -> Path:
        """The real path."""
        return self._root

    def shown(self, path: str) -> str:
        """A document's path as the folder was named by the one who offered it."""
        return path if self._given == "." else f"{self._given.rstrip('/')}/{path}"

    def read_all(self, limits: Limits) -> Iterator[Document]:
        """All wanted files by path, as they are now; empty, binary and too large ones left out.

        Symlinks are not followed. Ends early when the time of `limits` is over, which they then
        tell. Raises `Stopped` when the caller has gone.
        """
        place = place_of(self._workspace, self._root)
        folder = confined.open_folder(self._workspace.root, self._root)
        try:
            for run in walk(folder, self._wanted, limits, rules=place.rules, within=place.prefix):
                for name in run.names:
                    limits.check()
                    document = self._open(run, name)
                    if document is not None:
                        yield document
        except ToolFailed:
            return  # the time is over: nothing else raises this here
        finally:
            folder.close()

    def _open(self, run: Run, name: str) -> Document | None:
        try:
            with os.fdopen(run.folder.open_to_read(name), "rb") as file:
                return self._read(run.prefix + name, file)
        except OSError:
            return None  # gone or unreadable

    def refreshed(self, document: Document) -> Document | None:
        """The document as it is now, None when it is no longer there; read only if it changed."""
        path = self._root / document.path
        try:
            with confined.open_file(self._root, path) as file:
                status = os.fstat(file.fileno())
                if (status.st_size, status.st_mtime_ns) == (document.size, document.modified_ns):
                    return document
                return self._read(document.path, file)
        except OSError:
            return None

    def _read(self, path: str, file: BinaryIO) -> Document | None:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= self._max_file_size:
            return None
        data = file.read(self._max_file_size + 1)
        if b"\0" in data or not 0 < len(data) <= self._max_file_size:
            return None
        text = data.decode("utf-8", "replace")
        return Document(path, len(data), status.st_mtime_ns, text)
