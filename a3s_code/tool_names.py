"""Names of the tools that every session has, in the order in which the model sees them."""

from __future__ import annotations

BUILTIN_TOOL_NAMES = (
    "read",
    "write",
    "edit",
    "patch",
    "bash",
    "grep",
    "glob",
    "ls",
    "web_fetch",
    "web_search",
    "git",
    "batch",
    "task",
    "parallel_task",
    "run_team",
    "Skill",
)


def builtin_tool_names() -> tuple[str, ...]:
    """The names, also of tools that only a session can make, such as `task`."""
    return BUILTIN_TOOL_NAMES
