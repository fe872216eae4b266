"""Tools that a session offers to its model and to direct callers."""

from __future__ import annotations

from a3s_code.tools.bash import Bash
from a3s_code.tools.batch import Batch
from a3s_code.tools.edit import Edit
from a3s_code.tools.git import Git
from a3s_code.tools.glob import Glob
from a3s_code.tools.grep import Grep
from a3s_code.tools.ls import Ls
from a3s_code.tools.patch import Patch
from a3s_code.tools.protocol import Tool, ToolContext, ToolOutput
from a3s_code.tools.read import Read
from a3s_code.tools.registry import ToolRegistry
from a3s_code.tools.run import run_tool
from a3s_code.tools.write import Write

__all__ = ["Tool", "ToolContext", "ToolOutput", "ToolRegistry", "builtin_tools", "run_tool"]


def builtin_tools() -> list[Tool]:
    """New instances of the tools that need nothing but a workspace, in their documented order."""
    return [Read(), Write(), Edit(), Patch(), Bash(), Grep(), Glob(), Ls(), Git(), Batch()]
