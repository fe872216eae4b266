"""Finding files by name without ripgrep, on all processors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from a3s_code.tools.finder import Finder
from a3s_code.tools.globs import Glob
from a3s_code.tools.limits import Limits
from a3s_code.tools.pending import Pending, packed, unpacked
from a3s_code.tools.place import Place
from a3s_code.tools.search_helpers import Help, Helpers
from a3s_code.tools.workspace import Workspace

# In entries of directories, each of which takes about a microsecond.
_ALONE = 500  # a small workspace: nobody is asked
_PART = 3000  # long against the time that a message takes
_WITHOUT_HELP = 10_000  # read in a part of the time that a process takes to start
_MOST_FOLDERS = 8  # in one message, so that there is something left to share
_QUEUED = 2


def find_by_walk(
    workspace: Workspace, place: Place, wanted: Glob, limits: Limits, helping: Help
) -> list[str]:
    """The wanted files below a directory, as paths relative to it, in no order.

    Raises `OSError` when the directory cannot be opened, and what the limits raise.
    """
    finder = Finder(workspace.root, place.prefix, wanted, limits.check)
    pending = finder.start(place.rules)
    task = {"root": str(workspace.root), "within": place.prefix, "pattern": wanted.pattern}
    part, effort = _ALONE, 0
    with Helpers(limits, helping.most, queued=_QUEUED) as helpers:
        while pending or helpers.are_working:
            if not pending:
                _take(helpers.wait(), finder, pending)
            elif helping.is_required:
                _take(helpers.give(_share(task, pending)), finder, pending)
            else:
                finder.look(pending, part)
                part, effort = _PART, effort + part
                _take(helpers.arrived(), finder, pending)
                may_start = effort > _WITHOUT_HELP
                while pending and (helper := helpers.free(may_start=may_start)):
                    helper.send(_share(task, pending))
    return finder.found


def _share(task: dict[str, Any], pending: list[Pending]) -> dict[str, Any]:
    """The message that gives some of the directories nearest to the base to another process."""
    share = pending[0].share(_MOST_FOLDERS)
    if not pending[0].names:
        del pending[0]
    return {**task, "effort": _PART, "pending": packed([share])}


def _take(answers: Iterable[Any], finder: Finder, pending: list[Pending]) -> None:
    """Add what other processes have found, and the directories that they leave."""
    for answer in answers:
        finder.found += answer["found"]
        pending[:0] = unpacked(answer["pending"])
