"""What a session store must offer, and what it may offer to make saving cheap."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from a3s_code.messages import Message
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


class TurnDraft(Protocol):
    """Where one running turn is written down. Any thread."""

    def write(
        self, messages: Sequence[Message], cost_records: Sequence[Mapping[str, Any]] = (), /
    ) -> None:
        """Keep the conversation as it stands, and the costs of this turn so far."""
        ...

    def remove(self) -> None:
        """The turn is over; whatever is written later is dropped."""
        ...


@runtime_checkable
class DraftStore(SessionStore, Protocol):
    """A store that also keeps the turn that is running, for the case that its process is killed."""

    def running_turn(self, session_id: str, before: Sequence[Message], /) -> TurnDraft:
        """A place for the turn that follows these messages; nothing is written yet."""
        ...

    def cut_off(self, saved: SavedSession, /) -> SavedSession | None:
        """The session with the turn that a killed process has left, None when there is none."""
        ...

    def remove_cut_off(self, session_id: str, /) -> None:
        """Forget such turns of a session."""
        ...
