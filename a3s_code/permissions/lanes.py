"""The lanes of tool calls."""

from __future__ import annotations

from typing import Literal

Lane = Literal["control", "query", "execute", "generate"]
LANES: tuple[Lane, ...] = ("control", "query", "execute", "generate")  # highest priority first

_QUERY = frozenset(
    {"read", "glob", "ls", "grep", "list_files", "search", "web_fetch", "web_search"}
)


def lane_of(tool: str) -> Lane:
    """The lane of a tool: `query` for those that only look, `execute` for everything else."""
    return "query" if tool.lower() in _QUERY else "execute"
