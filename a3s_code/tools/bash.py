"""The `bash` tool: a shell command in the workspace."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.failures import reason
from a3s_code.tools.output import HeadAndTail
from a3s_code.tools.process import Exit, run_command
from a3s_code.tools.protocol import MAX_OUTPUT_BYTES, ToolContext, ToolOutput

DEFAULT_TIMEOUT_MS = 120_000
_LONGEST_TIMEOUT_MS = 2**31 - 1
_ROOM_FOR_NOTE = 64


class Bash:
    """Run a command and give back what it wrote, with its own exit code."""

    name = "bash"
    read_only = False
    description = (
        "Run a shell command with bash in the workspace directory. "
        "Standard output and standard error come back together; there is no standard input."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "command": {"type": "string", "description": "The command line."},
            "timeout": {
                "type": "integer",
                "minimum": 1,
                "description": "Milliseconds until the command is killed; 120000 by default.",
            },
            "env": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "Extra environment variables for this command.",
            },
        },
        "required": ["command"],
        "additionalProperties": False,
        "examples": [{"command": "pytest -q", "timeout": 300000}],
    }

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Run the command; on timeout and on cancellation its whole process group is killed."""
        timeout_ms = min(args.get("timeout", DEFAULT_TIMEOUT_MS), _LONGEST_TIMEOUT_MS)
        output = _Output(ctx)
        try:
            ended = await run_command(
                _shell(args["command"]),
                cwd=str(ctx.workspace.root),
                env=_environment(args.get("env", {})),
                timeout_s=timeout_ms / 1000,
                on_output=output.feed,
            )
        except (OSError, ValueError) as error:
            problem = f"Failed to start command: {reason(error)}"
            return ToolOutput(problem, 1, {"exit_code": 1, "started": False})
        text = output.close()
        if ended.timed_out:
            text = _with_note(text, f"[Command timed out after {timeout_ms}ms]")
        return ToolOutput(text, ended.code, _facts(ended))


class _Output:
    """Collects the output and reports it as it comes. Fed by one thread, closed by another."""

    def __init__(self, ctx: ToolContext) -> None:
        self._progress = ctx.progress
        self._kept = HeadAndTail(MAX_OUTPUT_BYTES - _ROOM_FOR_NOTE)
        self._lock = threading.Lock()

    def feed(self, data: bytes, *, final: bool = False) -> None:
        with self._lock:
            text = self._kept.feed(data, final=final)
        if text:
            self._progress(text)

    def close(self) -> str:
        self.feed(b"", final=True)
        return self._kept.text()


def _shell(command: str) -> str | Sequence[str]:
    if os.name == "nt":
        # /S takes the text between the outer quotes as it is; a list would be quoted once more.
        return f'{os.environ.get("COMSPEC", "cmd.exe")} /D /S /C "{command}"'
    return ["bash", "-c", command]


def _environment(extra: Mapping[str, Any]) -> dict[str, str]:
    for name, value in extra.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise ToolFailed("env parameter must be an object of strings")
    return {**os.environ, **extra}


def _with_note(text: str, note: str) -> str:
    return f"{text}\n{note}" if text and not text.endswith("\n") else text + note


def _facts(ended: Exit) -> dict[str, Any]:
    return (
        {"exit_code": ended.code, "timed_out": True}
        if ended.timed_out
        else {"exit_code": ended.code}
    )
