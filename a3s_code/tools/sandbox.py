"""The `bash` tool with its commands run by a sandbox of the host's instead of by this machine."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from a3s_code.errors import InvalidArgument, ToolFailed
from a3s_code.tools.bash import DEFAULT_TIMEOUT_MS, Bash
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.threads import in_thread

GUEST_WORKSPACE = "/workspace"
SHUTDOWN_TIMEOUT_S = 10.0

log = logging.getLogger("a3s_code")


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


class Sandbox:
    """A handle of the host's: `exec_command(command, guest_workspace)` and `shutdown()`.

    Both may be asynchronous. The older form `run(command, config)` serves as well, and a handle
    without `shutdown` has nothing to end. Raises `InvalidArgument` for an object that can run nothing.
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
        self._shutdown: object = getattr(handle, "shutdown", None)

    async def execute(self, command: str) -> Any:
        """What the handle answers to a command. Raises what the handle raises."""
        return await _answer(lambda: self._execute(command))

    async def shutdown(self) -> None:
        """Tell the handle that its session is over. A failure, or one that hangs, is logged."""
        shutdown = self._shutdown
        if not callable(shutdown):
            return
        try:
            async with asyncio.timeout(SHUTDOWN_TIMEOUT_S):
                await _answer(shutdown)
        except TimeoutError:
            log.warning("the sandbox has not shut down within %g s", SHUTDOWN_TIMEOUT_S)
        except Exception as error:  # noqa: BLE001  # the host's own code, at an end that must go on
            log.warning("the sandbox failed to shut down: %s", type(error).__name__)


class SandboxedBash(Bash):
    """`bash` with its commands run by a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Run the command in the sandbox; what the sandbox raises is the tool's failure."""
        timeout_ms = args.get("timeout", DEFAULT_TIMEOUT_MS)
        if args.get("env"):
            raise ToolFailed("env parameter is not available in a sandbox")
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                answer = await self._sandbox.execute(args["command"])
        except TimeoutError:
            text = f"[Command timed out after {timeout_ms}ms]"
            return ToolOutput(text, 1, {"exit_code": 1, "timed_out": True})
        output = _text(answer)
        ctx.progress(output)
        code = int(getattr(answer, "exit_code", 0))
        return ToolOutput(output, code, {"exit_code": code})


async def _answer(call: Callable[[], Any]) -> Any:
    answer = await in_thread(lambda _stop: call())
    return await answer if inspect.isawaitable(answer) else answer


def _text(answer: Any) -> str:
    """Standard output, then standard error, each on lines of its own."""
    stdout, stderr = str(getattr(answer, "stdout", answer)), str(getattr(answer, "stderr", ""))
    gap = "\n" if stdout and stderr and not stdout.endswith("\n") else ""
    return f"{stdout}{gap}{stderr}"
