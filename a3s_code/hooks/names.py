"""The moments at which hooks are called."""

from __future__ import annotations

import re

from a3s_code.errors import InvalidArgument

EVENTS = (
    "pre_tool_use",
    "post_tool_use",
    "generate_start",
    "generate_end",
    "session_start",
    "session_end",
    "skill_load",
    "skill_unload",
    "pre_prompt",
    "post_response",
    "on_error",
)
BLOCKING = frozenset({"pre_tool_use", "pre_prompt"})
"""Events whose hooks can stop what is about to happen."""

_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def event_name(given: object) -> str:
    """The name as listed in `EVENTS`; `PreToolUse` is accepted for `pre_tool_use`.

    Raises `InvalidArgument` listing the valid names.
    """
    name = _INNER_CAPITAL.sub("_", given).lower() if isinstance(given, str) else ""
    if name not in EVENTS:
        raise InvalidArgument(f"unknown hook event {given!r}; events: {', '.join(EVENTS)}")
    return name
