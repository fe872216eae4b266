"""Cells that IPython would misread before our magics get to see them."""

from __future__ import annotations

import re
from collections.abc import Callable

# `%a3s btw which one?`, `x = %a3s_grep colou?`: IPython takes the question mark for a wish for help.
_QUESTION = re.compile(
    r"(?P<before>\s*(?:[\w.,\s\[\]]+=\s*)?)%(?P<name>[\w-]+)[ \t]+(?P<rest>\S.*\?)\s*"
)

_CELL = re.compile(r"%%a3s(_\w+)?(\s|$)")


def as_meant(
    lines: list[str], *, tool_of: Callable[[str], str | None] = lambda _name: None
) -> list[str]:
    """The lines of a cell, rewritten where IPython's own rules get in the way.

    A lone `%%a3s ...` gets a body, because IPython refuses it before `--help` could be answered, and
    comments above a cell magic of ours are left out, because below them IPython sees none. A magic's
    line that ends in a question mark becomes the call that it stands for; `%a3s?` still
    asks for help. Cells with a triple quotation mark stay, since such a line may be inside of text.
    `tool_of` tells which other names are magics of ours.
    """
    lines = _below_comments(lines)
    if not lines:
        return lines
    if lines[0].split(maxsplit=1)[:1] == ["%%a3s"] and not "".join(lines[1:]).strip():
        return [lines[0].rstrip("\n") + "\n", "\n"]
    if lines[0].lstrip().startswith("%%") or any('"""' in line or "'''" in line for line in lines):
        return lines
    return [_call(line, tool_of) for line in lines]


def _below_comments(lines: list[str]) -> list[str]:
    for at, line in enumerate(lines):
        if _CELL.match(line):
            return lines[at:]
        if line.strip() and not line.startswith("#"):
            break
    return lines


def _call(line: str, tool_of: Callable[[str], str | None]) -> str:
    found = _QUESTION.fullmatch(line)
    if found is None or not (found["name"].startswith("a3s") or tool_of(found["name"])):
        return line
    end = "\n" if line.endswith("\n") else ""
    call = f"get_ipython().run_line_magic({found['name']!r}, {found['rest'].rstrip()!r})"
    return f"{found['before']}{call}{end}"
