"""Segments below each other, and the folded card of a child, which holds such a list of its own."""

from __future__ import annotations

from html import escape

import ipywidgets

from a3s_magics.child_card import child_sign, child_standing, child_title
from a3s_magics.painters.closing import close_tree
from a3s_magics.painters.segments import HtmlWidget, SegmentWidget, TextWidget
from a3s_magics.sanitise import without_controls
from a3s_magics.transcript import Child, Segment, Text


class SegmentList:
    """One widget per segment; `widget` holds them all."""

    def __init__(self) -> None:
        self.widget = ipywidgets.VBox()
        self._parts: list[SegmentWidget] = []

    @property
    def repeated_chars(self) -> int:
        """How much an update of the last segment sends again."""
        return self._parts[-1].repeated_chars if self._parts else 0

    def update(self, segments: tuple[Segment, ...], *, live: bool = True) -> None:
        """Bring the widgets up to date; `live`: things are happening in the last segment."""
        parts = self._parts
        gone: list[SegmentWidget] = []
        changed = len(parts) != len(segments)
        last = len(segments) - 1
        for at, part in enumerate(segments):
            if at < len(parts) and parts[at].shows(part):
                parts[at].update(part, live=live and at == last)
                continue
            changed = True
            gone += parts[at : at + 1]  # a notice gave way to what it announced
            parts[at : at + 1] = [_widget(part, live=live and at == last)]
        gone += parts[len(segments) :]
        del parts[len(segments) :]
        if changed:
            self.widget.children = [shown.widget for shown in parts]
        for spare in gone:  # not before: who reads the children meanwhile must not find closed ones
            close_tree(spare.widget)


class ChildWidget:
    """The run of another agent: a title that folds, its standing beside it, its segments below.

    The title is sent once: sending it again would fold what the reader has unfolded. The stylesheet
    hides the segments while the title is folded.
    """

    def __init__(self, child: Child) -> None:
        self._task_id = child.task_id
        self._title = ipywidgets.HTML(
            f"<details><summary><b>{escape(without_controls(child.agent))}</b> "
            f"{escape(child_title(child))}</summary></details>"
        )
        self._standing = ipywidgets.HTML()
        self._list = SegmentList()
        self._list.widget.add_class("a3s-inside")
        head = ipywidgets.HBox([self._title, self._standing])
        head.add_class("a3s-head")
        self.widget = ipywidgets.VBox([head, self._list.widget])
        for name in ("a3s-card", "a3s-child"):
            self.widget.add_class(name)

    @property
    def repeated_chars(self) -> int:
        """What its own last segment sends again."""
        return self._list.repeated_chars

    def shows(self, part: Segment) -> bool:
        """Only the child that it was made for."""
        return isinstance(part, Child) and part.task_id == self._task_id

    def update(self, part: Segment, *, live: bool) -> None:
        """Send what changed inside."""
        assert isinstance(part, Child)
        self._standing.value = (
            f'<span class="a3s-quiet"><span aria-hidden="true">{child_sign(part)}</span> '
            f"{escape(child_standing(part))}</span>"
        )
        # A child in the background works on while the last segment is another one.
        self._list.update(part.view.segments, live=part.view.outcome is None)


def _widget(part: Segment, *, live: bool) -> SegmentWidget:
    """The widget for a segment, already showing it."""
    made: SegmentWidget
    match part:
        case Text():
            made = TextWidget()
        case Child():
            made = ChildWidget(part)
        case _:
            made = HtmlWidget(part)
    made.update(part, live=live)
    return made
