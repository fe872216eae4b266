"""The one door to the cell's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_magics.record import MIME


def show(what: Any, *, display_id: str | None = None, update: bool = False) -> None:
    """Show a bundle of MIME types, or a widget, in the running cell.

    Outputs with a `display_id` can be updated in place. The output belongs to the cell that runs in
    the calling thread. A bundle with a turn's record names its session in the output's metadata.
    """
    from IPython.display import display

    settings: dict[str, Any] = {"raw": True} if isinstance(what, Mapping) else {}
    if isinstance(what, Mapping) and (record := what.get(MIME)):
        settings["metadata"] = {"a3s": {"session_id": record["session_id"]}}
    if display_id is not None:
        settings |= {"display_id": display_id, "update": update}
    thing = dict(what) if isinstance(what, Mapping) else what
    display(thing, **settings)  # type: ignore[no-untyped-call]
