"""What a notebook's file tells about its turns. Pure: the file's JSON comes in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from a3s_magics.record import MIME

LIVE_VIEW = "The live view of a turn"  # the plain text of such an output begins with it
_WIDGET = "application/vnd.jupyter.widget-view+json"
_MOST = 50
_MODEL_ID = re.compile("[0-9a-f]{32}")


def saved_records(notebook: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The turn records in the outputs, in the order of the cells, each with its cell's number.

    Cells are counted from 1, all kinds of cells together. Whatever does not look like a notebook
    has no records.
    """
    for number, data in _bundles(notebook):
        record = data.get(MIME)
        if isinstance(record, Mapping):
            yield number, record


def live_views(notebook: Any) -> list[str]:
    """The widgets' ids of the turns whose output is still their live view; of many, the last ones."""
    found = []
    for _, data in _bundles(notebook):
        view, plain = data.get(_WIDGET), data.get("text/plain")
        text = "".join(map(str, plain)) if isinstance(plain, list) else str(plain)
        model_id = view.get("model_id") if isinstance(view, Mapping) else None
        if text.startswith(LIVE_VIEW) and _MODEL_ID.fullmatch(str(model_id)):
            found.append(str(model_id))
    return found[-_MOST:]


def _bundles(notebook: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    cells = notebook.get("cells") if isinstance(notebook, Mapping) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else (), start=1):
        outputs = cell.get("outputs") if isinstance(cell, Mapping) else None
        for output in outputs if isinstance(outputs, list) else ():
            data = output.get("data") if isinstance(output, Mapping) else None
            if isinstance(data, Mapping):
                yield number, data


def last_session_id(notebook: Any) -> str | None:
    """The session of the last recorded turn, None when no turn tells it."""
    found = None
    for _, record in saved_records(notebook):
        session_id = record.get("session_id")
        if isinstance(session_id, str) and session_id:
            found = session_id
    return found
