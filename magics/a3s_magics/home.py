"""The notebook's one session: made at the first use, from the nearest configuration."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from a3s_code import (
    Agent,
    ConfirmationPolicy,
    PermissionPolicy,
    ResumeFailed,
    Session,
    SessionBusy,
    SessionSummary,
    WorkspaceError,
    discover_config,
)
from a3s_magics.heard import heard
from a3s_magics.identity import Identity, Opened
from a3s_magics.notebook import data_folder, notebook_path
from a3s_magics.notebook_names import LOOKING
from a3s_magics.options import PromptOptions
from a3s_magics.replay import Replay, replaying
from a3s_magics.replayed_sessions import ReplayedSessions
from a3s_magics.session_names import MAIN
from a3s_magics.trust import FirstUse, KnownConfigs

# Tools that only look. Everything else asks; all are confined to the workspace.
READ_ONLY = ("read", "grep", "glob", "ls", *LOOKING)
# A person may take their time: a question waits for a day.
_ANSWER_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set for this notebook; "" means the default."""

    model: str = ""
    workspace: str = ""
    plan: bool = False


def is_folder(path: str) -> bool:
    """Whether there is such a folder; `~` is the home."""
    try:
        return Path(path).expanduser().is_dir()
    except (OSError, RuntimeError, ValueError):  # no such user's home, or no path at all
        return False


class Home:
    """Keeps session and agent between cells. `approved_tools` were approved for the session.

    `equip` gives the session, at every use, the tools that the notebook offers at that time.
    """

    def __init__(self, user_ns: Mapping[str, Any], equip: Callable[[Session], None]) -> None:
        self._user_ns, self._equip = user_ns, equip
        self.approved_tools: set[str] = set()
        self._agent: Agent | None = None
        self._session: Session | None = None
        self._identity: Identity | None = None
        self._replayed: ReplayedSessions | None = None
        self._origin = ""
        self._remarks: list[str] = []  # about the configuration
        self._opened: Opened | None = None  # what is not said yet about the session in use
        self._first_use: FirstUse | None = None
        self._used = Settings()
        # Where nothing is saved, the sessions that are not in use now, by name.
        self._aside: dict[str, Session] = {}
        self._name = ""

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
        elif settings.model and settings.model != self._used.model and not replaying():
            self._session.use_model(settings.model)
            if self._identity is not None:
                self._identity.keep(self._session.session_id, settings.model)
        self._used = settings
        self._equip(self._session)
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

    def replay(self, settings: Settings) -> Replay:
        """The recorded turns of this notebook."""
        return self._recorded(settings).replay

    def replayed(
        self, settings: Settings, record: Mapping[str, Any], options: PromptOptions
    ) -> None:
        """A recorded turn was shown: the session's conversation is the one of these turns."""
        if not options.btw:
            self._recorded(settings).add(record, anew=options.new)
        self.close()

    def _recorded(self, settings: Settings) -> ReplayedSessions:
        if self._replayed is None:
            self._replayed = ReplayedSessions(self.notebook, self.folder(settings))
        return self._replayed

    def take_remarks(self) -> list[str]:
        """Lines for the reader that have not been shown yet."""
        about = self._opened
        remarks = list(dict.fromkeys(self._remarks))
        if about is not None:
            remarks += [*filter(None, [about.greeting]), *about.remarks]
        self._drop_remarks()
        if self._first_use is not None and self._first_use.line:
            remarks = [self._first_use.line, *remarks]
            self._first_use.announced()
        return remarks

    def greeted(self) -> None:
        """The reader has been told how much of a conversation there is."""
        if self._opened is not None:
            self._opened = replace(self._opened, greeting="")

    def _drop_remarks(self) -> None:
        self._remarks, self._opened = [], None

    def close(self) -> None:
        """End the session; the next use reads the configuration again and goes on with it.

        The conversation of a notebook is saved, others are gone.
        """
        self._end()
        for session in self._aside.values():
            session.close()
        self._aside.clear()
        self._name = ""

    def _end(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = self._agent = self._identity = None
        self._origin = ""
        self.approved_tools.clear()

    def shut_down(self, wait_s: float) -> None:
        """Stop what is running and close, from any thread; a turn has `wait_s` to end in order."""
        session = self._session
        if session is None:
            return
        session.cancel()
        deadline = time.monotonic() + wait_s
        while session.busy and time.monotonic() < deadline:
            time.sleep(0.01)
        session.close()

    def reset(self, settings: Settings) -> int:
        """Forget the conversation, the saved one too; returns how many messages it had.

        The next use starts a new one, from the configuration as it is then. Raises what `session`
        raises when there is none yet, and `StoreError`.
        """
        if self._session is None and self.notebook is None and not replaying():
            return 0
        session = self._session or self.session(settings)
        identity = self._identity
        count = len(session.history())
        self._end()
        self._drop_remarks()
        if replaying():
            self._recorded(settings).forget()
        elif identity is not None:
            identity.forget(session.session_id)
        return count

    def resume(self, settings: Settings, session_id: str) -> Session:
        """Go on with a saved session, which becomes this notebook's own, with its messages.

        It works in this notebook's folder. Raises `ResumeFailed` when there is none; the session
        in use then stays.
        """
        if replaying():
            raise ResumeFailed(f"Session not found: {session_id} (A3S_REPLAY is set)")
        former = self._session
        if former is not None and former.session_id == session_id:
            return former
        if former is not None and former.busy:
            raise SessionBusy("the running prompt must end before another session is resumed")
        return self._exchange(settings, resume=session_id)

    def _exchange(self, settings: Settings, resume: str | None = None, name: str = "") -> Session:
        """Another session in place of the one in use, which stays when that fails."""
        former = self._session
        try:
            with heard(self._remarks):
                self._make(settings, resume, name)
        except BaseException:
            self._session = former
            raise
        if former is not None:
            former.close()
            self.approved_tools.clear()
        self._used = settings
        return self.session(settings)

    def change(self, settings: Settings, name: str) -> Session:
        """Go on with the session of a name, which is made when there is none.

        Raises what `session` raises, and `SessionBusy`; the session in use then stays.
        """
        session = self.session(settings)
        assert self._identity is not None
        if replaying():
            self.replay(settings).use(name)
            self.close()
            return self.session(settings)
        if name == self.name or (name == MAIN and not self.named_sessions(settings)):
            return session
        if session.busy:
            raise SessionBusy("the running prompt must end before another session is used")
        if self._identity.store is None:
            return self._change_in_memory(settings, name, session)
        if self.notebook is None and not self.name and session.history():
            session.save()  # nothing else does so without a notebook
        self._identity.give_name(name, session.session_id)
        return self._exchange(settings, name=name)

    def _change_in_memory(self, settings: Settings, name: str, former: Session) -> Session:
        self._aside[self._name or MAIN] = former
        kept = self._aside.pop(name, None)
        self._opened = None
        if kept is None:
            self._make(settings, name=name)
        self._session, self._name = kept or self._session, name
        self.approved_tools.clear()
        return self.session(settings)

    @property
    def name(self) -> str:
        """The name of the session in use, "" when it has none."""
        if self._session is None or self._identity is None:
            return ""
        if replaying():
            return self._replayed.name if self._replayed is not None else ""
        return self._name or self._identity.name_of(self._session.session_id)

    def named_sessions(self, settings: Settings) -> dict[str, str]:
        """The ids of the sessions that have a name here."""
        session = self.session(settings)
        assert self._identity is not None
        if replaying():
            return self._recorded(settings).names
        if self._identity.store is not None:
            return dict(self._identity.names)
        named = {name: kept.session_id for name, kept in self._aside.items()}
        return {**named, self._name: session.session_id} if self._name else named

    def saved_sessions(self, settings: Settings) -> list[str]:
        """Ids of the saved sessions, sorted."""
        self.session(settings)
        assert self._identity is not None
        return [] if replaying() else self._identity.saved()

    def session_summaries(self, settings: Settings) -> list[SessionSummary]:
        """What can be told of the saved sessions, or of those that have a name where none is saved."""
        session = self.session(settings)
        assert self._identity is not None
        if replaying():
            return self._recorded(settings).summaries()
        if self._identity.store is not None:
            return self._identity.store.summaries()
        return [_in_memory(live) for live in (*self._aside.values(), session) if self._name]

    def after_turn(self, settings: Settings) -> list[str]:
        """What a turn leaves to be said: another kernel has changed this notebook's conversation.

        The one here then goes on under an id of its own, with everything that was said.
        """
        session, identity = self._session, self._identity
        if session is None or identity is None or not identity.conflict:
            return []
        branch = identity.branch_off(session)
        if branch is None:
            return []
        other, approved = session.session_id, set(self.approved_tools)
        self.resume(settings, branch)
        self.approved_tools |= approved
        self._drop_remarks()
        return [
            (
                "This conversation was also continued elsewhere. Both are kept: here it goes on as "
                f"{branch}; %a3s resume {other} changes to the other one."
            )
        ]

    def _make(self, settings: Settings, resume: str | None = None, name: str = "") -> None:
        folder = self.folder(settings)
        if not folder.is_dir():
            raise WorkspaceError(f"the workspace {folder} is not an existing directory")
        found = discover_config(folder)
        agent = Agent.create(found.source)
        identity = Identity.of(self.notebook, agent.config, folder)
        options: dict[str, Any] = {
            "permission_policy": PermissionPolicy(allow=list(READ_ONLY), default_decision="ask"),
            "confirmation_policy": ConfirmationPolicy(enabled=True, default_timeout_ms=_ANSWER_MS),
            "planning": settings.plan,
        }
        if replaying():
            opened = self._recorded(settings).open(agent, settings.model, options)
        else:
            opened = identity.open(agent, folder, settings.model, options, resume, name)
        self._agent, self._session, self._identity = agent, opened.session, identity
        self._origin = found.origin
        self._opened = opened
        if found.with_folder and not replaying():
            known = KnownConfigs(data_folder() / "configurations")
            self._first_use = FirstUse(Path(found.source), agent.config, known)
        if opened.session.model.startswith("local/") and not os.path.isfile(found.source):
            self._remarks.append(found.origin)  # nobody chose this model: say so once


def _in_memory(session: Session) -> SessionSummary:
    """A session that no store knows, told by its messages."""
    texts = [
        "".join(block["text"] for block in message["content"] if block["type"] == "text")
        for message in session.history()
        if message["role"] == "user"
    ]
    prompts = [text for text in texts if text]
    first = prompts[0] if prompts else ""
    return SessionSummary(id=session.session_id, first_prompt=first, prompts=len(prompts))
