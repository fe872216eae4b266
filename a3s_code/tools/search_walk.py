"""Searching the content of files without ripgrep, on all processors."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any

from a3s_code.tools import confined
from a3s_code.tools.limits import Limits
from a3s_code.tools.linesearch import LineSearch
from a3s_code.tools.match import Match
from a3s_code.tools.place import Place
from a3s_code.tools.search_helpers import Help, Helpers
from a3s_code.tools.search_query import Query
from a3s_code.tools.search_run import search_names
from a3s_code.tools.walk import Run, walk

_FILES_ALONE = 100  # searched in the time that it takes to ask a process
_FILES_WITHOUT_HELP = 3000  # searched in about the time that a process takes to start
_QUEUED = 8  # for each process, so that it always has something to do


def search_below(
    place: Place, query: Query, limits: Limits, helping: Help
) -> Generator[list[Match], None, None]:
    """The matches of each file below a directory that has some, in order if nobody helps."""
    base = confined.open_folder(query.root, place.path)
    try:
        with Helpers(limits, helping.most, queued=_QUEUED) as helpers:
            runs = walk(base, query.wanted, limits, rules=place.rules, within=place.prefix)
            if helping.is_required:
                for run in runs:
                    yield from _matches(helpers.give(_message(place, query, run)))
            else:
                yield from _shared(runs, place, query, helpers, limits)
            yield from _matches(helpers.rest())
    finally:
        base.close()


def _shared(
    runs: Iterable[Run], place: Place, query: Query, helpers: Helpers, limits: Limits
) -> Iterator[list[Match]]:
    """What this process searches itself, and what the others have found meanwhile."""
    lines_of, files = LineSearch(query.regex), 0
    for run in runs:
        helper = None
        if files >= _FILES_ALONE:
            helper = helpers.free(may_start=files >= _FILES_WITHOUT_HELP)
        if helper is not None:
            helper.send(_message(place, query, run))
        else:
            files += len(run.names)
            prefix = place.prefix + run.prefix
            yield from search_names(run.folder, prefix, run.names, lines_of, limits.check)
        yield from _matches(helpers.arrived())


def search_file_elsewhere(path: str, query: Query, limits: Limits) -> Iterator[list[Match]]:
    """The matches in a file of the workspace, found by another process."""
    folder, slash, name = path.rpartition("/")
    with Helpers(limits, 1, queued=_QUEUED) as helpers:
        yield from _matches(helpers.give(query.message(folder + slash, [name])))
        yield from _matches(helpers.rest())


def _message(place: Place, query: Query, run: Run) -> dict[str, Any]:
    return query.message(place.prefix + run.prefix, run.names)


def _matches(answers: Iterable[Any]) -> Iterator[list[Match]]:
    for files in answers:
        for matches in files:
            yield [Match(*match) for match in matches]
