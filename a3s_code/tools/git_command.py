"""Running the git program for the `git` tool."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

from a3s_code.errors import ToolFailed
from a3s_code.tools.failures import reason
from a3s_code.tools.output import HeadAndTail
from a3s_code.tools.process import run_command
from a3s_code.tools.protocol import MAX_OUTPUT_BYTES

TIMEOUT_S = 120.0
_ROOM_FOR_NOTES = 1024

# A repository's own configuration may name programs that reading commands would start. A reading
# command must not run what somebody else wrote into a repository.
_HARMLESS = (
    "--no-pager",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.quotePath=false",
    "-c",
    "log.showSignature=false",
    "-c",
    "color.ui=false",
)


@dataclass(frozen=True, slots=True)
class GitResult:
    """What git wrote, both streams in their order, and its exit code."""

    text: str
    exit_code: int

    def checked(self) -> str:
        """The text without its last line end. Raises `ToolFailed` with it when git failed."""
        if self.exit_code != 0:
            raise ToolFailed(self.text.strip() or f"git ended with exit code {self.exit_code}")
        return self.text.rstrip("\n")


async def run_git(
    cwd: str, *args: str, limit: int = MAX_OUTPUT_BYTES - _ROOM_FOR_NOTES
) -> GitResult:
    """Run git in a directory, never asking for anything; of its output `limit` bytes are kept.

    Raises `ToolFailed` when git is not installed or takes too long.
    """
    program = shutil.which("git")
    if program is None:
        raise ToolFailed("git is not installed; install it from https://git-scm.com/downloads")
    kept = HeadAndTail(limit)

    def on_output(data: bytes) -> None:
        kept.feed(data)

    try:
        ended = await run_command(
            [program, *_HARMLESS, *args],
            cwd=cwd,
            env={
                **os.environ,
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_OPTIONAL_LOCKS": "0",
                "LC_ALL": "C",
            },
            timeout_s=TIMEOUT_S,
            on_output=on_output,
        )
    except (OSError, ValueError) as error:
        raise ToolFailed(f"git could not be started: {reason(error)}") from error
    if ended.timed_out:
        raise ToolFailed(f"git {args[0]} timed out after {TIMEOUT_S:g} s")
    return GitResult(kept.text(), ended.code)
