"""Which events a hook is called for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from a3s_code.errors import InvalidArgument
from a3s_code.permissions.glob import compile_glob
from a3s_code.permissions.subject import subject_of

Payload = Mapping[str, Any]
Test = Callable[[str, Payload, Path | None], bool]

_TOOL_EVENTS = frozenset({"pre_tool_use", "post_tool_use"})


class Matcher:
    """The conditions of one hook: all must hold, and without any every event matches.

    `tool` is a name or glob, in whatever letter case. `path_pattern` is a glob over the file that a
    tool call names; `*.py` without a slash matches at any depth. `command_pattern` is a regular
    expression searched for in a `bash` command, or plain text when it is none. `session_id` is
    exact, `skill` a glob over a skill's name. A condition that has no meaning for an event does not
    hold. Raises `InvalidArgument` for other keys and for values that are no strings.
    """

    def __init__(self, conditions: Any = None) -> None:
        if not (conditions is None or isinstance(conditions, Mapping)):
            raise InvalidArgument(f"matcher must be a dict, not {conditions!r}")
        self._tests: list[Test] = []
        for key, value in (conditions or {}).items():
            if key not in _CONDITIONS:
                raise InvalidArgument(
                    f"unknown matcher key {key!r}; keys: {', '.join(_CONDITIONS)}"
                )
            if value is None:
                continue
            if not isinstance(value, str):
                raise InvalidArgument(f"matcher key {key} must be a string, not {value!r}")
            self._tests.append(_CONDITIONS[key](value))

    def matches(self, event: str, payload: Payload, workspace: Path | None = None) -> bool:
        """Whether a hook with these conditions is called; relative paths start from `workspace`."""
        return all(test(event, payload, workspace) for test in self._tests)


def _tool(wanted: str) -> Test:
    glob = compile_glob(wanted.lower())
    return lambda event, payload, _place: (
        event in _TOOL_EVENTS and glob.matches(payload["tool"].lower())
    )


def _path(pattern: str) -> Test:
    pattern = pattern.replace("\\", "/")
    glob = compile_glob(pattern if "/" in pattern else f"**/{pattern}")

    def test(event: str, payload: Payload, workspace: Path | None) -> bool:
        if event not in _TOOL_EVENTS:
            return False
        args = payload["args"]
        path = args.get("file_path") or args.get("path")
        if not isinstance(path, str) or not path:
            return False
        # A detour such as a/../b or a link must not lead past a guard: one hit is enough.
        spellings = subject_of("read", {"file_path": path}, workspace).spellings
        return any(glob.matches(spelling) for spelling in spellings)

    return test


def _command(pattern: str) -> Test:
    try:
        found: Callable[[str], object] = re.compile(pattern).search
    except re.error:

        def found(command: str) -> object:
            return pattern in command

    def test(event: str, payload: Payload, _place: Path | None) -> bool:
        if event not in _TOOL_EVENTS or payload["tool"].lower() != "bash":
            return False
        command = payload["args"].get("command")
        return isinstance(command, str) and bool(found(command))

    return test


def _session(wanted: str) -> Test:
    return lambda _event, payload, _place: payload.get("session_id") == wanted


def _skill(pattern: str) -> Test:
    glob = compile_glob(pattern)
    return lambda _event, payload, _place: (
        "skill_name" in payload and glob.matches(payload["skill_name"])
    )


_CONDITIONS: Mapping[str, Callable[[str], Test]] = {
    "tool": _tool,
    "path_pattern": _path,
    "command_pattern": _command,
    "session_id": _session,
    "skill": _skill,
}
