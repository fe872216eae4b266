"""Whether directories that another program read by their names stayed as they were meanwhile.

Such a program looks at a name first and opens it later. A symlink that took the name's place between
the two leads it out of the workspace, and its output does not tell. But to exchange an entry is to
change its directory, and the system notes the time of that where no program can set it back.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterable

_PLATFORM: str = sys.platform
_LINUX_FILE_CLOCK = 5  # CLOCK_REALTIME_COARSE of <linux/time.h>, whose ticks files get as times
_LARGEST_TICK_NS = 20_000_000
_SECOND_NS = 1_000_000_000
_COARSE_NS = 2 * _SECOND_NS  # file systems without parts of seconds round to one or two


def file_clock_ns() -> int:
    """A time that no file changed from now on is older than, in nanoseconds.

    It holds for file systems of this machine; those of others may have a clock that is behind.
    """
    if _PLATFORM == "linux":
        return time.clock_gettime_ns(_LINUX_FILE_CLOCK)
    return time.time_ns() - _LARGEST_TICK_NS


def undisturbed(root: str, entries: Iterable[str], since_ns: int) -> bool:
    """Whether the directories on the way from `root` to these entries are as they were at a time.

    Entries are files or directories that were gone into, as relative paths with `/`. False when an
    entry was added, removed or exchanged in any of the directories above them, `root` included, since
    `file_clock_ns()` gave `since_ns`; perhaps also for a change shortly before it.
    """
    folders = {""}
    for entry in entries:
        folder = entry.rpartition("/")[0]
        while folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return all(_is_older(os.path.join(root, folder), since_ns) for folder in folders)


def _is_older(folder: str, since_ns: int) -> bool:
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    # On Windows the first is the time of creation, and the second tells of changes.
    changed = max(status.st_ctime_ns, status.st_mtime_ns)
    if changed % _SECOND_NS == 0:
        changed += _COARSE_NS
    return changed < since_ns
