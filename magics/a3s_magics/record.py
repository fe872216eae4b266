"""The machine-readable record of a turn, kept in the cell's output next to the readable text.

`application/vnd.a3s.turn+json`, version 1; `docs/turn-record.md` explains every field. The events
are the turn's event log with neighbouring deltas of the same kind joined. It never holds a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from a3s_code import AgentEvent
from a3s_magics.statusline import Surroundings
from a3s_magics.transcript import Failure, Notice, Transcript

MIME = "application/vnd.a3s.turn+json"
VERSION = 1
MAX_OUTPUT_CHARACTERS = 64 * 1024

_DELTAS = frozenset({"text_delta", "reasoning_delta", "tool_input_delta", "tool_output_delta"})
_KEY = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|gpustack)[-_][\w-]{12,}|(?<=Bearer )\S{8,}|\bAIza[\w-]{20,}"
)


class EventLog:
    """The events of a turn in JSON form; a run of deltas becomes one entry in linear time."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._pieces: list[str] = []
        self._output: dict[str, int] = {}

    def add(self, events: Iterable[AgentEvent]) -> None:
        """Append events in their order."""
        for event in events:
            self._add(event)

    def _add(self, event: AgentEvent) -> None:
        if event.event_type == "tool_output_delta":
            # A notebook is no place for megabytes: the end of the call holds the result anyhow.
            length = self._output.get(event.tool_id, 0)
            self._output[event.tool_id] = length + len(event.text)
            if length > MAX_OUTPUT_CHARACTERS:
                return
        if event.event_type in _DELTAS:
            last = self._entries[-1] if self._entries else {}
            same_source = (last.get("tool_id"), last.get("task_id")) == (
                event.tool_id,
                event.task_id,
            )
            if last.get("type") == event.event_type and same_source:
                self._pieces.append(event.text)
                return
        self._join()
        entry = event.to_dict()
        self._entries.append(entry)
        self._pieces = [entry["text"]] if event.event_type in _DELTAS else []

    def _join(self) -> None:
        if self._pieces:
            self._pieces = ["".join(self._pieces)]
            self._entries[-1]["text"] = self._pieces[0]

    def entries(self) -> list[dict[str, Any]]:
        """The log so far."""
        self._join()
        return [dict(entry) for entry in self._entries]


def without_keys(text: str) -> str:
    """Text in which anything shaped like an API key is replaced."""
    return _KEY.sub("[key]", text)


def turn_record(
    view: Transcript,
    around: Surroundings,
    log: EventLog,
    prompt: str,
    session_id: str = "",
    session: str = "",
    *,
    is_scheduled: bool = False,
) -> dict[str, Any]:
    """The record of a finished turn, ready for JSON. `session` is the session's name if it has one."""
    failure = next((part for part in view.segments if isinstance(part, Failure)), None)
    error = None
    if failure is not None:
        error = {"type": failure.kind, "message": without_keys(failure.text)}
    return {
        "version": VERSION,
        "session_id": session_id,
        **({"session": session} if session else {}),
        **({"scheduled": True} if is_scheduled else {}),
        "prompt": prompt,
        "remarks": _remarks(view),
        "text": view.text,
        "model": around.model,
        "outcome": view.outcome or "cancelled",
        "cancelled": view.outcome == "cancelled",
        "error": error,
        "usage": view.usage.to_dict(),
        "cost_usd": around.cost_usd,
        "elapsed_s": round(around.elapsed_s, 3),
        "events": [_clean(entry) for entry in log.entries()],
    }


def _remarks(view: Transcript) -> list[str]:
    """What the notebook itself said above the turn; no event tells it."""
    return [
        without_keys(part.text)
        for part in view.segments
        if isinstance(part, Notice) and part.kind == "remark"
    ]


def _clean(entry: dict[str, Any]) -> dict[str, Any]:
    """Servers like to repeat the key they refused; tool results may have read one."""
    return {
        name: value if name == "images" else _clean_value(value) for name, value in entry.items()
    }


def _clean_value(value: Any) -> Any:
    match value:
        case str():
            return without_keys(value)
        case dict():
            return {str(name): _clean_value(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_clean_value(inner) for inner in value]
        case None | bool() | int() | float():
            return value
        case _:
            return without_keys(str(value))
