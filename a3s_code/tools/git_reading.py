"""Looking at a repository without running what somebody wrote into it.

A repository names programs in its configuration, its hooks and its attributes, and git runs them
also for commands that only look: to compare files, to show differences, to fetch what is missing.
Commands that change something are run as git runs them, since a person has agreed to them.
"""

from __future__ import annotations

from a3s_code.errors import ToolFailed
from a3s_code.tools.git_command import MAX_TEXT_BYTES, GitResult, run_git

# No programs that show differences, and no look into submodules, whose filters are not known here.
PLAIN_DIFF = ("--no-ext-diff", "--no-textconv", "--submodule=short", "--ignore-submodules=dirty")

_SETTINGS = {
    "core.hooksPath": "/dev/null",  # git for Windows knows it too
    "log.showSignature": "false",
    "status.submoduleSummary": "false",
}
# A partial clone fetches missing objects, through whatever program its remote names. Versions
# that do not know the first variable find that no way of transport is allowed.
_OFFLINE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
_FILTER_PROGRAMS = ("clean", "smudge", "process")


async def read_git(
    cwd: str, *args: str, compares_files: bool = False, limit: int = MAX_TEXT_BYTES
) -> GitResult:
    """As `run_git`, for a command that only looks; `compares_files` when it reads the work tree.

    Files under a filter are then compared as they are. Raises `ToolFailed`, also when a filter has
    a name that git cannot be given.
    """
    settings = dict(_SETTINGS)
    if compares_files:
        settings |= _without(await _filters(cwd))
    return await run_git(cwd, *args, settings=settings, variables=_OFFLINE, limit=limit)


async def _filters(cwd: str) -> set[str]:
    """The names of all filters that the configuration sets up, of whatever file."""
    found = await read_git(
        cwd, "config", "--null", "--name-only", "--get-regexp", r"^filter\.", limit=1 << 20
    )
    names = found.text.split("\0") if found.exit_code == 0 else []  # 1: there is none
    return {name.partition(".")[2].rpartition(".")[0] for name in names if name}


def _without(filters: set[str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for name in sorted(filters):
        if "=" in name:  # the option -c would end the name there
            raise ToolFailed(f"The repository has a filter that cannot be switched off: {name!r}")
        settings |= {f"filter.{name}.{program}": "" for program in _FILTER_PROGRAMS}
        settings[f"filter.{name}.required"] = "false"
    return settings
