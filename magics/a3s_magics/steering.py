"""Files that steer the agent itself: an approval for the session does not cover writing them.

A model that may write its own configuration chooses, from the next session on, which server sees
the prompts and keys, which programs start, and what it is told to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ASKED_EACH_TIME = "This file steers the agent; each change of it is asked for."
_FILES = frozenset({"agent.hcl", "agents.md"})
_FOLDER = ".a3s"
_ARGUMENTS = ("file_path", "path")


def steers_agent(args: Mapping[str, Any]) -> bool:
    """Whether a call names such a file, in any spelling of letters and separators."""
    given = (args.get(name) for name in _ARGUMENTS)
    return any(isinstance(path, str) and _is_steering(path) for path in given)


def _is_steering(path: str) -> bool:
    # Windows drops dots and spaces at the end of a name.
    parts = [part.rstrip(" .") for part in path.lower().replace("\\", "/").split("/")]
    return parts[-1] in _FILES or _FOLDER in parts
