"""One turn in a cell: events in, a view of them on screen, and the way the cell ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from a3s_code import AgentEvent, End, TextDelta
from a3s_magics.approvals import Approvals
from a3s_magics.aside import aside, meanwhile
from a3s_magics.cell_thread import CellThread
from a3s_magics.images.in_cards import ImageBudget
from a3s_magics.painters.protocol import Painter
from a3s_magics.record import MIME, EventLog, turn_record
from a3s_magics.result import TurnResult
from a3s_magics.static import turn_markdown, turn_text
from a3s_magics.statusline import Surroundings
from a3s_magics.transcript import ToolCall, Transcript, advance

TICK_S = 0.04  # how long a click may wait on ipykernel 6, and how often the clock moves


class Events(Protocol):
    """The part of an event stream that a turn reads."""

    def poll(self, timeout_s: float = 0.0) -> list[AgentEvent] | None:
        """What has arrived, [] after `timeout_s` of nothing, None at the end."""

    def close(self) -> None:
        """Cancel the execution unless it is over."""


@dataclass
class Turn:
    """Runs one turn in the calling thread, which must be the cell's own.

    `pump` is called about every 40 ms, `facts` tells model and cost as of now. `cell` hands over
    what tools want done in this thread. `session` is the name of the session, "" without one.
    `is_scheduled`: the prompt was not this cell's, but one of `/loop`.
    """

    prompt: str
    painter: Painter
    approvals: Approvals
    facts: Callable[[], tuple[str, float | None]]
    pump: Callable[[], None] = lambda: None
    cell: CellThread = field(default_factory=CellThread)
    session_id: str = ""
    session: str = ""
    is_scheduled: bool = False
    clock: Callable[[], float] = time.monotonic
    view: Transcript = field(default_factory=Transcript)
    log: EventLog = field(default_factory=EventLog)

    def run(self, start: Callable[[], Events]) -> TurnResult:
        """Show the view, start the stream and follow it to its end.

        However it ends, the view has been swapped for its static form: with the partial answer after
        a cancelled or failed turn. Whether the cell then raises is for the caller.
        """
        self._began, self._images = self.clock(), ImageBudget()
        self._painted, self._over = 0.0, False
        self.painter.begin(self.view, self._around())
        try:
            events = start()
        except BaseException:
            self.painter.abandon()
            raise
        try:
            self._follow(events)
        finally:
            events.close()
            result = self._finish()
        return result

    def _follow(self, events: Events) -> None:
        while self._step(events):
            if self.cell.waiting:
                self.painter.paint(self.view, self._around())
                with meanwhile(lambda: self._step(events)):
                    self.cell.serve()

    def _step(self, events: Events) -> bool:
        """Take what has arrived, or wait a little for it; False at the end of the events.

        It may run in a thread beside the cell's, while that is busy with code of the agent.
        """
        batch = None if self._over else events.poll(TICK_S)
        if batch is None:
            self._over = True
            return False
        self.pump()
        batch = self._images.spend(batch)
        self.log.add(batch)
        for event in joined(batch):
            self.view = advance(self.view, event)
        asked = bool(self.view.questions)
        now = self.clock()
        due = asked or now - self._painted >= self.painter.interval_s
        due = due and self.view.outcome is None  # its last look is the static one, which is next
        if due and (self.painter.paints_aside or not aside()):
            self.painter.paint(self.view, self._around())
            self._painted = now
        if asked and not (aside() and self.approvals.asks == "keyboard"):
            self.approvals.attend(self.view)
        return True

    def _finish(self) -> TurnResult:
        if self.view.outcome is None:  # left early: by a second Ctrl-C, or by a defect of ours
            ended = End(
                text=self.view.said,
                total_tokens=self.view.usage.total_tokens,
                usage=self.view.usage,
                cancelled=True,
            )
            self.view = advance(self.view, ended)
        around = self._around()
        record = turn_record(
            self.view,
            around,
            self.log,
            self.prompt,
            self.session_id,
            self.session,
            is_scheduled=self.is_scheduled,
        )
        bundle = {
            "text/markdown": turn_markdown(self.view, around),
            "text/plain": turn_text(self.view, around),
            MIME: record,
        }
        self.painter.finish(self.view, around, bundle)
        return TurnResult(
            text=self.view.text,
            model=around.model,
            usage=self.view.usage,
            cost_usd=around.cost_usd,
            elapsed_s=around.elapsed_s,
            cancelled=self.view.outcome == "cancelled",
            tool_calls=tuple(part for part in self.view.segments if isinstance(part, ToolCall)),
            record=record,
        )

    def _around(self) -> Surroundings:
        model, cost = self.facts()
        return Surroundings(model=model, cost_usd=cost, elapsed_s=self.clock() - self._began)


def joined(events: Iterable[AgentEvent]) -> list[AgentEvent]:
    """The same events with neighbouring pieces of one speaker's text made one: fewer steps to fold."""
    out: list[AgentEvent] = []
    pieces: list[str] = []
    speaker: str | None = None

    def flush() -> None:
        if pieces:
            out.append(TextDelta(text="".join(pieces), task_id=speaker))
            pieces.clear()

    for event in events:
        if type(event) is not TextDelta:
            flush()
            out.append(event)
            continue
        if event.task_id != speaker:
            flush()
            speaker = event.task_id
        pieces.append(event.text)
    flush()
    return out
