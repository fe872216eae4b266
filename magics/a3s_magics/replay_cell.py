"""A `%%a3s` cell under `A3S_REPLAY=1`: the recorded turn through the same painters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from IPython.core.error import UsageError

from a3s_code import A3SError
from a3s_magics.approvals import Approvals
from a3s_magics.desk import Desk
from a3s_magics.ending import ended
from a3s_magics.frontend import look
from a3s_magics.interrupt import TurnInterrupt
from a3s_magics.lane import Lane
from a3s_magics.painters.choose import PainterName, choose, make_painter
from a3s_magics.records import Recorded
from a3s_magics.replay import VARIABLE, NoSession, RecordedEvents, Replay
from a3s_magics.result import TurnResult
from a3s_magics.sanitise import terminal_text
from a3s_magics.transcript import Notice, Transcript
from a3s_magics.turn import Turn


def replay_prompt(
    prompt: str,
    replay: Replay,
    model: str | None,
    session: str,
    *,
    shown: Callable[[Mapping[str, Any]], None],
    shell: Any,
    wanted: PainterName | None,
    lane: Lane | None,
    interrupt: TurnInterrupt,
) -> TurnResult:
    """Show the turn that was recorded for the prompt, and end the cell as it ended then.

    `shown` is told its record. Raises `UsageError` when none was, when `model` is not the one that
    answered, or when `session`, unless it is "", is not the one that it belongs to.
    """
    recorded = replay.turn(prompt, model, session)
    later = replay.scheduled_after(recorded)
    try:
        (turn, result), *_ = [
            _shown(each, shell=shell, wanted=wanted, lane=lane, interrupt=interrupt)
            for each in (recorded, *later)
        ]
    except (A3SError, UsageError):
        raise
    except Exception as error:  # noqa: BLE001  # foreign data of any form: no fault of ours
        raise UsageError(
            f"{VARIABLE}: the recorded turn in {terminal_text(recorded.place)} is damaged "
            f"({type(error).__name__})"
        ) from None
    for each in (recorded, *later):
        shown(each.record)
    return ended(turn, result)


def _shown(
    recorded: Recorded,
    *,
    shell: Any,
    wanted: PainterName | None,
    lane: Lane | None,
    interrupt: TurnInterrupt,
) -> tuple[Turn, TurnResult]:
    record = recorded.record
    lane = lane if lane is not None and lane.usable and lane.install() else None
    seen = look(shell, lane_usable=lane is not None)
    choice = choose(wanted, seen)
    events = RecordedEvents(record)
    remarks = tuple(Notice("remark", str(line)) for line in record.get("remarks", ()))
    with Desk(NoSession(), set()) as desk:
        turn = Turn(
            prompt=recorded.prompt,
            painter=make_painter(choice, seen, desk, lane),
            approvals=Approvals("buttons", desk, interrupt),  # answered, if at all, in the record
            facts=lambda: (str(record.get("model", "")), record.get("cost_usd")),
            pump=lane.pump if lane is not None else lambda: None,
            session_id=str(record.get("session_id", "")),
            session=recorded.session,
            is_scheduled=recorded.is_scheduled,
            clock=lambda: events.elapsed_s,
            view=Transcript(segments=remarks),
        )
        return turn, turn.run(lambda: events)
