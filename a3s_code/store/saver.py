"""Saving one session, turn after turn, into whatever store it was given."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self

from a3s_code.errors import A3SError, InvalidArgument, StoreError
from a3s_code.messages import Message
from a3s_code.store.plan import growth_between
from a3s_code.store.protocol import JournalStore, Position, SessionStore
from a3s_code.store.reading import WrongForm
from a3s_code.store.saved import SavedSession

log = logging.getLogger("a3s_code")


class SessionSaver:
    """Writes the states of one session; remembers the last one, to write only what is new.

    Blocking, callable from any thread, one save at a time. Made by `fresh` or `resumed`.
    """

    def __init__(
        self, store: SessionStore, saved: SavedSession | None, position: Position | None
    ) -> None:
        self._store, self._saved, self._position = store, saved, position
        self._lock = threading.Lock()

    @classmethod
    def fresh(cls, store: SessionStore, session_id: str) -> Self:
        """For a session that starts now. The first save replaces an older one with the same id.

        Raises `InvalidArgument` for an object that is no store, and `StoreError`.
        """
        check_store(store)
        position = store.position(session_id) if isinstance(store, JournalStore) else None
        return cls(store, None, position)

    @classmethod
    def resumed(cls, store: SessionStore, session_id: str) -> tuple[Self, SavedSession] | None:
        """For a saved session, together with it; None when the store does not have it.

        Raises `InvalidArgument` for an object that is no store, and `StoreError`.
        """
        check_store(store)
        if isinstance(store, JournalStore):
            opened = store.open(session_id)
            return None if opened is None else (cls(store, *opened), opened[0])
        saved = _loaded(store, session_id)
        return None if saved is None else (cls(store, saved, None), saved)

    def save(self, data: SavedSession, *, complete: bool = False) -> None:
        """Make this state the saved one. With `complete` the documented file holds all of it.

        Raises `StoreError`; the former state is then the saved one. A `SessionConflict` is one:
        someone else has changed the session since, and what they wrote is kept.
        """
        with self._lock:
            if isinstance(self._store, JournalStore) and self._position is not None:
                self._position = self._write(self._store, data, self._position, complete)
            else:
                _save(self._store, data)
            self._saved = data

    def holds(self, messages: Sequence[Message]) -> bool:
        """Whether exactly these messages are saved."""
        saved = self._saved
        return saved is not None and tuple(saved.messages) == tuple(messages)

    def close(self) -> None:
        """Bring the documented file up to date. May be called more than once.

        Raises `StoreError`; nothing is lost then, the turns are in the store.
        """
        with self._lock:
            store, saved, position = self._store, self._saved, self._position
            if (
                isinstance(store, JournalStore)
                and saved is not None
                and position is not None
                and not position.complete
            ):
                self._position = store.replace(saved, position)

    def _write(
        self, store: JournalStore, data: SavedSession, position: Position, complete: bool
    ) -> Position:
        growth = None
        if position.appendable and not complete:
            growth = growth_between(self._saved, data)
        if growth is None:
            return store.replace(data, position)
        position = store.append(data.id, growth, position)
        if not position.fold_due:
            return position
        try:
            return store.replace(data, position)
        except StoreError as error:
            log.debug("the journal was not folded in: %s", error)  # the turn itself is saved
            return position


def check_store(store: object) -> None:
    """Raise `InvalidArgument` naming the first method that a session store lacks."""
    for name in ("save", "load", "delete", "list", "exists"):
        if not callable(getattr(store, name, None)):
            kind = type(store).__name__
            raise InvalidArgument(f"{kind} is no session store: it has no method {name!r}")


def _save(store: SessionStore, data: SavedSession) -> None:
    try:
        store.save(data)
    except A3SError:
        raise
    except Exception as error:  # a store of the user's may raise anything
        raise StoreError(f"{type(error).__name__}: {error}") from error


def _loaded(store: SessionStore, session_id: str) -> SavedSession | None:
    """What a store of the user's has; it may keep and return the documented form, too."""
    try:
        found: Any = store.load(session_id)
        if isinstance(found, Mapping):
            return SavedSession.from_dict(found)
    except A3SError:
        raise
    except WrongForm as error:
        raise StoreError(
            f"session {session_id!r} is not in the documented form: {error}"
        ) from error
    except Exception as error:  # a store of the user's may raise anything
        raise StoreError(f"{type(error).__name__}: {error}") from error
    if found is not None and not isinstance(found, SavedSession):
        raise StoreError(f"load({session_id!r}) returned a {type(found).__name__}")
    return found
