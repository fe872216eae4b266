"""Which saved conversation is this notebook's: found after a restart, a rename, a move."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from a3s_code import A3SError, Agent, AgentConfig, ResumeFailed, Session
from a3s_magics.counted import counted
from a3s_magics.links import Links
from a3s_magics.notebook import data_folder, session_id_of
from a3s_magics.notebook_store import NotebookStore
from a3s_magics.saved_notebook import last_session_id
from a3s_magics.session_names import MAIN

CUT_OFF = "the last turn was cut off because its kernel was killed; what it had reached is kept"


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, and what the reader should know about where it comes from.

    `greeting` tells how much of a conversation there is, "" when that is no news.
    """

    session: Session
    greeting: str = ""
    remarks: list[str] = field(default_factory=list)


class Identity:
    """One notebook, or None, and the place where its conversation is kept.

    Without a notebook sessions are fresh and are saved only when the user says so. `store` is None
    when the configuration wants nothing on the disk.
    """

    def __init__(
        self, notebook: Path | None, store: NotebookStore | None, links: Links, folder: Path
    ) -> None:
        self.notebook, self.store, self._links = notebook, store, links
        # Sessions with names belong to the notebook, without one to the folder.
        self._place = notebook or folder.resolve()

    @classmethod
    def of(cls, notebook: Path | None, config: AgentConfig, workspace: Path) -> Identity:
        """The identity under a configuration, whose `sessions_dir` comes before our own folder."""
        data = data_folder()
        store = None
        if config.storage_backend == "file":
            store = NotebookStore(config.sessions_dir or data / "sessions", workspace)
        return cls(notebook, store, Links(data / "notebooks"), workspace)

    def open(
        self,
        agent: Agent,
        folder: Path,
        model: str,
        options: Mapping[str, Any],
        resume: str | None = None,
        name: str = "",
    ) -> Opened:
        """The notebook's conversation if there is one, else a fresh session.

        With `resume` that one, which raises `ResumeFailed` when it cannot be. With `name` the
        session of that name. `model` is the one set by the user, "" for the one used last.
        """
        saving = dict(options)
        if self.store is not None:
            kept = self.notebook is not None or resume is not None or name != ""
            saving |= {"session_store": self.store, "auto_save": kept}
        if resume is None and (self.store is None or (self.notebook is None and not name)):
            own = session_id_of(self.notebook) if self.notebook and not name else None
            return Opened(agent.session(folder, session_id=own, model=model or None, **saving))
        chosen = model or self._chosen_model(agent)
        remarks: list[str] = []
        session_id = resume or (self._named(name) if name else self._found(remarks))
        if resume is not None or self._exists(session_id):
            try:
                session = agent.resume_session(session_id, model=chosen or None, **saving)
                count = len(session.history())
                known = self.name_of(session_id)
                which = f"session {known}, " if known else ""
                greeting = f"{which}conversation of {counted(count, 'message')} resumed; %a3s reset starts anew"
                if name:
                    greeting = f"session {name}, {counted(count, 'message')} so far"
                said = [CUT_OFF] if session.cut_off else []
                return self._opened(session, chosen, greeting, said)
            except ResumeFailed as error:
                if resume is not None:
                    raise
                session_id = str(uuid.uuid4())
                remarks = [f"{error.problem}; a new conversation starts, the saved one is kept"]
        if self.store is not None:
            self.store.claim(session_id)
        fresh = agent.session(folder, session_id=session_id, model=chosen or None, **saving)
        greeting = f"session {name} begins" if name else ""
        return self._opened(fresh, chosen, greeting, remarks)

    def keep(self, session_id: str, model: str) -> None:
        """Remember what the notebook goes on with; where that fails, a restart begins anew."""
        if self.notebook is not None and self.store is not None:
            with _noting():
                inherited = self._links.release(session_id)
                names = {**inherited, **self.names}
                self._links.write(self.notebook, session_id, model, names)

    @property
    def names(self) -> Mapping[str, str]:
        """The ids of the sessions that have a name here; empty as long as there is only one."""
        link = self._links.of(self._place)
        return link.names if link is not None else {}

    def name_of(self, session_id: str) -> str:
        """The name of a session, "" for one without."""
        return next((name for name, known in self.names.items() if known == session_id), "")

    def give_name(self, name: str, current: str) -> None:
        """Have a session of this name. The one in use is called `main` if it has no name yet.

        Raises `A3SError` when that cannot be noted.
        """
        names = dict(self.names)
        if current not in names.values():
            names.setdefault(MAIN, current)
        names.setdefault(name, str(uuid.uuid4()))
        link = self._links.of(self._place)
        with _noting():
            self._links.write(
                self._place, link.session_id if link else "", link.model if link else "", names
            )

    def _named(self, name: str) -> str:
        return self.names[name]

    def forget(self, session_id: str) -> None:
        """Delete the saved conversation; a name that it had is free again. Raises `StoreError`."""
        if self.store is not None:
            self.store.delete(session_id)
        name = self.name_of(session_id)
        if name:
            self._rename(session_id, str(uuid.uuid4()))
        elif self.notebook is not None and not self.names:
            self._links.forget(self.notebook)

    def _rename(self, session_id: str, to: str) -> None:
        """The session of the same name has another id from now on."""
        link = self._links.of(self._place)
        if link is not None:
            names = {name: to if id == session_id else id for name, id in link.names.items()}
            current = to if link.session_id == session_id else link.session_id
            with _noting():
                self._links.write(self._place, current, link.model, names)

    def saved(self) -> list[str]:
        """Ids of all saved sessions, sorted."""
        return self.store.list() if self.store is not None else []

    @property
    def conflict(self) -> bool:
        """Whether somebody else has written the session which this kernel was writing."""
        return self.store is not None and self.store.conflict

    def branch_off(self, session: Session) -> str | None:
        """Save the session under a new id, which is returned; None when not even that works."""
        assert self.store is not None
        branch = self.store.branch()
        try:
            session.save()
        except A3SError:
            return None  # the turn's own notice has said that nothing can be saved
        self._rename(session.session_id, branch)
        return branch

    def _opened(self, session: Session, model: str, greeting: str, remarks: list[str]) -> Opened:
        try:
            self.keep(session.session_id, model)
        except A3SError as error:
            remarks = [*remarks, error.problem]
        return Opened(session, greeting, remarks)

    def _chosen_model(self, agent: Agent) -> str:
        """The model set for this notebook before the restart, if it is still configured."""
        link = self._links.of(self.notebook) if self.notebook else None
        return link.model if link is not None and link.model in agent.models() else ""

    def _found(self, remarks: list[str]) -> str:
        """The notebook's id: the linked one, else the one its outputs tell, else that of its path."""
        assert self.notebook is not None
        own = session_id_of(self.notebook)
        link = self._links.of(self.notebook)
        if link is not None:
            return link.session_id
        if self._links.other_owner(own, self.notebook) is not None:
            own = str(uuid.uuid4())  # the notebook that was here took its session with it
        told = _told_by(self.notebook)
        if told is None or told == own or not self._exists(told):
            return own
        if self._links.other_owner(told, self.notebook) is None:
            return told  # renamed or moved: the notebook it belonged to is gone
        remarks.append(
            "this notebook is a copy and starts a conversation of its own; "
            f"%a3s resume {told} goes on with the other one"
        )
        return own

    def _exists(self, session_id: str) -> bool:
        return self.store is not None and self.store.exists(session_id)


@contextmanager
def _noting() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise A3SError(f"the notebook's session cannot be noted: {error}") from error


def _told_by(notebook: Path) -> str | None:
    """The session that the notebook's outputs name; files that cannot be read name none."""
    try:
        return last_session_id(json.loads(notebook.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return None
