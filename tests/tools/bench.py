"""A way to call one tool in a real workspace."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from a3s_code.tools.builtin import builtin_tools
from a3s_code.tools.protocol import Tool, ToolContext, ToolOutput
from a3s_code.tools.run import run_tool
from a3s_code.tools.undisturbed import file_clock_ns
from a3s_code.tools.workspace import Workspace


class Bench:
    """Tools by name, run in one workspace; `progress` collects what they report meanwhile."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.progress: list[str] = []
        self.ctx = ToolContext(Workspace(root), progress=self.progress.append)
        self.tools: dict[str, Tool] = {tool.name: tool for tool in builtin_tools()}

    async def call(
        self, name: str, args: dict[str, Any], timeout_ms: int | None = None
    ) -> ToolOutput:
        return await run_tool(self.tools[name], args, self.ctx, timeout_ms)

    def __call__(self, name: str, /, **args: Any) -> ToolOutput:
        return asyncio.run(self.call(name, args))

    def text(self, name: str, /, **args: Any) -> str:
        """The text of a call that must succeed."""
        output = self(name, **args)
        assert output.exit_code == 0, output.text
        return output.text

    def failure(self, name: str, /, **args: Any) -> str:
        """The text of a call that must fail."""
        output = self(name, **args)
        assert output.exit_code == 1, output
        return output.text

    def settle(self) -> None:
        """Wait, some thousandths of a second, until nothing counts as having changed just now."""
        written_ns = time.time_ns()
        while file_clock_ns() <= written_ns:
            time.sleep(0.001)

    def write(self, name: str, content: str | bytes = "") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path
