"""`A3S_REPLAY=1`: the recorded turns of the notebook instead of new ones; no network, no cost."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError

from a3s_code import A3SError, Agent, AgentEvent, discover_config, event_from_dict
from a3s_magics.records import Recorded, Recordings, ReplayMismatch
from a3s_magics.sanitise import terminal_text
from a3s_magics.saved_notebook import saved_records

VARIABLE = "A3S_REPLAY"
_OFF = ("", "0", "false", "no")


def replaying(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether turns are to be shown again instead of sent."""
    return environ.get(VARIABLE, "").strip().lower() not in _OFF


class Replay:
    """The recorded turns of the notebook that is being executed; read once, at the first prompt.

    They are those in the notebook's file, or, where Jupyter does not tell its path, those of the
    notebooks in the working directory.
    """

    def __init__(self, notebook: Path | None, folder: Path) -> None:
        files = [notebook] if notebook else sorted(folder.glob("*.ipynb"))
        self._where = str(notebook or folder)
        self._recordings = Recordings([_read(file) for file in files])

    @property
    def session(self) -> str:
        """The name of the session in use."""
        return self._recordings.session

    def use(self, session: str) -> None:
        """Go on with the session of this name."""
        self._recordings.session = session

    def turn(self, prompt: str, model: str | None, session: str) -> Recorded:
        """The recorded turn for the prompt. Raises `UsageError` that says what differs."""
        try:
            return self._recordings.turn(prompt, model, session)
        except ReplayMismatch as error:
            line = " ".join(terminal_text(str(error)).split())
            raise UsageError(f"{VARIABLE}: {line} (recorded turns of {self._where})") from None

    def scheduled_after(self, turn: Recorded) -> list[Recorded]:
        """The turns of scheduled prompts that followed this one in its cell."""
        return self._recordings.scheduled_after(turn)


class RecordedEvents:
    """A recorded turn as a stream: everything at once, then the end. `elapsed_s` is its clock."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self._events: list[AgentEvent] | None = [
            event_from_dict(entry) for entry in record.get("events", ())
        ]

    @property
    def elapsed_s(self) -> float:
        """0.0 before the events were taken, afterwards the time that the turn took."""
        return 0.0 if self._events is not None else float(self._record.get("elapsed_s", 0.0))

    def poll(self, timeout_s: float = 0.0) -> list[AgentEvent] | None:
        """All events, and None the second time."""
        events, self._events = self._events, None
        return events

    def close(self) -> None:
        """Nothing is running."""


class NoSession:
    """What the buttons of a turn talk to while nothing is running."""

    def cancel(self) -> bool:
        """There is nothing to stop."""
        return False

    def confirm_tool_use(self, tool_id: str, approved: bool, reason: str | None = None) -> bool:
        """No question is open."""
        return False


def model_now(chosen: str, folder: Path) -> str | None:
    """The model that would answer: the chosen one, else that of the project's configuration file.

    None when only this machine would decide (the user's own configuration, keys, the embedded
    model), because a recording is shown anywhere; or when the configuration cannot be used.
    """
    if chosen:
        return chosen
    try:
        found = discover_config(folder)
        of_project = os.environ.get("A3S_CONFIG") or Path(found.source).name == "agent.hcl"
        return Agent.create(found.source).config.default_model if of_project else None
    except A3SError:
        return None


def _read(file: Path) -> list[Recorded]:
    """The turns in a notebook's file; one that cannot be read has none."""
    try:
        notebook = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    return [Recorded(file.name, cell, record) for cell, record in saved_records(notebook)]
