"""A line that a search found."""

from __future__ import annotations

from typing import NamedTuple


class Match(NamedTuple):
    """A line that matches: workspace-relative path with `/`, line number from 1, text without end."""

    path: str
    line: int
    text: str
