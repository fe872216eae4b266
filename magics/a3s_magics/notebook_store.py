"""The store of a notebook's conversation: it knows the notebook's place, and when others wrote."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from a3s_code import FileSessionStore, SessionConflict


class NotebookStore(FileSessionStore):
    """Sessions in a folder, opened for a notebook.

    A session that was saved elsewhere (before its notebook was moved) works in `workspace` now.
    `conflict` tells that somebody else has changed the session which this store was writing.
    """

    def __init__(self, folder: str | os.PathLike[str], workspace: Path) -> None:
        super().__init__(folder)
        self.conflict = False
        self._workspace = os.path.realpath(workspace)
        self._claimed: dict[str, Any] = {}
        self._branch: str | None = None

    def claim(self, session_id: str) -> None:
        """Note that nobody has written this new session yet.

        Otherwise the first save of a session replaces whatever has got there since it was made,
        such as the first turns of another kernel on the same notebook.
        """
        self._claimed[session_id] = super().position(session_id)

    def branch(self) -> str:
        """Let the next complete save go to a new id, which is returned, instead of the own one."""
        self._branch = str(uuid.uuid4())
        return self._branch

    def position(self, session_id: str) -> Any:
        """Where the session stood when it was claimed, else where it stands now."""
        claimed = self._claimed.pop(session_id, None)
        return super().position(session_id) if claimed is None else claimed

    def open(self, session_id: str) -> Any:
        """The session, working where the notebook is now, and where it stands."""
        opened = super().open(session_id)
        if opened is None:
            return None
        saved, position = opened
        return replace(saved, config=replace(saved.config, workspace=self._workspace)), position

    def append(self, session_id: str, growth: Any, position: Any) -> Any:
        """Add what one turn added."""
        try:
            return super().append(session_id, growth, position)
        except SessionConflict:
            self.conflict = True
            raise

    def replace(self, data: Any, position: Any) -> Any:
        """Write the whole session, or the branch."""
        if self._branch is not None:
            data, self._branch = replace(data, id=self._branch), None
            self.save(data)
            return super().position(data.id)
        try:
            return super().replace(data, position)
        except SessionConflict:
            self.conflict = True
            raise
