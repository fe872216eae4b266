"""Running the git program for the `git` tool."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from a3s_code.errors import ToolFailed
from a3s_code.tools.failures import reason
from a3s_code.tools.output import HeadAndTail
from a3s_code.tools.process import run_command
from a3s_code.tools.protocol import MAX_OUTPUT_BYTES

TIMEOUT_S = 120.0
_ROOM_FOR_NOTES = 1024
MAX_TEXT_BYTES = MAX_OUTPUT_BYTES - _ROOM_FOR_NOTES

# Empty: versions that take the value for a program then have none.
_SETTINGS = {
    "core.fsmonitor": "",
    "core.quotePath": "false",
    "color.ui": "false",
    "protocol.ext.allow": "never",
    "submodule.recurse": "false",
}
_VARIABLES = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


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
    cwd: str,
    *args: str,
    settings: Mapping[str, str] = {},
    variables: Mapping[str, str] = {},
    limit: int = MAX_TEXT_BYTES,
) -> GitResult:
    """Run git in a directory, never asking for anything; of its output `limit` bytes are kept.

    `settings` go before those of every configuration file. Raises `ToolFailed` when git is not
    installed or takes too long.
    """
    program = shutil.which("git")
    if program is None:
        raise ToolFailed("git is not installed; install it from https://git-scm.com/downloads")
    options: list[str] = []
    for key, value in {**_SETTINGS, **settings}.items():
        options += ["-c", f"{key}={value}"]
    kept = HeadAndTail(limit)

    def on_output(data: bytes) -> None:
        kept.feed(data)

    try:
        ended = await run_command(
            [program, "--no-pager", *options, *args],
            cwd=cwd,
            env={**os.environ, **_VARIABLES, **variables},
            timeout_s=TIMEOUT_S,
            on_output=on_output,
        )
    except (OSError, ValueError) as error:
        raise ToolFailed(f"git could not be started: {reason(error)}") from error
    if ended.timed_out:
        raise ToolFailed(f"git {args[0]} timed out after {TIMEOUT_S:g} s")
    return GitResult(kept.text(), ended.code)
