"""Saving and resuming: a session's state on its way to a store and back."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from a3s_code.config.model import AgentConfig
from a3s_code.errors import A3SError, ResumeFailed, SaveFailed
from a3s_code.store.file_store import FileSessionStore
from a3s_code.store.protocol import DraftStore, SessionStore, TurnDraft
from a3s_code.store.saved import SavedSession
from a3s_code.store.saver import SessionSaver, check_store

log = logging.getLogger("a3s_code")


class Keeper:
    """Saves one session; without a store it does nothing. Blocking: call it in a worker thread.

    `auto_save` is for whoever decides when to save. `cut_off` tells that the last turn of a resumed
    session was cut off, because its process was killed.
    """

    def __init__(
        self,
        store: SessionStore | None,
        session_id: str,
        *,
        auto_save: bool = False,
        saver: SessionSaver | None = None,
        cut_off: bool = False,
    ) -> None:
        if store is not None:
            check_store(store)
        self._store, self._session_id, self._saver = store, session_id, saver
        self.auto_save = auto_save and store is not None
        self.cut_off = cut_off

    @property
    def keeps(self) -> bool:
        """Whether there is a store."""
        return self._store is not None

    def save(self, data: SavedSession, *, complete: bool = False) -> None:
        """Write the state; with `complete` the documented file holds all of it afterwards.

        Raises `SaveFailed`; what was saved before is still there then.
        """
        if self._store is None:
            return
        try:
            if self._saver is None:
                self._saver = SessionSaver.fresh(self._store, self._session_id)
            self._saver.save(data, complete=complete)
        except A3SError as error:
            raise SaveFailed(error.problem) from error

    def running_turn(self, data: SavedSession) -> TurnDraft | None:
        """A place for the turn that follows `data`, which is saved first unless it is already.

        None when the store has no such places. Raises `SaveFailed`.
        """
        if not (self.auto_save and isinstance(self._store, DraftStore)):
            return None
        if self._saver is None or not self._saver.holds(data.messages):
            self.save(data)
        return self._store.running_turn(self._session_id, data.messages)

    def close(self) -> None:
        """Bring the documented file up to date; a failure is logged, the turns are in the store."""
        if self._saver is None:
            return
        try:
            self._saver.close()
        except A3SError as error:
            log.warning("session %s: %s", self._session_id, error.problem)


def store_of(config: AgentConfig, given: SessionStore | None) -> SessionStore | None:
    """The store of a session: the given one, else the configuration's folder, else none."""
    if given is not None:
        return given
    if config.storage_backend == "custom":
        log.warning(
            "storage_backend is custom but no session_store was given: sessions are not saved"
        )
        return None
    if config.storage_backend == "memory" or config.sessions_dir is None:
        return None
    return FileSessionStore(str(config.sessions_dir))


@dataclass(frozen=True, slots=True)
class Resumed:
    """A saved session and the saver that goes on with it; `cut_off` as in `Keeper`."""

    saver: SessionSaver
    session: SavedSession
    cut_off: bool = False


def resumed(store: SessionStore | None, session_id: str) -> Resumed:
    """A saved session, with the turn that was running if its process was killed.

    Raises `ResumeFailed`.
    """
    if store is None:
        raise ResumeFailed(
            "no session store: give session_store, or sessions_dir in the configuration"
        )
    try:
        found = SessionSaver.resumed(store, session_id)
    except A3SError as error:
        raise ResumeFailed(error.problem) from error
    if found is None:
        raise ResumeFailed(f"Session not found: {session_id}")
    saver, session = found
    if not Path(session.config.workspace).is_dir():
        raise ResumeFailed(
            f"the workspace {session.config.workspace!r} of session {session_id} is no directory"
        )
    if not isinstance(store, DraftStore):
        return Resumed(saver, session)
    longer = store.cut_off(session)
    if longer is None:
        return Resumed(saver, session)
    try:
        saver.save(longer)
        store.remove_cut_off(session.id)
    except A3SError as error:  # it is found again the next time
        log.warning("session %s: the turn that was cut off: %s", session_id, error.problem)
    return Resumed(saver, longer, cut_off=True)
