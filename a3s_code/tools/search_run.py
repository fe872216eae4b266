"""Searching some files of one open directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from a3s_code.tools.confined import Folder
from a3s_code.tools.linesearch import LineSearch
from a3s_code.tools.match import Match


def search_names(
    folder: Folder,
    prefix: str,
    names: Iterable[str],
    lines_of: LineSearch,
    check: Callable[[], None],
) -> Iterator[list[Match]]:
    """The matches of each file that has some; `prefix` is the directory's path, "" or ending in `/`.

    Files that are gone or cannot be read are passed over, as ripgrep does.
    """
    for name in names:
        try:
            fd = folder.open_to_read(name)
            try:
                lines = lines_of.in_file(fd, check)
            finally:
                os.close(fd)
        except OSError:
            continue
        if lines:
            yield [Match(prefix + name, number, text) for number, text in lines]
