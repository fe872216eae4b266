"""Live views that a notebook's file still shows although their turns are over.

A file that was saved during a turn names the turn's live view. When its page was closed or reloaded
before the end, nothing has put the static form in its place: a page that is opened later finds no such
widget and shows an error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from comm import get_comm_manager

from a3s_magics.notebook import notebook_path

# The comm by which a page asks for all widgets when it is loaded.
CONTROL = "jupyter.widget.control"
_KEPT = 8
_GONE = (
    "The live view of this turn ended with its kernel. What had arrived is in the conversation: the next "
    "prompt goes on from there, and <code>%a3s history</code> lists it."
)


class EndedViews:
    """Draws such a view anew as soon as a page is loaded: the turn, or else what became of it."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._draw: dict[str, Callable[[], object]] = {}

    def watch(self) -> None:
        """Hear of pages, before ipywidgets does; to be repeated when that was imported."""
        get_comm_manager().register_target(CONTROL, self._opened)

    def unwatch(self) -> None:
        """Hear of pages no more."""
        self._draw.clear()
        targets = get_comm_manager().targets
        if targets.get(CONTROL) == self._opened:
            targets.pop(CONTROL)
            if "ipywidgets" in sys.modules:
                from ipywidgets import Widget

                targets[CONTROL] = Widget.handle_control_comm_opened

    def keep(self, model_id: str, draw: Callable[[], object]) -> None:
        """`draw` makes the widget of a closed view again, with its old id. The last few are kept."""
        self.watch()
        self._draw[model_id] = draw
        for oldest in list(self._draw)[:-_KEPT]:
            del self._draw[oldest]

    def _opened(self, comm: Any, message: dict[str, Any]) -> None:
        try:
            for model_id in self._missing():
                draw = self._draw.pop(model_id, None)
                if draw is not None:
                    draw()
                else:
                    _say_gone(model_id)
        finally:
            if "ipywidgets" in sys.modules:
                from ipywidgets import Widget

                self.watch()
                Widget.handle_control_comm_opened(comm, message)
            else:
                comm.close()  # there are no widgets to ask for

    def _missing(self) -> list[str]:
        """Those that the page has read in its file; all that are kept where that is not known."""
        path = notebook_path(self._shell.user_ns)
        if path is None:
            return list(self._draw)
        from a3s_magics.saved_notebook import live_views

        try:
            shown = live_views(json.loads(path.read_bytes()))
        except (OSError, ValueError):  # it is being written, or no notebook
            return []
        return [model_id for model_id in shown if model_id not in open_widgets()]


def open_widgets() -> dict[str, Any]:
    """All open widgets of this kernel by their ids, the user's included."""
    if "ipywidgets" not in sys.modules:
        return {}
    from ipywidgets.widgets import widget

    found: dict[str, Any] = widget._instances
    return found


def _say_gone(model_id: str) -> None:
    import ipywidgets

    ipywidgets.HTML(f'<div style="line-height: 1.5">{_GONE}</div>', model_id=model_id)
