"""The cells that were run: source, text of their outputs, and how they failed. Text only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from a3s_magics.traces import head_and_tail, trace_of

TURN = "application/vnd.a3s.turn+json"
MAX_CELLS = 500
MAX_SOURCE_CHARS = 8000
MAX_OUTPUT_CHARS = 3000
_KEEP_CHARS = 4 * MAX_OUTPUT_CHARS  # of one cell while it runs


@dataclass(slots=True)
class CellRun:
    """One run of a cell; `number` is None for one without history, a prompt goes to the agent."""

    source: str
    is_prompt: bool = False
    number: int | None = None
    error: str = ""
    outputs: list[str] = field(default_factory=list)
    _size: int = 0

    @property
    def output(self) -> str:
        """The text of the outputs, capped; head and tail stay."""
        from a3s_magics.sanitise import terminal_text  # not above: loading is to be quick

        text = terminal_text("".join(self.outputs)).strip("\n")
        return head_and_tail(text, MAX_OUTPUT_CHARS)

    def add(self, text: str) -> None:
        """Append output; of a flood, the newest part is kept along with the beginning."""
        self.outputs.append(text)
        self._size += len(text)
        if self._size > 2 * _KEEP_CHARS:
            joined = head_and_tail("".join(self.outputs), _KEEP_CHARS)
            self.outputs, self._size = [joined], len(joined)


class CellLog:
    """Listens to cells and keeps the latest 500."""

    def __init__(self) -> None:
        self._runs: list[CellRun] = []
        self._current: CellRun | None = None
        self._clear_next = False
        self.last_error: CellRun | None = None

    def __iter__(self) -> Iterator[CellRun]:
        return iter(list(self._runs))

    def cell_began(self, source: str, cell_id: str | None) -> None:
        """Begin an entry."""
        is_prompt = source.split(maxsplit=1)[:1] == ["%%a3s"]
        self._current, self._clear_next = CellRun(source[:MAX_SOURCE_CHARS], is_prompt), False

    def prompted(self, prompt: str) -> None:
        """The agent is asked; a cell that is nothing but this prompt, as in the chat kernel, is one."""
        if self._current is not None and prompt.startswith(self._current.source):
            self._current.is_prompt = True

    def printed(self, text: str) -> None:
        """Text on stdout is output."""
        self._add(text)

    def shown(self, bundle: Mapping[str, Any], display_id: str | None, update: bool) -> None:
        """The plain text of a display is output; a turn of the agent is not, it is known."""
        text = bundle.get("text/plain")
        if isinstance(text, str) and not update and TURN not in bundle:
            self._add(f"{text}\n")

    def cleared(self, wait: bool) -> None:
        """What the cell has shown so far is gone."""
        self._clear_next = True

    def cell_ended(self, number: int | None, error: BaseException | None) -> None:
        """Close the entry; the exception itself is not kept, it would keep the user's objects."""
        run, self._current = self._current, None
        if run is None:
            return
        run.number = number
        if error is not None and not run.is_prompt:
            run.error = trace_of(error)
            self.last_error = run
        self._runs.append(run)
        del self._runs[:-MAX_CELLS]

    def _add(self, text: str) -> None:
        if self._current is None:
            return
        if self._clear_next:
            self._current.outputs, self._clear_next = [], False
        self._current.add(text)
