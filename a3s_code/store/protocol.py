"""What a session store must offer, and what it may offer to make saving cheap."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from a3s_code.store.plan import Growth
from a3s_code.store.saved import SavedSession


@runtime_checkable
class SessionStore(Protocol):
    """A place for sessions. An object of the user's with these methods serves as well.

    Calls come from worker threads, one at a time for each session. `health_check()` and
    `backend_name` are optional.
    """

    def save(self, data: SavedSession, /) -> object:
        """Insert the session, or replace the one with the same id."""
        ...

    def load(self, session_id: str, /) -> SavedSession | None:
        """The session with this id, None when there is none."""
        ...

    def delete(self, session_id: str, /) -> object:
        """Remove a session; an unknown id is no error."""
        ...

    def list(self) -> builtins.list[str]:
        """The ids of all sessions."""
        ...

    def exists(self, session_id: str, /) -> bool:
        """Whether there is a session with this id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A saved session as a writer has last seen it.

    `appendable`: a turn can be appended to it. `fold_due`: it should be written whole by now.
    `complete`: the documented file holds all of it. `seen` concerns nobody but the store.
    """

    appendable: bool
    fold_due: bool = False
    complete: bool = True
    seen: object = field(default=None, repr=False)


@runtime_checkable
class JournalStore(SessionStore, Protocol):
    """A store to which a turn can be appended, so that its cost does not grow with the history.

    Writing demands the position that the writer has seen last. When someone else has written
    since, `SessionConflict` is raised and nothing is written.
    """

    def position(self, session_id: str, /) -> Position:
        """Where the session stands now, told without reading it."""
        ...

    def open(self, session_id: str, /) -> tuple[SavedSession, Position] | None:
        """The session with this id and where it stands, None when there is none."""
        ...

    def append(self, session_id: str, growth: Growth, position: Position, /) -> Position:
        """Add what one turn added."""
        ...

    def replace(self, data: SavedSession, position: Position, /) -> Position:
        """Write the whole session."""
        ...
