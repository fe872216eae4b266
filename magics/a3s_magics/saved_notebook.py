"""What a notebook's file tells about its turns. Pure: the file's JSON comes in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from a3s_magics.record import MIME


def saved_records(notebook: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The turn records in the outputs, in the order of the cells, each with its cell's number.

    Cells are counted from 1, all kinds of cells together. Whatever does not look like a notebook
    has no records.
    """
    cells = notebook.get("cells") if isinstance(notebook, Mapping) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else (), start=1):
        outputs = cell.get("outputs") if isinstance(cell, Mapping) else None
        for output in outputs if isinstance(outputs, list) else ():
            data = output.get("data") if isinstance(output, Mapping) else None
            record = data.get(MIME) if isinstance(data, Mapping) else None
            if isinstance(record, Mapping):
                yield number, record


def last_session_id(notebook: Any) -> str | None:
    """The session of the last recorded turn, None when no turn tells it."""
    found = None
    for _, record in saved_records(notebook):
        session_id = record.get("session_id")
        if isinstance(session_id, str) and session_id:
            found = session_id
    return found
