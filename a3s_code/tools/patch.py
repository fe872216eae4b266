"""The `patch` tool: a unified diff onto one file, wholly or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.change import change_file
from a3s_code.tools.failures import reason
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.threads import Stop, in_thread
from a3s_code.tools.unified_diff import DiffSyntaxError, PatchMismatch, apply_hunks, parse_diff


class Patch:
    """Apply a unified diff."""

    name = "patch"
    read_only = False
    description = (
        "Apply a unified diff to one file of the workspace. Hunk headers (@@ -a,b +c,d @@) are "
        "required and must be right; context and removed lines must match exactly."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "file_path": {
                "type": "string",
                "description": "File to change, absolute or relative to the workspace.",
            },
            "diff": {"type": "string", "description": "Unified diff of this one file."},
        },
        "required": ["file_path", "diff"],
        "additionalProperties": False,
        "examples": [{"file_path": "a.txt", "diff": "@@ -1 +1 @@\n-old\n+new\n"}],
    }

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Patch atomically in a thread; a diff that does not fit leaves the file untouched."""
        given = args["file_path"]
        path = ctx.workspace.resolve(given, tool=self.name)
        try:
            hunks = parse_diff(args["diff"])
        except DiffSyntaxError as error:
            raise ToolFailed(f"Failed to parse diff: {error}") from None

        def patched(old: bytes | None) -> bytes:
            if old is None:
                raise FileNotFoundError("No such file or directory")
            return apply_hunks(old.decode("utf-8"), hunks).encode("utf-8")

        def work(stop: Stop) -> ToolOutput:
            try:
                change = change_file(
                    ctx, tool=self.name, given=given, path=path, new_content=patched, stop=stop
                )
            except UnicodeDecodeError:
                raise ToolFailed(f"Failed to apply patch: {given} is not valid UTF-8") from None
            except PatchMismatch as error:
                raise ToolFailed(f"Failed to apply patch: {error}") from None
            except (OSError, UnicodeEncodeError) as error:
                raise ToolFailed(f"Failed to apply patch: {given}: {reason(error)}") from error
            text = f"Applied {len(hunks)} hunk(s) to {given}"
            return ToolOutput(text, metadata=change.metadata())

        return await in_thread(work)
