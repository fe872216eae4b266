"""The live view: one container of ipywidgets, swapped for static text when the turn is over."""

from __future__ import annotations

import uuid
from html import escape

import ipywidgets

from a3s_magics.after_cell import after_cell
from a3s_magics.desk import Desk
from a3s_magics.lane import Lane
from a3s_magics.painters.closing import close_tree
from a3s_magics.painters.live_view import LiveView
from a3s_magics.painters.outputs import show
from a3s_magics.painters.pacing import repaint_interval_s
from a3s_magics.painters.protocol import Bundle
from a3s_magics.painters.question import Question
from a3s_magics.painters.segment_list import SegmentList
from a3s_magics.painters.style import STYLE
from a3s_magics.statusline import Surroundings, activity, status_line
from a3s_magics.transcript import Transcript

_STATUS_INTERVAL_S = 0.5


class WidgetPainter:
    """Shows the turn in widgets; clicks come through `lane` and go to `desk`.

    Each segment owns a widget that is sent anew only when the segment changed. Text is cut into
    blocks, of which only the last is sent again.
    """

    paints_aside = True

    def __init__(self, desk: Desk, lane: Lane) -> None:
        self._desk, self._lane = desk, lane
        self._id = uuid.uuid4().hex
        self._questions: dict[str, Question] = {}
        self._status_at = 0.0
        self._activity = ""

    @property
    def interval_s(self) -> float:
        """Slower while the text's live tail is long."""
        return repaint_interval_s(self._segments.repeated_chars)

    def begin(self, view: Transcript, around: Surroundings) -> None:
        """Show the container with an enabled Cancel button."""
        self._segments = SegmentList()
        self._asking = ipywidgets.VBox()
        self._cancel = ipywidgets.Button(
            description="Cancel",
            icon="stop",
            tooltip="Stop this turn and keep what has arrived",
            layout={"width": "auto"},
            disabled=True,
        )
        self._cancel.on_click(lambda _button: self._desk.cancel())
        self._lane.register(self._cancel)
        self._cancel.disabled = False  # a click before it was registered would be lost
        self._status = ipywidgets.HTML(_status_html(view, around))
        controls = ipywidgets.HBox([self._cancel, self._status])
        style = ipywidgets.HTML(STYLE)
        self._view = LiveView([style, self._segments.widget, self._asking, controls])
        self._lane.register(self._view, asked=self._view.asked)
        show(self._view, display_id=self._id)

    def paint(self, view: Transcript, around: Surroundings) -> None:
        """Send what changed since the last time."""
        self._segments.update(view.segments)
        self._paint_questions(view)
        if self._desk.cancelling and not self._cancel.disabled:
            self._cancel.disabled = True
        doing = activity(view)
        if doing != self._activity or around.elapsed_s - self._status_at >= _STATUS_INTERVAL_S:
            self._activity, self._status_at = doing, around.elapsed_s
            self._status.value = _status_html(view, around)
        self._view.catch_up()

    def finish(self, view: Transcript, around: Surroundings, bundle: Bundle) -> None:
        """Put the static form in the container's place, and close every widget.

        A page that was loaded during the turn does not hear of outputs, only of widgets: once there
        is one, the container stays, without buttons, for as long as the kernel lives.
        """
        self._replace(bundle)
        after_cell(lambda: self._leave(view, around))

    def abandon(self) -> None:
        """Remove the container."""
        self._replace({"text/plain": ""})
        after_cell(lambda: close_tree(self._view))

    def _replace(self, bundle: Bundle) -> None:
        show(bundle, display_id=self._id, update=True)
        for question in self._questions.values():
            question.forget()
        self._lane.forget(self._cancel)
        self._lane.forget(self._view)

    def _leave(self, view: Transcript, around: Surroundings) -> None:
        if self._view.is_shared:
            self._stay(view, around)
        else:
            model_id, status = self._view.model_id, _status_html(view, around)
            close_tree(self._view)  # dozens of messages
            self._lane.ended.keep(model_id, lambda: _ended(model_id, view, status))

    def _stay(self, view: Transcript, around: Surroundings) -> None:
        style, segments, asking, controls = self._view.children
        self._segments.update(view.segments, live=False)
        self._status.value = _status_html(view, around)
        self._view.stay([style, segments, self._status])
        controls.children = [self._cancel]
        for part in (asking, controls):
            close_tree(part)

    def _paint_questions(self, view: Transcript) -> None:
        open_ids = [call.tool_id for call in view.questions]
        if list(self._questions) == open_ids:
            return
        gone = [
            self._questions.pop(known) for known in list(self._questions) if known not in open_ids
        ]
        for call in view.questions:
            if call.tool_id not in self._questions:
                known = Question(call, self._desk, self._lane, told_above=len(open_ids) == 1)
                self._questions[call.tool_id] = known
        self._asking.children = [question.widget for question in self._questions.values()]
        for question in gone:
            question.close()


def _ended(model_id: str, view: Transcript, status: str) -> LiveView:
    """The view of a turn that is over, with the id that it had."""
    segments = SegmentList()
    segments.update(view.segments, live=False)
    parts = [ipywidgets.HTML(STYLE), segments.widget, ipywidgets.HTML(status)]
    return LiveView(parts, model_id=model_id)


def _status_html(view: Transcript, around: Surroundings) -> str:
    """Screen readers hear the activity when it changes, not the running clock."""
    doing = activity(view)
    rest = status_line(view, around).removeprefix(doing)
    return (
        f'<div class="a3s-status"><span role="status" aria-live="polite">{escape(doing)}</span>'
        f'<span aria-hidden="true">{escape(rest)}</span></div>'
    )
