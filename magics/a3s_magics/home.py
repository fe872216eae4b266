"""The notebook's one session: made at the first use, from the nearest configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a3s_code import (
    Agent,
    ConfirmationPolicy,
    PermissionPolicy,
    Session,
    WorkspaceError,
    discover_config,
)
from a3s_magics.heard import heard
from a3s_magics.notebook import notebook_path, session_id_of

# Tools that only look. Everything else asks; all are confined to the workspace.
READ_ONLY = ("read", "grep", "glob", "ls")
# A person may take their time: a question waits for a day.
_ANSWER_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set for this notebook; "" means the default."""

    model: str = ""
    workspace: str = ""


class Home:
    """Keeps session and agent between cells. `approved_tools` were approved for the session."""

    def __init__(self, user_ns: Mapping[str, Any]) -> None:
        self._user_ns = user_ns
        self.approved_tools: set[str] = set()
        self._agent: Agent | None = None
        self._session: Session | None = None
        self._origin = ""
        self._remarks: list[str] = []
        self._used = Settings()

    @property
    def notebook(self) -> Path | None:
        """The notebook's real path, None without one."""
        return notebook_path(self._user_ns)

    def folder(self, settings: Settings) -> Path:
        """The workspace: the setting, else the notebook's folder, else the working directory."""
        if settings.workspace:
            return Path(settings.workspace).expanduser().absolute()
        notebook = self.notebook
        return notebook.parent if notebook else Path.cwd()

    def session(self, settings: Settings) -> Session:
        """The session; made when there is none. Nothing is kept when that fails.

        Raises `ConfigError`, `UnknownModel`, `WorkspaceError` and others of the library, each
        naming the culprit.
        """
        if self._session is None:
            with heard(self._remarks):
                self._make(settings)
            assert self._session is not None
        elif settings.workspace != self._used.workspace:
            raise WorkspaceError(
                f"the session works in {self._session.workspace}; "
                "%a3s reset starts one in the new workspace"
            )
        elif settings.model and settings.model != self._used.model:
            self._session.use_model(settings.model)
        self._used = settings
        return self._session

    @property
    def started(self) -> Session | None:
        """The session if there is one already."""
        return self._session

    @property
    def origin(self) -> str:
        """Where the configuration came from; "" before the first use."""
        return self._origin

    def agent(self, settings: Settings) -> Agent:
        """The agent behind the session."""
        self.session(settings)
        assert self._agent is not None
        return self._agent

    def take_remarks(self) -> list[str]:
        """Lines for the reader that have not been shown yet."""
        remarks, self._remarks = self._remarks, []
        return remarks

    def close(self) -> None:
        """End the session; the next use makes a new one and reads the configuration again."""
        if self._session is not None:
            self._session.close()
        self._session = self._agent = None
        self._origin = ""
        self.approved_tools.clear()

    def _make(self, settings: Settings) -> None:
        folder = self.folder(settings)
        if not folder.is_dir():
            raise WorkspaceError(f"the workspace {folder} is not an existing directory")
        found = discover_config(folder)
        agent = Agent.create(found.source)
        notebook = self.notebook
        session = agent.session(
            folder,
            model=settings.model or None,
            session_id=session_id_of(notebook) if notebook else None,
            permission_policy=PermissionPolicy(allow=list(READ_ONLY), default_decision="ask"),
            confirmation_policy=ConfirmationPolicy(enabled=True, default_timeout_ms=_ANSWER_MS),
        )
        self._agent, self._session, self._origin = agent, session, found.origin
        if session.model.startswith("local/") and not os.path.isfile(found.source):
            self._remarks.append(found.origin)  # nobody chose this model: say so once
