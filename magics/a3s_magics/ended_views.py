"""Live views of turns that ended while nobody looked.

A file that was saved during a turn names the turn's live view. When its page was closed before the end,
nothing has put the static form in its place; a page that is opened later would show an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from a3s_magics.notebook import notebook_path

CONTROL = (
    "jupyter.widget.control"  # the comm by which a page asks for all widgets when it is loaded
)
_KEPT = 8


class EndedViews:
    """Draws a view anew as soon as a page is loaded whose file still shows it."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._draw: dict[str, Callable[[], object]] = {}

    def keep(self, model_id: str, draw: Callable[[], object]) -> None:
        """`draw` makes the widget of a closed view again, with its old id. The last few are kept."""
        self._kernel.comm_manager.register_target(CONTROL, self._opened)
        self._draw[model_id] = draw
        for oldest in list(self._draw)[:-_KEPT]:
            del self._draw[oldest]

    def forget(self) -> None:
        """Draw none any more."""
        if self._draw:
            self._draw.clear()
            self._kernel.comm_manager.register_target(CONTROL, _opened)

    def _opened(self, comm: Any, message: dict[str, Any]) -> None:
        try:
            for model_id in self._shown():
                if draw := self._draw.pop(model_id, None):
                    draw()
        finally:
            _opened(comm, message)

    def _shown(self) -> list[str]:
        """Those in the file that the page has read; all where it is not known."""
        path = notebook_path(self._kernel.shell.user_ns) if self._draw else None
        if path is None:
            return list(self._draw)
        text = path.read_text("utf-8", errors="replace")
        return [model_id for model_id in self._draw if model_id in text]


def _opened(comm: Any, message: dict[str, Any]) -> None:
    """What ipywidgets itself does."""
    from ipywidgets import Widget

    Widget.handle_control_comm_opened(comm, message)
