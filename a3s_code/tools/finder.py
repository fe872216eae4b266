"""The wanted files below a directory, found a part at a time, so that processes can share the work.

Works on open directories, as `walk` does, but in no order.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from a3s_code.tools import confined
from a3s_code.tools.confined import Folder
from a3s_code.tools.globs import Glob
from a3s_code.tools.ignore import IgnoreRules
from a3s_code.tools.pending import Pending
from a3s_code.tools.scan import scan

_FOLDER_EFFORT = 10  # to open and close a directory takes about as long as ten entries


class _Level(NamedTuple):
    """An open directory on the way with the names of the directories still to enter."""

    folder: Folder
    prefix: str
    rules: IgnoreRules
    inner: list[str]
    effort: int


class Finder:
    """Looks for `wanted` files below `root/within`, to which all other paths are relative.

    `check` is called for each directory and may raise.
    """

    def __init__(self, root: Path, within: str, wanted: Glob, check: Callable[[], None]) -> None:
        self._root = root
        self._within = within
        self._wanted = wanted
        self._check = check

    def look(self, pending: list[Pending], effort: int) -> list[str]:
        """The paths of files in the last directories of `pending` and below.

        Stops after the effort of reading about so many entries. Then `pending` has what is left, the
        directories nearest to the base first. Those that cannot be opened are passed over.
        """
        found: list[str] = []
        while pending and effort > 0:
            prefix, rules = pending.pop()
            try:
                folder = confined.open_folder(self._root, self._root / (self._within + prefix))
            except OSError:
                continue
            effort = self._below(self._level(folder, prefix, rules, found), effort, found, pending)
        return found

    def _below(self, start: _Level, effort: int, found: list[str], pending: list[Pending]) -> int:
        """Go on from an open directory; the effort that is then left."""
        effort -= start.effort
        levels = [start]
        try:
            while levels and effort > 0:
                folder, prefix, rules, inner, _ = levels[-1]
                if not inner:
                    levels.pop()
                    folder.close()
                    continue
                name = inner.pop()
                try:
                    folder = folder.enter(name)
                except OSError:
                    continue
                levels.append(self._level(folder, f"{prefix}{name}/", rules, found))
                effort -= levels[-1].effort
        finally:
            for folder, prefix, rules, inner, _ in levels:
                folder.close()
                pending += [Pending(f"{prefix}{name}/", rules) for name in inner]
        return effort

    def _level(self, folder: Folder, prefix: str, rules: IgnoreRules, found: list[str]) -> _Level:
        """Read an open directory, which is closed when that raises."""
        try:
            self._check()
            here = scan(folder, prefix, self._wanted, rules, self._within)
        except BaseException:
            folder.close()
            raise
        found += [prefix + name for name in here.names]
        return _Level(folder, prefix, here.rules, here.inner, _FOLDER_EFFORT + here.entries)
