"""The notebook's sessions under `A3S_REPLAY=1`: those of the turns that were shown again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from a3s_code import Agent, SessionSummary
from a3s_magics.identity import Opened
from a3s_magics.replay import Replay
from a3s_magics.replayed_store import ReplayedStore, id_of
from a3s_magics.session_names import MAIN


class ReplayedSessions:
    """The recorded turns of a notebook, and the conversations that they have made up so far."""

    def __init__(self, notebook: Path | None, folder: Path) -> None:
        self._notebook, self._folder = notebook, folder
        self._replay: Replay | None = None
        self._shown = ReplayedStore(folder)

    @property
    def replay(self) -> Replay:
        """The recorded turns, which are read at the first use."""
        if self._replay is None:
            self._replay = Replay(self._notebook, self._folder)
        return self._replay

    def add(self, record: Mapping[str, Any], *, anew: bool) -> None:
        """A recorded turn of the session in use was shown; with `anew` its conversation begins."""
        self._shown.add(self.replay.session, record, anew=anew)

    def forget(self) -> None:
        """The conversation of the session in use begins anew."""
        if self._replay is not None:  # else nothing was shown
            self._shown.forget(self._replay.session)

    @property
    def name(self) -> str:
        """The name of the session in use, "" as long as there is only one."""
        return self.replay.session if self._shown.names else ""

    @property
    def names(self) -> dict[str, str]:
        """The ids of the sessions that have a name."""
        return self._shown.names

    def summaries(self) -> list[SessionSummary]:
        """What can be told of each session."""
        return self._shown.summaries()

    def open(self, agent: Agent, model: str, options: dict[str, Any]) -> Opened:
        """A session that is never sent anything; the recorded model need not be configured."""
        known = model if model in agent.models() else None
        session_id = id_of(self._replay.session if self._replay is not None else MAIN)
        if not self._shown.exists(session_id):
            return Opened(agent.session(self._folder, model=known, **options))
        return Opened(
            agent.resume_session(session_id, model=known, session_store=self._shown, **options)
        )
