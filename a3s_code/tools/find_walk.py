"""Finding files by name without ripgrep, on all processors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from a3s_code.tools import confined
from a3s_code.tools.finder import Finder
from a3s_code.tools.globs import Glob
from a3s_code.tools.limits import Limits
from a3s_code.tools.pending import Pending, packed, unpacked
from a3s_code.tools.place import Place
from a3s_code.tools.search_helpers import Help, Helpers
from a3s_code.tools.workspace import Workspace

# In entries of directories, each of which takes about a microsecond.
_ALONE = 500  # a small workspace: nobody is asked
_PART = 2000  # long against the time that a message takes
_WITHOUT_HELP = 10_000  # read in a part of the time that a process takes to start
_MOST_FOLDERS = 8  # in one message, so that there is something left to share
_QUEUED = 2


def find_by_walk(
    workspace: Workspace, place: Place, wanted: Glob, limits: Limits, helping: Help
) -> list[str]:
    """The wanted files below a directory, as paths relative to it, in no order.

    Raises `OSError` when the directory cannot be opened, and what the limits raise.
    """
    confined.open_folder(workspace.root, place.path).close()
    finder = Finder(workspace.root, place.prefix, wanted, limits.check)
    work = _Work(workspace, place, wanted)
    effort = 0
    with Helpers(limits, helping.most, queued=_QUEUED) as helpers:
        while work.pending or helpers.are_working:
            if not work.pending:
                work.take(helpers.wait())
            elif helping.is_required:
                work.take(helpers.give(work.message()))
            else:
                part = _PART if effort else _ALONE
                work.found += finder.look(work.pending, part)
                effort += part
                work.take(helpers.arrived())
                may_start = effort > _WITHOUT_HELP
                while len(work.pending) > 1 and (helper := helpers.free(may_start=may_start)):
                    helper.send(work.message())
    return work.found


class _Work:
    """What is found and what is still to be read, the directories nearest to the base first."""

    def __init__(self, workspace: Workspace, place: Place, wanted: Glob) -> None:
        self.found: list[str] = []
        self.pending = [Pending("", place.rules)]
        self._task = {
            "root": str(workspace.root),
            "within": place.prefix,
            "pattern": wanted.pattern,
            "effort": _PART,
        }

    def message(self) -> dict[str, Any]:
        """A share of the directories for another process."""
        share = self.pending[:_MOST_FOLDERS]
        del self.pending[:_MOST_FOLDERS]
        return {**self._task, "pending": packed(share)}

    def take(self, answers: Iterable[Any]) -> None:
        """Add what other processes have found, and the directories that they leave."""
        for answer in answers:
            self.found += answer["names"]
            self.pending[:0] = unpacked(answer["pending"])
