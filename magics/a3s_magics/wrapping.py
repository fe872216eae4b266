"""Lines of help that fit a page: front ends break longer ones in the middle of a word."""

from __future__ import annotations

import textwrap

HELP_COLUMNS = 78  # as wide as `argparse` makes its part of a help
TABLE_COLUMNS = 96


def wrapped(text: str) -> str:
    """Each line cut between words; what goes on stands below the line's own beginning."""
    return "\n".join(
        _filled(line, HELP_COLUMNS, len(line) - len(line.lstrip())) for line in text.split("\n")
    )


def row(name: str, width: int, explained: str) -> str:
    """A row of a table with two columns, the first `width` wide; the second goes on below itself."""
    return _filled(f"{name:<{width}}  {explained}", TABLE_COLUMNS, width + 2)


def _filled(line: str, columns: int, indent: int) -> str:
    return textwrap.fill(
        line,
        columns,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
    )
