"""The `write` tool: a file's whole new content."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.change import change_file
from a3s_code.tools.failures import reason
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.threads import Stop, in_thread


class Write:
    """Create a file or replace all of it."""

    name = "write"
    read_only = False
    description = (
        "Write a file in the workspace, replacing what it contained. "
        "Missing parent directories are created."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "file_path": {
                "type": "string",
                "description": "File to write, absolute or relative to the workspace.",
            },
            "content": {"type": "string", "description": "The complete new content."},
        },
        "required": ["file_path", "content"],
        "additionalProperties": False,
        "examples": [{"file_path": "notes/todo.md", "content": "- first\n"}],
    }

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Write atomically in a thread, after a snapshot of the old content."""
        given, content = args["file_path"], args["content"]
        path = ctx.workspace.resolve(given, tool=self.name)

        def work(stop: Stop) -> ToolOutput:
            try:
                if given.endswith(("/", os.sep)):  # the system would say so, but the path lost it
                    raise IsADirectoryError("Is a directory")
                data = content.encode("utf-8")
                change = change_file(
                    ctx,
                    tool=self.name,
                    given=given,
                    path=path,
                    new_content=lambda _old: data,
                    stop=stop,
                )
            except (OSError, UnicodeEncodeError) as error:
                raise ToolFailed(f"Failed to write file {given}: {reason(error)}") from error
            text = f"Wrote {len(data)} bytes ({count_lines(content)} lines) to {given}"
            return ToolOutput(text, metadata=change.metadata())

        return await in_thread(work)


def count_lines(text: str) -> int:
    """Lines of a text; the last one counts whether or not it ends with a newline."""
    return text.count("\n") + (not text.endswith("\n") and text != "")
