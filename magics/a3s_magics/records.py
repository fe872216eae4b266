"""Which recorded turn belongs to a prompt: by its text, its session, and the order of the cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from a3s_magics.record import VERSION
from a3s_magics.session_names import MAIN

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
    def session(self) -> str:
        """The name of the session it belongs to, "" for a session that had none then."""
        return str(self.record.get("session") or "")

    @property
    def session_id(self) -> str:
        """The id of that session."""
        return str(self.record.get("session_id", ""))

    @property
    def is_scheduled(self) -> bool:
        """Whether its prompt was not the cell's own, but was sent after it."""
        return bool(self.record.get("scheduled"))

    @property
    def place(self) -> str:
        """For messages."""
        return f"cell {self.cell} of {self.notebook}"


class Recordings:
    """The recorded turns of one notebook, or of several of which one is being executed.

    Which one is found out by its prompts: those that lack one of them are out. Equal prompts are
    told apart by their session and their order; a cell that is executed again gets its turn again.
    `session` is the name of the session that the latest turn belongs to.
    """

    def __init__(self, notebooks: Sequence[Sequence[Recorded]]) -> None:
        self.session = MAIN
        self._notebooks = [list(turns) for turns in notebooks if turns]
        self._last = {id(turns): -1 for turns in self._notebooks}
        named = (turn for turns in self._notebooks for turn in turns if turn.session)
        self._names = {turn.session_id: turn.session for turn in named}

    def turn(self, prompt: str, model: str | None, session: str = "") -> Recorded:
        """The turn for a prompt. `model` is what would answer it now, None when that is open.

        `session` is the one that was asked for, "" for the one in use. Raises `ReplayMismatch` when
        the prompt, the model or the session is another one than when it was recorded, or when
        nothing is recorded.
        """
        if not self._notebooks:
            raise ReplayMismatch(f"no turn is recorded for the prompt {_short(prompt)}")
        fitting = [turns for turns in self._notebooks if _has(turns, prompt)]
        if not fitting:
            raise ReplayMismatch(self._changed_prompt(prompt))
        found = [self._next(turns, prompt, session) for turns in fitting]
        turn = found[0]
        _check(turn, model)
        self._notebooks = fitting
        self.session = self._name_of(turn) or session or self.session
        self._names.setdefault(turn.session_id, self.session)
        return turn

    def scheduled_after(self, turn: Recorded) -> list[Recorded]:
        """The turns of scheduled prompts that followed this one in its cell."""
        turns = next(turns for turns in self._notebooks if turn in turns)
        rest = turns[turns.index(turn) + 1 :]
        return list(takewhile(lambda later: later.is_scheduled and later.cell == turn.cell, rest))

    def _next(self, turns: list[Recorded], prompt: str, session: str) -> Recorded:
        after = self._last[id(turns)]
        places = [at for at, turn in enumerate(turns) if turn.prompt == prompt]
        wanted = session or self.session
        own = [at for at in places if self._name_of(turns[at]) == wanted]
        if session and not own:
            own = [at for at in places if not self._name_of(turns[at])]
            if not own:
                turn = turns[places[0]]
                raise ReplayMismatch(
                    f"the session has changed: this prompt was recorded in session "
                    f"{self._name_of(turn)} in {turn.place}, and now it is sent in {session}"
                )
        places = own or places
        at = next((at for at in places if at > after), places[0])
        self._last[id(turns)] = at
        return turns[at]

    def _name_of(self, turn: Recorded) -> str:
        """The session's name: its own, or one that another turn of the session has."""
        return turn.session or self._names.get(turn.session_id, "")

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
