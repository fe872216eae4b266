"""Finding files by name: the same list with ripgrep and without."""

from __future__ import annotations

import os

from a3s_code.errors import ToolFailed
from a3s_code.tools import confined
from a3s_code.tools.find_walk import find_by_walk
from a3s_code.tools.glob_argument import glob_argument
from a3s_code.tools.globs import Glob, compile_glob
from a3s_code.tools.limits import Limits
from a3s_code.tools.place import Place, place_of
from a3s_code.tools.ripgrep import RipgrepFailed, find_ripgrep, list_files
from a3s_code.tools.ripgrep_rules import rule_options
from a3s_code.tools.search_helpers import Help, help_for
from a3s_code.tools.undisturbed import file_clock_ns, undisturbed
from a3s_code.tools.workspace import Workspace


def find_files(
    workspace: Workspace,
    pattern: str,
    path: str = ".",
    *,
    limits: Limits | None = None,
    use_ripgrep: bool = True,
    helping: Help | None = None,
) -> list[str]:
    """Every file below the directory `path` that matches, workspace-relative with `/`, sorted.

    Ignored files, hidden ones that the pattern does not spell out, and symlinks are left out. Blocks:
    call it in a worker thread. Raises `ToolFailed` for a bad pattern or path and when the time of
    `limits` is over; the list is never cut.

    `helping` says how many processes may help without ripgrep; None: one for each further processor.
    """
    limits = limits or Limits()
    wanted = glob_argument(pattern, "glob", compile_glob)
    base = workspace.resolve(path, tool="glob")
    if not os.path.exists(base):  # unlike `base.exists()` no error for a name that is too long
        raise ToolFailed(f"Directory not found: {path}")
    if not os.path.isdir(base):
        raise ToolFailed(f"Not a directory: {path}")
    place = place_of(workspace, base)
    if use_ripgrep:
        listed = _with_ripgrep(workspace, place, wanted, limits)
        if listed is not None:
            return listed
    helping = helping or help_for(is_tame=True)
    found = find_by_walk(workspace, place, wanted, limits, helping)
    return sorted(place.prefix + name for name in found)


def _with_ripgrep(
    workspace: Workspace, place: Place, wanted: Glob, limits: Limits
) -> list[str] | None:
    """None when there is no ripgrep, or none that can do the same as the walk here.

    Also when a directory has changed meanwhile: it may have led ripgrep elsewhere.
    """
    program = find_ripgrep(workspace.root)
    if program is None:
        return None
    # What leads to a directory that was asked for by name counts for ripgrep, so it begins there.
    fixed = [] if place.is_left_out else wanted.fixed_folders()
    start = _entered(workspace, place, fixed)
    if start is None:
        return []
    rules = rule_options(program, start, workspace)
    if rules is None:
        return None
    limits.check()
    depth, since_ns = wanted.depth(), file_clock_ns()
    try:
        names = list_files(
            program,
            str(start.path),
            wanted,
            limits,
            depth=None if depth is None else depth - len(fixed),
            rules=rules,
        )
    except RipgrepFailed:
        return None
    way = start.prefix[len(place.prefix) :]
    found = wanted.among([way + name for name in names] if way else names)
    if place.prefix:
        found = [place.prefix + path for path in found]
    entered = {path.rpartition("/")[0] for path in found}  # files were not opened, only listed
    return sorted(found) if undisturbed(str(workspace.root), entered, since_ns) else None


def _entered(workspace: Workspace, place: Place, names: list[str]) -> Place | None:
    """The directory that the names lead to; None when a walk would not come there."""
    for name in names:
        inner = place.inner(name) if _has_folder(workspace, place, name) else None
        if inner is None:
            return None
        place = inner
    return place


def _has_folder(workspace: Workspace, place: Place, name: str) -> bool:
    """Whether the directory has one of exactly that name, which not every file system tells."""
    if name == ".git":
        return False
    try:
        folder = confined.open_folder(workspace.root, place.path)
    except OSError:
        return False
    try:
        return any(entry.name == name and confined.is_real_folder(entry) for entry in folder.scan())
    except OSError:
        return False
    finally:
        folder.close()
