"""Going back to an earlier version of a file, and what it is now."""

from __future__ import annotations

from a3s_code.errors import ToolFailed
from a3s_code.tools.change import Change, change_file
from a3s_code.tools.failures import reason
from a3s_code.tools.protocol import ToolContext
from a3s_code.tools.threads import Stop
from a3s_code.tools.workspace import Workspace


def restore_version(
    ctx: ToolContext, file_path: str, version: int, stop: Stop | None = None
) -> Change:
    """Give a file the content of a kept version, byte by byte, after a snapshot of what it has.

    A version from before the file existed makes it empty. The snapshot goes under `write`. Blocks:
    call it in a worker thread. Raises `ToolFailed` when the version is not kept, the path lies
    outside the workspace, or the file cannot be written.
    """
    path = ctx.workspace.resolve(file_path, tool="write")
    content = ctx.history.content(file_path, version)
    if content is None:
        raise ToolFailed(f"No version {version} of {file_path}")
    try:
        return change_file(
            ctx,
            tool="write",
            given=file_path,
            path=path,
            new_content=lambda _old: content,
            stop=stop or Stop(),
        )
    except OSError as error:
        raise ToolFailed(f"Failed to write file {file_path}: {reason(error)}") from error


def current_content(workspace: Workspace, file_path: str) -> bytes:
    """The file as it is now, b"" when there is none.

    Raises `ToolFailed` when the path lies outside the workspace or the file cannot be read.
    """
    path = workspace.resolve(file_path, tool="read")
    try:
        with workspace.open(path) as file:
            return file.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ToolFailed(f"Failed to read file {file_path}: {reason(error)}") from error
