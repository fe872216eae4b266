"""Glob patterns that a model wrote, with the documented words for those that cannot be used."""

from __future__ import annotations

from collections.abc import Callable

from a3s_code.errors import ToolFailed
from a3s_code.tools.globs import BadGlob, Glob, GlobLeavesRoot


def glob_argument(pattern: str, tool: str, compiled: Callable[[str], Glob]) -> Glob:
    """The pattern as `compiled` makes it. Raises `ToolFailed`."""
    try:
        return compiled(pattern)
    except GlobLeavesRoot:
        raise ToolFailed(
            f"Workspace boundary violation: tool '{tool}' path '{pattern}' escapes workspace"
        ) from None
    except BadGlob as error:
        raise ToolFailed(f"Invalid glob pattern '{pattern}': {error}") from None
