"""The one door to the cell's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_magics.record import MIME
from a3s_magics.saved_notebook import LIVE_VIEW

# A front end that has nothing to show widgets with, such as a notebook server in front of a gateway,
# shows their plain text: without these words a question would wait behind `VBox(children=...)`. It is
# also what a file keeps that was saved during a turn, or whose kernel ended before the turn did.
_NO_WIDGETS = (
    f"{LIVE_VIEW}, which needs widgets. While it runs: press Stop, then run "
    "%env A3S_UI=display, or install jupyterlab_widgets where the notebook server runs. If its kernel "
    "has ended: what had arrived is in the conversation, and the next prompt goes on from there."
)


def show(what: Any, *, display_id: str | None = None, update: bool = False) -> None:
    """Show a bundle of MIME types, or a widget, in the running cell.

    Outputs with a `display_id` can be updated in place. The output belongs to the cell that runs in
    the calling thread. A bundle with a turn's record names its session in the output's metadata.
    """
    from IPython.display import display

    settings: dict[str, Any] = {"raw": True}
    if isinstance(what, Mapping) and (record := what.get(MIME)):
        settings["metadata"] = {"a3s": {"session_id": record["session_id"]}}
    if display_id is not None:
        settings |= {"display_id": display_id, "update": update}
    if isinstance(what, Mapping):
        bundle = dict(what)
    else:
        bundle = {**what._repr_mimebundle_(), "text/plain": _NO_WIDGETS}
    display(bundle, **settings)  # type: ignore[no-untyped-call]
