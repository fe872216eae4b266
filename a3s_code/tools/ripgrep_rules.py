"""The options that make `rg` respect the same ignore rules as our own walk, where it can."""

from __future__ import annotations

import os
import re
import subprocess
from functools import lru_cache

from a3s_code.tools.ignore import FILE_NAME
from a3s_code.tools.place import Place
from a3s_code.tools.workspace import Workspace

# Only the rules in the workspace count, never those of the user or of the machine.
_ALWAYS = (
    "--no-config",
    "--no-ignore-dot",
    "--no-ignore-exclude",
    "--no-ignore-global",
    "--glob=!.git",
)
_VERSION_TIMEOUT_S = 10.0


def rule_options(program: str, place: Place, workspace: Workspace) -> list[str] | None:
    """Options for a search at this place; None when rg would respect others than our rules."""
    options = list(_ALWAYS)
    repository = _repository(workspace)
    if repository is None:
        if (workspace.root / FILE_NAME).exists() and not _ends_rules_at_repositories(program):
            return None
        options.append("--no-require-git")
    if not place.rules.files:
        options.append("--no-ignore-parent")
        return options
    above = workspace.root.parents[:repository]
    return None if any((folder / FILE_NAME).exists() for folder in above) else options


def _repository(workspace: Workspace) -> int | None:
    """How many levels up from the workspace its repository is; None when it is in none."""
    for level, folder in enumerate((workspace.root, *workspace.root.parents)):
        if (folder / ".git").exists():
            return level
    return None


def _ends_rules_at_repositories(program: str) -> bool:
    """Whether rg, when it needs no repository around, still ends the rules at one inside.

    From version 14.0 on it does not look for any repository then.
    """
    try:
        major = _major_version(program, os.stat(program).st_mtime_ns)
    except (OSError, subprocess.SubprocessError):
        return False
    return major is not None and major < 14


@lru_cache(maxsize=8)
def _major_version(program: str, _changed_ns: int) -> int | None:
    told = subprocess.run(
        [program, "--no-config", "--version"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_VERSION_TIMEOUT_S,
        check=True,
    ).stdout
    version = re.match(rb"ripgrep (\d+)\.", told)
    return int(version[1]) if version else None
