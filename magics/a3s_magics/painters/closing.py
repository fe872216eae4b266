"""Closing widgets for good."""

from __future__ import annotations

import asyncio
from typing import Any


def close_tree(widget: Any) -> None:
    """Close a container with everything in it, models of layout and style included."""
    for child in getattr(widget, "children", ()):
        close_tree(child)
    for name in ("layout", "style"):
        model = getattr(widget, name, None)
        if model is not None and model.comm is not None:
            model.close()
    widget.close()


def close_after_cell(widget: Any) -> None:
    """`close_tree` once the running cell has told its end: dozens of messages nobody waits for.

    Where the cell does not run inside an event loop, it happens at once.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        close_tree(widget)
    else:
        loop.call_soon(close_tree, widget)
