"""What `%a3s sessions` shows: a line for each session, the notebook's own first, then by last use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from a3s_code import SessionSummary
from a3s_magics.counted import counted
from a3s_magics.options import one_line
from a3s_magics.sanitise import terminal_text

MAX_OTHERS = 20
_PROMPT_CHARS = 60


def session_list(
    names: Mapping[str, str], saved: Iterable[SessionSummary], own: str, *, everything: bool
) -> str:
    """The sessions as a table. `names` are ids by name, `own` is the id of the session in use.

    Of those without a name the 20 used last are shown, unless `everything` is wanted.
    """
    known = {summary.id: summary for summary in saved}
    named = set(names.values())
    others = [summary for summary in known.values() if summary.id not in named]
    shown = (
        others
        if everything
        else [s for at, s in enumerate(others) if at < MAX_OTHERS or s.id == own]
    )
    rows = [(name, known.get(id_, SessionSummary(id=id_))) for name, id_ in names.items()]
    rows += [("", summary) for summary in shown]
    marks = ["*" if summary.id == own else " " for _, summary in rows]
    table = _aligned([_cells(name, summary) for name, summary in rows])
    lines = [f"{mark} {line}" for mark, line in zip(marks, table, strict=True)]
    if len(shown) < len(others):
        lines.append(f"  … {len(others) - len(shown)} older; %a3s sessions all lists them")
    return "\n".join(lines) or "There are no saved sessions."


def _cells(name: str, summary: SessionSummary) -> tuple[str, ...]:
    return (
        _plain(name),
        _plain(summary.id),
        _count(summary.prompts),
        _time(summary.updated_at),
        _shortened(_plain(summary.first_prompt)),
    )


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width)
        yield "  ".join(cells).rstrip()


def _count(prompts: int | None) -> str:
    if prompts is None:
        return "cannot be read"
    return counted(prompts, "prompt")


def _time(unix_time: int) -> str:
    """In the local time of this machine; "" for none, or one that is beyond all calendars."""
    try:
        return (
            f"{datetime.fromtimestamp(unix_time, UTC).astimezone():%Y-%m-%d %H:%M}"
            if unix_time
            else ""
        )
    except (ValueError, OverflowError, OSError):
        return ""


def _shortened(text: str) -> str:
    return text if len(text) <= _PROMPT_CHARS else f"{text[: _PROMPT_CHARS - 1]}…"


def _plain(text: str) -> str:
    """Foreign text, of which a line shows what can be seen."""
    return one_line(terminal_text(text))
