"""What the tool lines return: Python values that also look well as a cell's output.

Files, commands and servers decide about their text: it is escaped, and terminal escapes disappear.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from a3s_code import ToolResult
from a3s_magics.cards import capped
from a3s_magics.sanitise import terminal_text

MAX_ROWS = 200  # of a table on screen; the value has all
MAX_LINES = 400  # of an output on screen

# A path may hold a colon only in front of a backslash or slash (a Windows drive).
_MATCH = re.compile(r"^((?:[A-Za-z]:[\\/])?[^:\n]+):(\d+):(.*)$")


@dataclass(frozen=True, slots=True)
class Match:
    """One line that `grep` found; `line` counts from 1."""

    path: str
    line: int
    text: str


class Matches(list[Match]):
    """The lines that `grep` found, shown as a table. `output` is the tool's text, with context.

    `complete` is False when there are more than fit into the tool's output.
    """

    def __init__(
        self, found: Iterable[Match] = (), output: str = "", complete: bool = True
    ) -> None:
        super().__init__(found)
        self.output, self.complete = output, complete

    @classmethod
    def read(cls, output: str) -> Matches:
        """From the text of the tool, when it shows no context."""
        found = (_MATCH.match(line) for line in output.splitlines())
        matches = [Match(m[1], int(m[2]), m[3]) for m in found if m]
        return cls(matches, output, "(output truncated)" not in output.rpartition("\n")[2])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="text-align: left"><code>{escape(_plain(match.path))}</code></td>'
            f"<td>{match.line}</td>"
            f'<td style="text-align: left"><code>{escape(_plain(match.text))}</code></td></tr>'
            for match in self[:MAX_ROWS]
        )
        heads = "".join(f'<th style="text-align: left">{name}</th>' for name in _HEADS)
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        return f"{table if self else ''}<p>{escape(self._summary())}</p>"

    def _repr_markdown_(self) -> str:
        rows = [
            f"| {_cell(match.path)} | {match.line} | {_cell(match.text)} |"
            for match in self[:MAX_ROWS]
        ]
        head = [f"| {' | '.join(_HEADS)} |", "|---|---|---|"] if rows else []
        return "\n".join([*head, *rows, "", self._summary()])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        lines = [f"{_plain(m.path)}:{m.line}:{_plain(m.text)}" for m in self[:MAX_ROWS]]
        printer.text("\n".join([*lines, self._summary()]))

    def _summary(self) -> str:
        files = _count(len({match.path for match in self}), "file", "files")
        more = "" if self.complete else "+"
        said = f"{_count(len(self), 'match', 'matches', more)} in {files}"
        hidden = len(self) - MAX_ROWS
        return f"{said}; {hidden} more are in the value" if hidden > 0 else said


_HEADS = ("path", "line", "text")


class Text(str):
    """A text that is shown as it reads, not as a quoted string."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(_shown(self))


class Outcome(ToolResult):
    """A tool's result, shown as its output: `output`, `exit_code`, `metadata`, `images`, `name`."""

    __slots__ = ()

    @classmethod
    def of(cls, result: ToolResult) -> Outcome:
        """The same result."""
        return cls(
            name=result.name,
            output=result.output,
            exit_code=result.exit_code,
            metadata=result.metadata,
            images=result.images,
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": self._text()}
        for image in self.images[:1]:
            bundle[image.media_type] = base64.b64encode(image.data).decode("ascii")
        return bundle

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self._text())

    def _text(self) -> str:
        code = f"[exit code {self.exit_code}]" if self.exit_code else ""
        return "\n".join(part for part in (_shown(self.output), code) if part) or "(no output)"


def value_of(result: ToolResult) -> Any:
    """Text for `read`, paths for `glob`, matches for `grep`, the whole result for others."""
    match result.name:
        case "read" if not result.images:
            return Text(result.output)
        case "glob":
            lines = result.output.split("\n\n")[0].splitlines()
            return [] if result.output.startswith("No files found") else lines
        case "grep":
            return Matches.read(result.output)
    return Outcome.of(result)


def _shown(text: str) -> str:
    return capped(terminal_text(text), MAX_LINES)


def _plain(text: str) -> str:
    return capped(" ".join(terminal_text(text).splitlines()))


def _cell(text: str) -> str:
    """For a table in Markdown, where a bar ends the cell and a dollar starts a formula."""
    return re.sub(r"[^\w\s./,;:]", lambda sign: f"&#{ord(sign[0])};", _plain(text)).replace(
        "_", "&#95;"
    )


def _count(number: int, one: str, many: str, more: str = "") -> str:
    return f"{number}{more} {one if number == 1 and not more else many}"
