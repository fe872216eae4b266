"""Closing widgets for good."""

from __future__ import annotations

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
