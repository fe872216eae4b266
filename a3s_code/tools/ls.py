"""The `ls` tool: what a directory contains."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.confined import Entry
from a3s_code.tools.failures import reason
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.threads import Stop, in_thread


class Ls:
    """List a directory: kind, size, name."""

    name = "ls"
    read_only = True
    description = "List the entries of a directory in the workspace with kind, size and name."
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "path": {
                "type": "string",
                "description": "Directory to list; the workspace by default.",
            },
        },
        "required": [],
        "additionalProperties": False,
        "examples": [{}, {"path": "src"}],
    }

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """List in a thread; hidden entries are shown, symlinks are not followed."""
        given = args.get("path", ".")
        path = ctx.workspace.resolve(given, tool=self.name)

        def work(_stop: Stop) -> ToolOutput:
            try:
                entries = ctx.workspace.entries(path)
            except FileNotFoundError:
                raise ToolFailed(f"Directory not found: {given}") from None
            except NotADirectoryError:
                raise ToolFailed(f"Not a directory: {given}") from None
            except OSError as error:
                raise ToolFailed(f"Failed to read directory {given}: {reason(error)}") from error
            return ToolOutput(format_listing(given, entries))

        return await in_thread(work)


def format_listing(path: str, entries: Sequence[Entry]) -> str:
    """The listing in its documented form: directories first, then by name in any case."""
    lines = [f"Directory: {path}", ""]
    if not entries:
        return "\n".join([*lines, "(empty directory)"])
    ordered = sorted(
        entries, key=lambda entry: (_kind(entry) != "dir", entry.name.casefold(), entry.name)
    )
    lines += [
        f"{_kind(entry):<6}{format_size(entry.size):>8}  {entry.name}"
        + ("/" if _kind(entry) == "dir" else "")
        for entry in ordered
    ]
    return "\n".join([*lines, "", f"{len(entries)} entries"])


def _kind(entry: Entry) -> str:
    if entry.mode is None:
        return "unknown"
    for test, kind in ((stat.S_ISLNK, "link"), (stat.S_ISDIR, "dir"), (stat.S_ISREG, "file")):
        if test(entry.mode):
            return kind
    return "unknown"


def format_size(size: int) -> str:
    """A number of bytes as `512B`, `1.0KB`, `1.0MB` or `1.0GB`, by factors of 1024."""
    if size < 1024:
        return f"{size}B"
    value, unit = size / 1024, "KB"
    for larger in ("MB", "GB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.1f}{unit}"
