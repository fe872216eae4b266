"""How the cell of a finished turn ends: with its result, or with one line of an error."""

from __future__ import annotations

from a3s_magics.problems import TurnCancelled, failed_turn
from a3s_magics.record import without_keys
from a3s_magics.result import TurnResult
from a3s_magics.transcript import Failure, Notice, Transcript
from a3s_magics.turn import Turn


def ended(turn: Turn, result: TurnResult) -> TurnResult:
    """The result of a turn that was answered. Raises `TurnCancelled`, or what made the turn fail."""
    failure = next((part for part in turn.view.segments if isinstance(part, Failure)), None)
    if failure is not None:
        raise failed_turn(failure.kind, without_keys(failure.text))
    if result.cancelled:
        raise TurnCancelled(what_is_left(turn.view))
    return result


def what_is_left(view: Transcript) -> str:
    """The words for a cancelled turn; notices are from us and no part of an answer."""
    if all(isinstance(part, Notice) for part in view.segments):
        return "nothing had arrived"
    return "the answer so far is kept, on screen and in the conversation"
