"""The buttons below a tool call that waits for a person."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets

from a3s_magics.cards import headline
from a3s_magics.desk import Desk
from a3s_magics.lane import Lane
from a3s_magics.painters.closing import close_tree
from a3s_magics.steering import ASKED_EACH_TIME, steers_agent
from a3s_magics.transcript import ToolCall


class Question:
    """Approve once, approve for this session, or deny with a reason; the first click decides.

    Enter in the field of the reason denies, too. What no approval for the session covers does not
    offer one, and says why.
    `told_above`: the call's own card stands right above and says what it would do.
    """

    def __init__(self, call: ToolCall, desk: Desk, lane: Lane, *, told_above: bool) -> None:
        self._call, self._desk, self._lane = call, desk, lane
        self._reason = ipywidgets.Text(
            placeholder="reason, told to the model", layout={"width": "240px"}
        )
        each_time = steers_agent(call.args or {})
        once = _button("Approve once", "success", "Let this call run")
        once.on_click(lambda _button: desk.approve(call.tool_id, call.name))
        deny = _button("Deny", "danger", "Refuse this call; the model is told the reason")
        deny.on_click(self._deny)
        # What the front end says of Enter; `on_submit`, which listens for it, is deprecated.
        self._reason.on_msg(lambda _text, said, _buffers: self._deny() if _is_enter(said) else None)
        self._buttons = [once, deny]
        if not each_time:
            tooltip = f"Let every call of {call.name} run"
            session = _button("Approve for this session", "", tooltip)
            session.on_click(
                lambda _button: desk.approve(call.tool_id, call.name, for_session=True)
            )
            self._buttons.insert(1, session)
        for part in (*self._buttons, self._reason):
            lane.register(part)
        for button in self._buttons:  # a click on one that is not registered yet would be lost
            button.disabled = False
        what = "to run this" if told_above else f"<code>{escape(headline(call))}</code>"
        question = ipywidgets.HTML(
            f'<div class="a3s-question" role="alert">Allow <b>{escape(call.name)}</b> {what}?</div>'
        )
        told = [question]
        if each_time:
            told.append(ipywidgets.HTML(f'<div class="a3s-quiet">{ASKED_EACH_TIME}</div>'))
        row = ipywidgets.HBox([*self._buttons, self._reason], layout={"flex_flow": "row wrap"})
        self.widget = ipywidgets.VBox([*told, row])

    def _deny(self, _button: object = None) -> None:
        self._desk.deny(self._call.tool_id, self._reason.value)

    def close(self) -> None:
        """Take the buttons off the screen: the question is answered."""
        self.forget()
        close_tree(self.widget)

    def forget(self) -> None:
        """Take no clicks any more."""
        for part in (*self._buttons, self._reason):
            self._lane.forget(part)


def _is_enter(said: Any) -> bool:
    return isinstance(said, dict) and said.get("event") == "submit"


def _button(description: str, style: str, tooltip: str) -> ipywidgets.Button:
    return ipywidgets.Button(
        description=description,
        button_style=style,
        tooltip=tooltip,
        layout={"width": "auto"},
        disabled=True,
    )
