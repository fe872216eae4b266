"""Widgets for the segments of a transcript; each sends only what changed in its segment."""

from __future__ import annotations

from html import escape
from typing import Any, Protocol

import ipywidgets

from a3s_magics.blocks import BlockCutter
from a3s_magics.cards import card_html
from a3s_magics.markdown_html import markdown_html
from a3s_magics.plan_card import heading_text, plan_html
from a3s_magics.sanitise import without_controls
from a3s_magics.static import segment_text
from a3s_magics.transcript import (
    Child,
    Failure,
    Notice,
    Plan,
    Reasoning,
    Segment,
    StepHeading,
    Text,
    ToolCall,
)

_GROUP = 16  # blocks per container: a container's list of children is sent with every new child
_REASONING_CHARS = 2000  # of the thinking's end that the live view shows


class SegmentWidget(Protocol):
    """One segment on screen."""

    widget: Any

    @property
    def repeated_chars(self) -> int:
        """How much an update sends again."""

    def shows(self, part: Segment) -> bool:
        """Whether this widget is of the right kind for the segment."""

    def update(self, part: Segment, *, live: bool) -> None:
        """Send what changed. `live`: it is the last segment, where things are happening."""


class TextWidget:
    """Streaming text: finished blocks are sent once and typeset, the tail is sent again."""

    def __init__(self) -> None:
        self._cutter = BlockCutter(eager=True)
        self._fed = 0
        self._blocks = 0
        self._over = False
        self._shared: dict[str, Any] = {}  # models of layout and style that all blocks use
        self._tail = ipywidgets.HTML()
        self._group = ipywidgets.VBox([self._tail])
        self.widget = ipywidgets.VBox([self._group])

    @property
    def repeated_chars(self) -> int:
        """The length of the tail."""
        return len(self._tail.value)

    def shows(self, part: Segment) -> bool:
        """Only text."""
        return isinstance(part, Text)

    def update(self, part: Segment, *, live: bool) -> None:
        """Take in the new text, freeze what is complete, refresh the tail."""
        assert isinstance(part, Text)
        if part.content.count == self._fed and (live or self._over):
            return
        self._cutter.feed(part.content.after(self._fed))
        self._fed = part.content.count
        if not live:  # something follows: the rest is complete, too, and its formulas can be set
            self._cutter.close()
            self._over = True
        complete = self._cutter.frozen[self._blocks :]
        if complete:  # one widget for all of them: a fast model must not mean many messages
            self._blocks += len(complete)
            self._freeze("".join(markdown_html(block) for block in complete))
        tail = self._cutter.tail
        # Colours come with the final form: they would make what is repeated three times as long.
        self._tail.value = markdown_html(tail, colours=False) if tail.strip() else ""

    def _freeze(self, html: str) -> None:
        frozen = ipywidgets.HTMLMath(html, **self._shared)
        self._shared = {"layout": frozen.layout, "style": frozen.style}
        if len(self._group.children) > _GROUP:
            self._group.children = self._group.children[:-1]
            self._group = ipywidgets.VBox([frozen, self._tail])
            self.widget.children = (*self.widget.children, self._group)
        else:
            self._group.children = (*self._group.children[:-1], frozen, self._tail)


class HtmlWidget:
    """Any other segment: one piece of HTML, replaced as a whole when it changes."""

    def __init__(self, part: Segment) -> None:
        self._kind = type(part)
        self._part = part
        self._live = True
        html = segment_html(part, live=True)
        self.widget = ipywidgets.HTML(html)
        self.repeated_chars = len(html)

    def shows(self, part: Segment) -> bool:
        """Only the kind it was made for; a tool call keeps its widget."""
        if isinstance(part, ToolCall) and isinstance(self._part, ToolCall):
            return part.tool_id == self._part.tool_id
        return type(part) is self._kind

    def update(self, part: Segment, *, live: bool) -> None:
        """Send the new HTML if it differs."""
        if part is self._part and live == self._live:
            return
        self._part, self._live = part, live
        html = segment_html(part, live=live)
        self.repeated_chars = len(html)
        if html != self.widget.value:
            self.widget.value = html


def segment_html(part: Segment, *, live: bool) -> str:
    """One segment as a single piece of safe HTML; reasoning is folded once it is over."""
    match part:
        case Text(content=content):
            return markdown_html(str(content))
        case Reasoning(content=content):
            text = without_controls(str(content)[-_REASONING_CHARS:]).strip()
            return (
                f'<details class="a3s-card"{" open" if live else ""}>'
                f'<summary class="a3s-quiet">Reasoning</summary>'
                f"<pre>{escape(text)}</pre></details>"
            )
        case ToolCall():
            return card_html(part)
        case Plan():
            return plan_html(part)
        case StepHeading():
            return f'<div class="a3s-heading">{escape(heading_text(part))}</div>'
        case Child():
            return f"<pre>{escape(segment_text(part))}</pre>"
        case Notice(text=text, fraction=fraction):
            return f'<div class="a3s-status">{escape(without_controls(text))}{_bar(fraction)}</div>'
        case Failure(kind=kind, text=text):
            return (
                f'<div class="a3s-card a3s-error" role="alert"><b>{escape(kind)}</b>: '
                f"{escape(without_controls(text))}</div>"
            )


def _bar(fraction: float | None) -> str:
    if fraction is None:
        return ""
    return f' <progress value="{fraction:.3f}" max="1">{fraction:.0%}</progress>'
