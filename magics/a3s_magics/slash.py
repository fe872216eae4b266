"""Prompts that are slash commands: the session answers them itself."""

from __future__ import annotations

import re

from IPython.core.error import UsageError

from a3s_code import Session
from a3s_magics.options import one_line

_COMMAND = re.compile(r"\s*/(\S*)")


def is_command(prompt: str) -> bool:
    """Whether the session answers it itself; nothing that is scheduled follows a command."""
    return _COMMAND.match(prompt) is not None


def refuse_unknown(session: Session, prompt: str, magic: str) -> None:
    """Raise `UsageError` with the session's own words for a command that it does not have.

    The library takes that for an answer; in a notebook it must not look like a success, which Run
    All passes.
    """
    command = _COMMAND.match(prompt)
    if command and command[1] not in {entry["name"] for entry in session.list_commands()}:
        raise UsageError(f"{magic}: {one_line(str(session.send(prompt)))}")
