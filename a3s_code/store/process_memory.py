"""Sessions that live as long as the process."""

from __future__ import annotations

import builtins

from a3s_code import checks
from a3s_code.store.saved import SavedSession


class MemorySessionStore:
    """Keeps sessions in memory; save and resume must use the same object. Any thread."""

    backend_name = "memory"

    def __init__(self) -> None:
        self._sessions: dict[str, SavedSession] = {}

    def __repr__(self) -> str:
        return f"MemorySessionStore({len(self._sessions)} sessions)"

    def save(self, data: SavedSession) -> None:
        """Insert the session, or replace the one with the same id."""
        self._sessions[checks.instance("data", data, SavedSession).id] = data

    def load(self, session_id: str) -> SavedSession | None:
        """The session with this id, None when there is none."""
        return self._sessions.get(checks.text("session_id", session_id))

    def delete(self, session_id: str) -> None:
        """Remove a session; an unknown id is no error."""
        self._sessions.pop(checks.text("session_id", session_id), None)

    def list(self) -> builtins.list[str]:
        """The ids of all sessions, sorted."""
        return sorted(self._sessions)

    def exists(self, session_id: str) -> bool:
        """Whether there is a session with this id."""
        return checks.text("session_id", session_id) in self._sessions

    def health_check(self) -> bool:
        """True: memory is always there."""
        return True
