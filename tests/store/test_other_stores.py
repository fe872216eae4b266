"""Sessions in memory, and stores of the user's own."""

from __future__ import annotations

from typing import Any

import pytest

from a3s_code.errors import InvalidArgument, StoreError
from a3s_code.store.process_memory import MemorySessionStore
from a3s_code.store.protocol import JournalStore, SessionStore
from a3s_code.store.saved import SavedSession
from a3s_code.store.saver import SessionSaver
from tests.store.sessions import LONG, session


def test_memory_store() -> None:
    store = MemorySessionStore()
    assert isinstance(store, SessionStore)
    assert not isinstance(store, JournalStore)
    assert (store.backend_name, store.health_check()) == ("memory", True)
    assert (store.load("s"), store.list(), store.exists("s")) == (None, [], False)
    store.save(session(1))
    store.save(session(2))
    store.save(session(3, "a"))
    assert (store.list(), store.exists("s"), store.load("s")) == (["a", "s"], True, session(2))
    store.delete("s")
    store.delete("s")
    assert store.list() == ["a"]


class Own:
    """The least that a store of the user's must have; keeps the documented form."""

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}

    def save(self, data: SavedSession) -> None:
        self.sessions[data.id] = data.to_dict()

    def load(self, session_id: str) -> Any:
        return self.sessions.get(session_id)

    def delete(self, session_id: str) -> None:
        self.sessions.pop(session_id, None)

    def list(self) -> list[str]:
        return list(self.sessions)

    def exists(self, session_id: str) -> bool:
        return session_id in self.sessions


@pytest.mark.parametrize("make", [MemorySessionStore, Own])
def test_save_and_resume(make: type[Any]) -> None:
    store = make()
    saver = SessionSaver.fresh(store, "s")
    saver.save(session(LONG))
    saver.save(session(LONG + 1), complete=True)
    saver.close()
    found = SessionSaver.resumed(store, "s")
    assert found is not None
    saver, saved = found
    assert saved == session(LONG + 1)
    saver.save(session(LONG + 2))
    assert len(SavedSession.from_dict(session(LONG + 2).to_dict()).messages) == 2 * (LONG + 2)
    assert SessionSaver.resumed(store, "unknown") is None


class Broken(Own):
    def save(self, data: SavedSession) -> None:
        raise ConnectionError("the database is gone")

    def load(self, session_id: str) -> Any:
        raise ConnectionError("the database is gone")


def test_failures_of_own_stores_are_store_errors() -> None:
    with pytest.raises(StoreError, match="ConnectionError: the database is gone"):
        SessionSaver.fresh(Broken(), "s").save(session(1))
    with pytest.raises(StoreError, match="ConnectionError: the database is gone"):
        SessionSaver.resumed(Broken(), "s")


@pytest.mark.parametrize(
    ("loaded", "problem"), [(7, r"load\('s'\) returned a int"), ({}, "'id' is missing")]
)
def test_what_own_stores_may_not_return(loaded: object, problem: str) -> None:
    store = Own()
    store.sessions["s"] = loaded  # type: ignore[assignment]
    with pytest.raises(StoreError, match=problem):
        SessionSaver.resumed(store, "s")


def test_what_is_no_store_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="str is no session store: it has no method 'save'"):
        SessionSaver.fresh("folder", "s")  # type: ignore[arg-type]
