"""What a subject found: rows for the targets, tables with the figures behind them, notes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One target and how it was met; `met` is None for what has no target."""

    target: str
    what: str
    limit: str
    measured: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Table:
    """Figures as text, ready to be printed."""

    title: str
    head: list[str]
    lines: list[list[str]]


@dataclass(slots=True)
class Findings:
    """All of one subject, in the order in which it is printed."""

    rows: list[Row] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    command: str = ""
    commit: str = ""

    def row(self, target: str, what: str, limit: str, measured: str, met: bool | None) -> None:
        """Add a target."""
        self.rows.append(Row(target, what, limit, measured, met))

    def table(self, title: str, head: list[str], lines: list[list[str]]) -> None:
        """Add a table, unless it would be empty."""
        if lines:
            self.tables.append(Table(title, head, lines))

    def note(self, sentence: str) -> None:
        """Add a sentence; the same one only once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Findings:
        """The inverse of `to_dict`."""
        return cls(
            [Row(**row) for row in stored["rows"]],
            [Table(**table) for table in stored["tables"]],
            list(stored["notes"]),
            stored["command"],
            stored["commit"],
        )
