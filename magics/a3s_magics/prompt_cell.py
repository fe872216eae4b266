"""A `%%a3s` cell from its options to its end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from IPython.core.error import UsageError

from a3s_code import Session
from a3s_magics.approvals import Approvals
from a3s_magics.desk import Desk
from a3s_magics.ending import ended
from a3s_magics.frontend import look
from a3s_magics.home import Home, Settings
from a3s_magics.interrupt import TurnInterrupt
from a3s_magics.lane import Lane
from a3s_magics.notebook_access import Notebook
from a3s_magics.options import UI_NAMES, PromptOptions
from a3s_magics.painters.choose import PainterName, choose, make_painter
from a3s_magics.problems import TurnCancelled, said_in_one_line
from a3s_magics.replay import model_now, replaying
from a3s_magics.replay_cell import replay_prompt
from a3s_magics.request import Request, request, scheduled
from a3s_magics.result import TurnResult
from a3s_magics.slash import is_command, refuse_unknown
from a3s_magics.transcript import Notice, Transcript
from a3s_magics.turn import Turn

_SETTLE_S = 5.0


@dataclass(frozen=True, slots=True)
class Cell:
    """The cell that sends: what it runs in, and `keep`, which takes the result of its prompt."""

    shell: Any
    home: Home
    settings: Settings
    lane: Lane | None
    interrupt: TurnInterrupt
    notebook: Notebook
    keep: Callable[[TurnResult], None]


def run_prompt(prompt: str, options: PromptOptions, ui: str, cell: Cell) -> None:
    """Send the prompt and show its turn in the cell, and below it those that are due then.

    Raises `UsageError` for mistakes in options, settings and configuration, before anything was
    sent; `TurnCancelled`, or the library's error, after the turn was shown as far as it came.
    """
    if not prompt.strip():
        raise UsageError("%%a3s: the prompt is empty: write it on the lines below %%a3s")
    wanted = painter_name(options.ui or os.environ.get("A3S_UI", "") or ui)
    if replaying():
        cell.keep(_replayed(prompt, options, wanted, cell))
        return
    if options.plan is None:
        options = replace(options, plan=cell.settings.plan)
    session, model_before = _session(options, cell)
    try:
        asked = _asked(prompt, options, session, cell)
        cell.keep(ended(*_run(prompt, asked, options, session, wanted, cell)))
    finally:
        with said_in_one_line():
            for line in cell.home.after_turn(cell.settings):
                sys.stdout.write(f"{line}\n")
        if options.model and session.model != model_before:
            session.use_model(model_before)
    if not options.btw and not is_command(prompt):
        _run_due(session, wanted, cell)


def _replayed(
    prompt: str, options: PromptOptions, wanted: PainterName | None, cell: Cell
) -> TurnResult:
    home, settings = cell.home, cell.settings
    return replay_prompt(
        prompt,
        home.replay(settings),
        model_now(options.model or settings.model, home.folder(settings)),
        options.session or "",
        shown=lambda record: home.replayed(settings, record, options),
        shell=cell.shell,
        wanted=wanted,
        lane=cell.lane,
        interrupt=cell.interrupt,
    )


def _session(options: PromptOptions, cell: Cell) -> tuple[Session, str]:
    """The session, with the model of this prompt, and the model that it had."""
    home, settings = cell.home, cell.settings
    with said_in_one_line():
        session = (
            home.change(settings, options.session) if options.session else home.session(settings)
        )
        before = session.model
        if options.model:
            session.use_model(options.model)
    return session, before


def _asked(prompt: str, options: PromptOptions, session: Session, cell: Cell) -> Request:
    """The request. Only when there is nothing to complain about, `--new` empties the conversation."""
    shown = cell.notebook.watch.images
    asked = request(prompt, options, shell=cell.shell, shown=shown, session=session)
    if not (options.btw or asked.attachments):
        refuse_unknown(session, prompt, "%%a3s")
    if options.new:
        with said_in_one_line():
            session.clear()
    return asked


def _run_due(session: Session, wanted: PainterName | None, cell: Cell) -> None:
    """Send what `/loop` has made due; a failure is on screen, and no fault of this cell's prompt."""
    for due in session.take_due_prompts():
        turn, result = _run(
            due, scheduled(due), PromptOptions(), session, wanted, cell, is_scheduled=True
        )
        if result.cancelled:
            ended(turn, result)


def painter_name(text: str) -> PainterName | None:
    """The painter of that name, None for "". Raises `UsageError` listing the names."""
    if text and text not in UI_NAMES:
        raise UsageError(f"%%a3s: unknown ui {text!r} (A3S_UI or --ui): use {', '.join(UI_NAMES)}")
    return text or None  # type: ignore[return-value]  # one of the names by the check above


def _run(
    prompt: str,
    asked: Request,
    options: PromptOptions,
    session: Session,
    wanted: PainterName | None,
    cell: Cell,
    *,
    is_scheduled: bool = False,
) -> tuple[Turn, TurnResult]:
    shell, home, interrupt, thread = cell.shell, cell.home, cell.interrupt, cell.notebook.thread
    lane = cell.lane if cell.lane is not None and cell.lane.usable else None
    seen = look(shell, lane_usable=lane is not None)
    choice = choose(wanted, seen)
    if lane is not None and choice.painter == "widgets" and not lane.install():
        raise UsageError("%%a3s: this kernel cannot deliver clicks; use --ui display")
    cost_before = session.cost_usd
    lines = [*home.take_remarks(), *([asked.remark] if asked.remark else [])]
    remarks = tuple(Notice("remark", line) for line in lines)
    with Desk(session, home.approved_tools) as desk:
        interrupt.on_press(desk.cancel)
        if interrupt.pressed:
            raise TurnCancelled("interrupted before anything was sent")
        turn = Turn(
            prompt=prompt,
            painter=make_painter(choice, seen, desk, lane),
            approvals=Approvals(choice.asks, desk, interrupt, yes=options.yes),
            facts=lambda: (session.model, session.cost_usd - cost_before),
            pump=lane.pump if lane is not None else _nothing,
            cell=thread,
            session_id=session.session_id,
            session=home.name,
            is_scheduled=is_scheduled,
            view=Transcript(segments=remarks),
        )

        def start() -> Any:
            events = asked.stream(session, options)
            if desk.cancelling:  # pressed after the view was shown, before there was a run
                desk.cancel()
            return events

        def stopped_code() -> None:
            if not desk.cancelling:  # Stop ended code of the agent, and ends the turn with it
                desk.cancel()

        try:
            with said_in_one_line(), thread.serving(interrupt.raising, stopped_code):
                result = turn.run(start)
        except KeyboardInterrupt:
            _settle(session)
            raise TurnCancelled("interrupted twice; what had arrived is kept") from None
    return turn, result


def _settle(session: Session) -> None:
    """Give an abandoned run its orderly end, so that the next cell finds the session free."""
    deadline = time.monotonic() + _SETTLE_S
    while session.busy and time.monotonic() < deadline:
        time.sleep(0.01)


def _nothing() -> None:
    """Nothing to pump."""
