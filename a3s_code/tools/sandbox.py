"""The `bash` tool with its commands run by a sandbox of the host's instead of by this machine."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from a3s_code.errors import InvalidArgument, ToolFailed
from a3s_code.tools.bash import DEFAULT_TIMEOUT_MS, Bash
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.threads import in_thread

GUEST_WORKSPACE = "/workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """What a sandbox is asked for; the workspace is mounted at `/workspace` for reading and writing."""

    image: str = "alpine:latest"
    memory_mb: int = 512
    cpus: int = 1
    network: bool = False
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SandboxOutput:
    """What a command in a sandbox wrote, and its exit code."""

    stdout: str
    stderr: str = ""
    exit_code: int = 0


class SandboxedBash(Bash):
    """`bash` through a handle with `exec_command(command, guest_workspace)`, sync or async.

    The older form `run(command, config)` serves as well. Raises `InvalidArgument` for an object
    that has neither.
    """

    def __init__(self, handle: object) -> None:
        execute = getattr(handle, "exec_command", None)
        older = getattr(handle, "run", None)
        if not callable(execute) and not callable(older):
            kind = type(handle).__name__
            raise InvalidArgument(f"sandbox_handle: {kind} has no method exec_command")
        self._execute: Callable[[str], Any] = (
            (lambda command: execute(command, GUEST_WORKSPACE))
            if callable(execute)
            else (lambda command: older(command, SandboxConfig()))  # type: ignore[misc]  # one of the two is callable
        )

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Run the command in the sandbox; what the sandbox raises is the tool's failure."""
        timeout_ms = args.get("timeout", DEFAULT_TIMEOUT_MS)
        if args.get("env"):
            raise ToolFailed("env parameter is not available in a sandbox")
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                answer = await in_thread(lambda _stop: self._execute(args["command"]))
                if inspect.isawaitable(answer):
                    answer = await answer
        except TimeoutError:
            text = f"[Command timed out after {timeout_ms}ms]"
            return ToolOutput(text, 1, {"exit_code": 1, "timed_out": True})
        output = _text(answer)
        ctx.progress(output)
        code = int(getattr(answer, "exit_code", 0))
        return ToolOutput(output, code, {"exit_code": code})


def _text(answer: Any) -> str:
    """Standard output, then standard error, each on lines of its own."""
    stdout, stderr = str(getattr(answer, "stdout", answer)), str(getattr(answer, "stderr", ""))
    gap = "\n" if stdout and stderr and not stdout.endswith("\n") else ""
    return f"{stdout}{gap}{stderr}"
