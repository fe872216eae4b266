"""The `glob` tool: files by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code.tools.find import find_files
from a3s_code.tools.limits import Limits
from a3s_code.tools.output import TRUNCATED, clean
from a3s_code.tools.protocol import MAX_OUTPUT_BYTES, ToolContext, ToolOutput
from a3s_code.tools.threads import in_thread

__all__ = ["Glob", "find_files", "format_paths"]

_ROOM_FOR_NOTES = 128


class Glob:
    """Paths that match a pattern, sorted."""

    name = "glob"
    read_only = True
    description = (
        "Find files by a glob pattern such as **/*.py or src/*.{ts,tsx}. Ignored files are left "
        "out, hidden ones too unless the pattern spells their dot."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "pattern": {"type": "string", "description": "Pattern, relative to path."},
            "path": {
                "type": "string",
                "description": "Directory to search; the workspace by default.",
            },
        },
        "required": ["pattern"],
        "additionalProperties": False,
        "examples": [{"pattern": "**/*.py"}, {"pattern": "*.md", "path": "docs"}],
    }

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Search in a thread; finding nothing is a success."""
        pattern = args["pattern"]
        found = await in_thread(
            lambda stop: find_files(
                ctx.workspace, pattern, args.get("path", "."), limits=Limits(stop)
            )
        )
        if not found:
            return ToolOutput(f"No files found matching pattern: {pattern}")
        return ToolOutput(format_paths(found))


def format_paths(paths: list[str]) -> str:
    """One path per line as far as the output limit allows, a blank line, the number of files."""
    text = clean("\n".join(paths)).encode("utf-8")
    room = MAX_OUTPUT_BYTES - _ROOM_FOR_NOTES
    shown = text.decode()
    if len(text) > room:
        shown = text[:room].rpartition(b"\n")[0].decode() + f"\n{TRUNCATED}"
    return f"{shown}\n\n{len(paths)} file(s) found"
