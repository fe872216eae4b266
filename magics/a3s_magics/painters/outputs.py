"""The one door to the cell's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def show(what: Any, *, display_id: str | None = None, update: bool = False) -> None:
    """Show a bundle of MIME types, or a widget, in the running cell.

    Outputs with a `display_id` can be updated in place. The output belongs to the cell that runs in
    the calling thread.
    """
    from IPython.display import display

    settings: dict[str, Any] = {"raw": True} if isinstance(what, Mapping) else {}
    if display_id is not None:
        settings |= {"display_id": display_id, "update": update}
    thing = dict(what) if isinstance(what, Mapping) else what
    display(thing, **settings)  # type: ignore[no-untyped-call]
