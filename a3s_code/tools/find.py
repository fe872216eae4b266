"""Finding files by name: the same complete, sorted list with ripgrep and without."""

from __future__ import annotations

from a3s_code.errors import ToolFailed
from a3s_code.tools import confined
from a3s_code.tools.globs import BadGlob, Glob, GlobLeavesRoot, compile_glob
from a3s_code.tools.limits import Limits
from a3s_code.tools.place import Place, place_of
from a3s_code.tools.ripgrep import RipgrepFailed, find_ripgrep, list_files
from a3s_code.tools.walk import walk
from a3s_code.tools.workspace import Workspace


def find_files(
    workspace: Workspace,
    pattern: str,
    path: str = ".",
    *,
    limits: Limits | None = None,
    use_ripgrep: bool = True,
) -> list[str]:
    """Every file below the directory `path` that matches, workspace-relative with `/`, sorted.

    Ignored files, hidden ones that the pattern does not spell out, and symlinks are left out. Blocks:
    call it in a worker thread. Raises `ToolFailed` for a bad pattern or path and when the time of
    `limits` is over; the list is never cut.
    """
    limits = limits or Limits()
    wanted = glob_of(pattern)
    base = workspace.resolve(path, tool="glob")
    if not base.exists():
        raise ToolFailed(f"Directory not found: {path}")
    if not base.is_dir():
        raise ToolFailed(f"Not a directory: {path}")
    place = place_of(workspace, base)
    program = find_ripgrep(workspace.root) if use_ripgrep else None
    if program is not None and place.ripgrep_sees_the_same(workspace):
        try:
            return _with_ripgrep(program, place, wanted, limits)
        except RipgrepFailed:
            pass  # an rg that is too old or broken: the walk needs none
    return _with_walk(workspace, place, wanted, limits)


def glob_of(pattern: str) -> Glob:
    """A compiled pattern of the `glob` tool; raises `ToolFailed` with the documented text."""
    try:
        return compile_glob(pattern)
    except GlobLeavesRoot:
        raise ToolFailed(
            f"Workspace boundary violation: tool 'glob' path '{pattern}' escapes workspace"
        ) from None
    except BadGlob as error:
        raise ToolFailed(f"Invalid glob pattern '{pattern}': {error}") from None


def _with_ripgrep(program: str, place: Place, wanted: Glob, limits: Limits) -> list[str]:
    paths = list_files(program, str(place.path), wanted, limits, parents=bool(place.rules.specs))
    matches, prefix = wanted.files.fullmatch, place.prefix
    return sorted(prefix + path for path in paths if matches(path))


def _with_walk(workspace: Workspace, place: Place, wanted: Glob, limits: Limits) -> list[str]:
    base = confined.open_folder(workspace.root, place.path)
    try:
        return sorted(
            f"{place.prefix}{run.prefix}{name}"
            for run in walk(base, wanted, limits, rules=place.rules, within=place.prefix)
            for name in run.names
        )
    finally:
        base.close()
