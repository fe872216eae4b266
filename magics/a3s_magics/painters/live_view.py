"""The container of a turn's live view, which may be on more than one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import ipywidgets

_CHANGING = ("children", "value", "disabled")


class LiveView(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Brings a page up to date that was loaded in the middle of the turn.

    Such a page is told the state of all widgets and builds its own; what is sent until they are
    built passes it by. When it has drawn them it counts itself in `_view_count`, which ipywidgets'
    views do where that is a number. From then on it hears everything: what may have passed it by is
    sent again.
    """

    def __init__(self, children: Sequence[Any], **options: Any) -> None:
        super().__init__(children, **options)
        self.add_class("a3s-view")
        self.is_shared = False
        self._behind = False
        self._over = False

    def asked(self) -> None:
        """A page is about to be told the states: the view is not for the page of the cell alone."""
        self.is_shared = True
        self._view_count = 0

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Called by ipywidgets for what a page sends: that it shows the view."""
        super().set_state(sync_data)
        self._behind = True
        if self._over:
            self.catch_up()

    def catch_up(self) -> None:
        """Send again what changes, if a page has drawn it since.

        Only the thread that changes the widgets may call it: a state that was read before a change
        and sent after it would undo it on the page.
        """
        if self._behind:
            self._behind = False
            for part in _parts(self):
                part.send_state([name for name in _CHANGING if name in part.keys])

    def stay(self, children: Sequence[Any]) -> None:
        """Nothing changes any more, except that pages may come: these children are what they see."""
        self.children = children
        self._over = self._behind = True
        self.catch_up()


def _parts(widget: Any) -> Iterator[Any]:
    """A widget and everything in it, the innermost first: a container is drawn when they are known."""
    for child in getattr(widget, "children", ()):
        yield from _parts(child)
    yield widget
