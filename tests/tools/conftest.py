"""A real workspace on disk and a way to call one tool in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from a3s_code.tools import Tool, ToolContext, ToolOutput, builtin_tools, run_tool
from a3s_code.tools.workspace import Workspace


class Bench:
    """Tools by name, run in one workspace; `progress` collects what they report meanwhile."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.progress: list[str] = []
        self.ctx = ToolContext(Workspace(root), progress=self.progress.append)
        self.tools: dict[str, Tool] = {tool.name: tool for tool in builtin_tools()}

    async def call(self, name: str, /, timeout_ms: int | None = None, **args: Any) -> ToolOutput:
        return await run_tool(self.tools[name], args, self.ctx, timeout_ms)

    def __call__(self, name: str, /, **args: Any) -> ToolOutput:
        return asyncio.run(self.call(name, **args))

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    return root


@pytest.fixture
def bench(workspace: Path) -> Bench:
    return Bench(workspace)


@pytest.fixture
def make_bench() -> Callable[[Path], Bench]:
    return Bench
