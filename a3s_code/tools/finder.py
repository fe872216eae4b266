"""The wanted files below a directory, found a part at a time, so that processes can share the work.

Works on open directories, as `walk` does, but in no order.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
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


class Finder:
    """Looks for `wanted` files below `root/within`, to which all other paths are relative.

    Paths of those that it finds come to `found`. `check` is called for each directory and may raise.
    """

    def __init__(self, root: Path, within: str, wanted: Glob, check: Callable[[], None]) -> None:
        self.found: list[str] = []
        self._root = root
        self._within = within
        self._wanted = wanted
        self._check = check
        self._effort = 0

    def start(self, rules: IgnoreRules) -> list[Pending]:
        """Look in the base alone, which has these rules around. Raises `OSError`."""
        level = self._read(self._open(""), "", rules)
        if level is None:
            return []
        level.folder.close()
        return _left([level])

    def look(self, pending: list[Pending], effort: int) -> None:
        """Look in the last directories of `pending` and below.

        Stops after the effort of reading about so many entries. Then `pending` has what is left, the
        directories nearest to the base first. Those that cannot be opened are passed over.
        """
        self._effort = effort
        while pending and self._effort > 0:
            prefix, rules, names = pending.pop()
            with suppress(OSError):
                pending += self._below(_Level(self._open(prefix), prefix, rules, names))

    def _open(self, prefix: str) -> Folder:
        return confined.open_folder(self._root, self._root / (self._within + prefix))

    def _below(self, start: _Level) -> list[Pending]:
        """Go on from an open directory, which is closed; what is left."""
        levels = [start]
        try:
            while levels and self._effort > 0:
                folder, prefix, rules, inner = levels[-1]
                if not inner:
                    levels.pop()
                    folder.close()
                    continue
                name = inner.pop()
                try:
                    folder = folder.enter(name)
                except OSError:
                    continue
                level = self._read(folder, f"{prefix}{name}/", rules)
                if level is not None:
                    levels.append(level)
            return _left(levels)
        finally:
            for level in levels:
                level.folder.close()

    def _read(self, folder: Folder, prefix: str, rules: IgnoreRules) -> _Level | None:
        """Read an open directory. It is closed again when that raises or nothing is to be entered."""
        inner: list[str] = []
        try:
            self._check()
            names, inner, rules, entries = scan(folder, prefix, self._wanted, rules, self._within)
        finally:
            if not inner:
                folder.close()
        self.found += [prefix + name for name in names]
        self._effort -= _FOLDER_EFFORT + entries
        return _Level(folder, prefix, rules, inner) if inner else None


def _left(levels: list[_Level]) -> list[Pending]:
    return [Pending(prefix, rules, inner) for _, prefix, rules, inner in levels if inner]
