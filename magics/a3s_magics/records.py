"""Which recorded turn belongs to a prompt: by its text, and by the order of the cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from a3s_magics.record import VERSION

_SHOWN_CHARS = 60


class ReplayMismatch(Exception):
    """No recorded turn can be shown; the message says in one line what differs."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One turn's record, and where it was found: the notebook's name and the cell, from 1."""

    notebook: str
    cell: int
    record: Mapping[str, Any]

    @property
    def prompt(self) -> str:
        """The prompt as it was sent."""
        return str(self.record.get("prompt", ""))

    @property
    def place(self) -> str:
        """For messages."""
        return f"cell {self.cell} of {self.notebook}"


class Recordings:
    """The recorded turns of one notebook, or of several of which one is being executed.

    Which one is found out by its prompts: those that lack one of them are out. Equal prompts are
    told apart by their order; a cell that is executed again gets its turn again.
    """

    def __init__(self, notebooks: Sequence[Sequence[Recorded]]) -> None:
        self._notebooks = [list(turns) for turns in notebooks if turns]
        self._last = {id(turns): -1 for turns in self._notebooks}

    def turn(self, prompt: str, model: str | None) -> Recorded:
        """The turn for a prompt. `model` is what would answer it now, None when that is open.

        Raises `ReplayMismatch` when the prompt or the model is another one than when it was
        recorded, or when nothing is recorded.
        """
        if not self._notebooks:
            raise ReplayMismatch(f"no turn is recorded for the prompt {_short(prompt)}")
        fitting = [turns for turns in self._notebooks if _has(turns, prompt)]
        if not fitting:
            raise ReplayMismatch(self._changed_prompt(prompt))
        found = [self._next(turns, prompt) for turns in fitting]
        turn = found[0]
        _check(turn, model)
        self._notebooks = fitting
        return turn

    def _next(self, turns: list[Recorded], prompt: str) -> Recorded:
        after = self._last[id(turns)]
        places = [at for at, turn in enumerate(turns) if turn.prompt == prompt]
        at = next((at for at in places if at > after), places[0])
        self._last[id(turns)] = at
        return turns[at]

    def _changed_prompt(self, prompt: str) -> str:
        turns = self._notebooks[0]
        expected = turns[min(self._last[id(turns)] + 1, len(turns) - 1)]
        ours, theirs = _around_difference(prompt, expected.prompt)
        return (
            f"this prompt was not recorded: it says {ours}, "
            f"and the one recorded in {expected.place} says {theirs}"
        )


def _has(turns: Sequence[Recorded], prompt: str) -> bool:
    return any(turn.prompt == prompt for turn in turns)


def _check(turn: Recorded, model: str | None) -> None:
    version = turn.record.get("version")
    if version != VERSION:
        raise ReplayMismatch(
            f"the record of this prompt in {turn.place} has version {version!r}, not {VERSION}"
        )
    recorded = str(turn.record.get("model", ""))
    if model is not None and recorded != model and not recorded.endswith(f"/{model}"):
        raise ReplayMismatch(
            f"the model has changed: this prompt was answered by {recorded} in {turn.place}, "
            f"and now {model} would answer it"
        )


def _around_difference(ours: str, theirs: str) -> tuple[str, str]:
    """Both texts from shortly before the place where they begin to differ."""
    at = 0
    while at < min(len(ours), len(theirs)) and ours[at] == theirs[at]:
        at += 1
    start = max(0, at - _SHOWN_CHARS // 2)
    return _short(ours, start), _short(theirs, start)


def _short(text: str, start: int = 0) -> str:
    cut = " ".join(text[start : start + _SHOWN_CHARS].split())
    before = "…" if start else ""
    after = "…" if len(text) > start + _SHOWN_CHARS else ""
    return f"'{before}{cut}{after}'"
