"""Who answers when a tool call asks: standing permission, nobody, buttons, or the keyboard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from a3s_magics.cards import question_text
from a3s_magics.desk import Desk
from a3s_magics.interrupt import TurnInterrupt
from a3s_magics.steering import ASKED_EACH_TIME, steers_agent
from a3s_magics.transcript import ToolCall, Transcript

Asks = Literal["buttons", "keyboard", "nobody"]

NOBODY = "nobody can be asked: this notebook runs without a front end (%%a3s --yes allows the turn)"


@dataclass
class Approvals:
    """Answers each question of a turn once. `yes` approves everything that is not forbidden."""

    asks: Asks
    desk: Desk
    interrupt: TurnInterrupt
    yes: bool = False
    _answered: set[str] = field(default_factory=set)

    def attend(self, view: Transcript) -> None:
        """Answer what can be answered now; questions for the buttons are left to them."""
        for call in view.questions:
            if call.tool_id in self._answered:
                continue
            if self.yes or self._stands_approved(call):
                self.desk.approve(call.tool_id, call.name)
            elif self.asks == "nobody":
                self.desk.deny(call.tool_id, NOBODY)
            elif self.asks == "keyboard":
                self._ask(call)
            else:
                continue
            self._answered.add(call.tool_id)

    def _stands_approved(self, call: ToolCall) -> bool:
        """Whether an approval for the session covers the call."""
        return call.name in self.desk.approved_tools and not steers_agent(call.args or {})

    def _ask(self, call: ToolCall) -> None:
        each_time = steers_agent(call.args or {})
        remark = f"\n{ASKED_EACH_TIME}" if each_time else ""
        session = "" if each_time else "[s] for this session, "
        question = f"{question_text(call)}{remark}\n[y] once, {session}[n] or a reason to deny: "
        try:
            with self.interrupt.raising():
                answer = input(question).strip()
        except (KeyboardInterrupt, EOFError):
            self.desk.cancel()
            return
        match answer.lower():
            case "y" | "yes":
                self.desk.approve(call.tool_id, call.name)
            case "s" | "session":
                self.desk.approve(call.tool_id, call.name, for_session=not each_time)
            case "" | "n" | "no":
                self.desk.deny(call.tool_id)
            case _:
                self.desk.deny(call.tool_id, answer)
