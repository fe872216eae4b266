"""Finding files by name.

By our own walk, also where ripgrep is installed: starting it and reading its list takes as long.
"""

from __future__ import annotations

import os

from a3s_code.errors import ToolFailed
from a3s_code.tools import confined
from a3s_code.tools.glob_argument import glob_argument
from a3s_code.tools.globs import Glob, compile_glob
from a3s_code.tools.limits import Limits
from a3s_code.tools.place import Place, place_of
from a3s_code.tools.walk import walk
from a3s_code.tools.workspace import Workspace


def find_files(
    workspace: Workspace,
    pattern: str,
    path: str = ".",
    *,
    limits: Limits | None = None,
) -> list[str]:
    """Every file below the directory `path` that matches, workspace-relative with `/`, sorted.

    Ignored files, hidden ones that the pattern does not spell out, and symlinks are left out. Blocks:
    call it in a worker thread. Raises `ToolFailed` for a bad pattern or path and when the time of
    `limits` is over; the list is never cut.
    """
    limits = limits or Limits()
    wanted = glob_argument(pattern, "glob", compile_glob)
    base = workspace.resolve(path, tool="glob")
    if not os.path.exists(base):  # unlike `base.exists()` no error for a name that is too long
        raise ToolFailed(f"Directory not found: {path}")
    if not os.path.isdir(base):
        raise ToolFailed(f"Not a directory: {path}")
    return _walked(workspace, place_of(workspace, base), wanted, limits)


def _walked(workspace: Workspace, place: Place, wanted: Glob, limits: Limits) -> list[str]:
    base = confined.open_folder(workspace.root, place.path)
    try:
        return sorted(
            f"{place.prefix}{run.prefix}{name}"
            for run in walk(base, wanted, limits, rules=place.rules, within=place.prefix)
            for name in run.names
        )
    finally:
        base.close()
