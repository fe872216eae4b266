"""What the agent may know of and do in the notebook: logs of its cells, and the tools on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code import Session, ToolResult
from a3s_magics.by_hand import call_here
from a3s_magics.cell_thread import CellThread
from a3s_magics.notebook_names import PYTHON
from a3s_magics.notebook_tools import NotebookTools
from a3s_magics.watch import Watch


class Notebook:
    """Made with the first session; `wanted` tells whether a session is to have the notebook's tools."""

    def __init__(self, shell: Any, watch: Watch) -> None:
        self.watch, self.thread = watch, CellThread()
        self.wanted = True
        self._tools = NotebookTools(shell, watch, self.thread)

    def equip(self, session: Session) -> None:
        """Give the session the tools, or take them away."""
        if self.wanted:
            self._tools.offer(session)
        else:
            self._tools.withdraw(session)

    def call(self, session: Session, tool: str, args: Mapping[str, Any]) -> ToolResult:
        """The result of a tool called by hand; code runs in the calling thread, as in a prompt's cell.

        Raises what `Session.tool` raises, and KeyboardInterrupt when Stop has ended it.
        """
        if tool != PYTHON:
            return session.tool(tool, args)
        return call_here(self.thread, lambda: session.tool(tool, args))
