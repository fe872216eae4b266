"""What `write`, `edit` and `patch` share: read, keep a snapshot, replace, tell both texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a3s_code.tools.protocol import ToolContext
from a3s_code.tools.threads import Stop

MAX_DIFF_BYTES = 100 * 1024


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was made; the texts are None when they are too long to be told."""

    file_path: str
    before: str | None
    after: str | None

    def metadata(self) -> dict[str, Any]:
        """The documented metadata; without the texts where one of them is above 100 KiB."""
        if self.before is None or self.after is None:
            return {"file_path": self.file_path}
        return {"file_path": self.file_path, "before": self.before, "after": self.after}


def read_existing(ctx: ToolContext, path: Path) -> bytes | None:
    """The file's bytes, None when there is no file. Raises `OSError`."""
    try:
        with ctx.workspace.open(path) as file:
            return file.read()
    except FileNotFoundError:
        return None


def change_file(
    ctx: ToolContext,
    *,
    tool: str,
    given: str,
    path: Path,
    new_content: Callable[[bytes | None], bytes],
    stop: Stop,
) -> Change:
    """Replace a file's content by `new_content(old)`; `old` is None for a file that is not there.

    Changes of one workspace wait for each other. The snapshot is taken once the new content is
    known and written aside, right before it becomes visible. Raises `OSError` and what
    `new_content` raises; the file and the history are then as before.
    """
    with ctx.workspace.changes:
        before = read_existing(ctx, path)
        after = new_content(before)

        def commit() -> None:
            stop.check()
            ctx.history.record(given, before or b"", tool)

        ctx.workspace.replace(path, after, before_commit=commit)
    return Change(given, _text(before or b""), _text(after))


def _text(data: bytes) -> str | None:
    return None if len(data) > MAX_DIFF_BYTES else data.decode("utf-8", "replace")
