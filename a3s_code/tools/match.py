"""A line that a search found."""

from __future__ import annotations

from typing import NamedTuple


class Match(NamedTuple):
    """A line that matches: workspace-relative path with `/`, line number from 1, text without end."""

    path: str
    line: int
    text: str


class Matches(list[Match]):
    """Matches by path and line. `complete` is False when there were more than could be kept."""

    complete = True
