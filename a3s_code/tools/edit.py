"""The `edit` tool: replace one literal text by another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.change import change_file
from a3s_code.tools.failures import reason
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.threads import Stop, in_thread


class Edit:
    """Replace a text that occurs once, or every occurrence of it."""

    name = "edit"
    read_only = False
    description = (
        "Replace old_string by new_string in a file of the workspace. The match is literal. "
        "old_string must occur exactly once unless replace_all is true."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "file_path": {
                "type": "string",
                "description": "File to change, absolute or relative to the workspace.",
            },
            "old_string": {
                "type": "string",
                "description": "Text to find, not empty, exactly as it stands in the file.",
            },
            "new_string": {"type": "string", "description": "Text to put in its place."},
            "replace_all": {
                "type": "boolean",
                "description": "Replace every occurrence; false by default.",
            },
        },
        "required": ["file_path", "old_string", "new_string"],
        "additionalProperties": False,
        "examples": [{"file_path": "a.py", "old_string": "x = 1", "new_string": "x = 2"}],
    }

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Edit atomically in a thread; a failed edit leaves the file untouched."""
        given = args["file_path"]
        path = ctx.workspace.resolve(given, tool=self.name)
        if not args["old_string"]:
            raise ToolFailed("old_string must not be empty")
        count = 0

        def edited(old: bytes | None) -> bytes:
            nonlocal count
            if old is None:
                raise FileNotFoundError("No such file or directory")
            text, count = replace_text(
                _decoded(old, given),
                args["old_string"],
                args["new_string"],
                replace_all=args.get("replace_all", False),
                path=given,
            )
            return text.encode("utf-8")

        def work(stop: Stop) -> ToolOutput:
            try:
                change = change_file(
                    ctx, tool=self.name, given=given, path=path, new_content=edited, stop=stop
                )
            except (OSError, UnicodeEncodeError) as error:
                raise ToolFailed(f"Failed to edit file {given}: {reason(error)}") from error
            text = f"Replaced {count} occurrence(s) in {given}"
            return ToolOutput(text, metadata=change.metadata())

        return await in_thread(work)


def _decoded(data: bytes, given: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ToolFailed(f"Failed to edit file {given}: it is not valid UTF-8") from None


def replace_text(text: str, old: str, new: str, *, replace_all: bool, path: str) -> tuple[str, int]:
    """The text after the replacement and the number of occurrences replaced.

    Where every line of the text ends with CRLF, `old` and `new` are taken with CRLF too, so the
    text keeps its endings. In a text of mixed endings a literal match comes first. Raises
    `ToolFailed` when `old` does not occur, or occurs more than once without `replace_all`.
    """
    literal, adapted = (old, new), (_with_crlf(old), _with_crlf(new))
    if "\r\n" not in text:
        candidates = [literal]
    elif text.count("\n") == text.count("\r\n"):
        candidates = [adapted, literal]
    else:
        candidates = [literal, adapted]
    for wanted, replacement in candidates:
        count = text.count(wanted)
        if count > 1 and not replace_all:
            raise ToolFailed(
                f"old_string occurs {count} times in {path}; set replace_all=true "
                "or give a longer string that occurs once"
            )
        if count:
            return text.replace(wanted, replacement), count
    raise ToolFailed(f"old_string not found in {path}")


def _with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")
