"""The journal beside a snapshot: JSON lines, each adding one save, torn ends tolerated.

The first line names the snapshot that the journal continues. A journal that names another one is
older than the snapshot, which then contains all of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from a3s_code.store.files import encoded_json
from a3s_code.store.plan import Growth
from a3s_code.store.reading import WrongForm

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal as read: the snapshot it continues, its entries, and where its last one ends.

    `end` is in bytes from the start; behind it is at most the torn line of a killed writer.
    """

    snapshot: str
    entries: tuple[dict[str, Any], ...]
    end: int


def header(snapshot: str) -> bytes:
    """The first line of a journal that continues this snapshot."""
    return encoded_json({"journal": _VERSION, "snapshot": snapshot}) + b"\n"


def entry(growth: Growth) -> bytes:
    """The line that adds one save."""
    return encoded_json(growth.to_dict()) + b"\n"


def snapshot_of(data: bytes) -> str | None:
    """The snapshot that a journal names; None when its first line is not whole."""
    line, newline, _ = data.partition(b"\n")
    if not newline:
        return None
    try:
        first = json.loads(line)
    except ValueError:
        return None
    if not isinstance(first, dict) or first.get("journal") != _VERSION:
        return None
    snapshot = first.get("snapshot")
    return snapshot if isinstance(snapshot, str) else None


def parse(data: bytes) -> Journal | None:
    """Read a journal; None when there is none or its first line is torn.

    The last line is dropped when it is not whole. Raises `WrongForm` for a broken line that is
    followed by others, which no crash explains.
    """
    snapshot = snapshot_of(data)
    if snapshot is None:
        return None
    entries: list[dict[str, Any]] = []
    end = data.index(b"\n") + 1
    while (stop := data.find(b"\n", end)) >= 0:
        try:
            value = json.loads(data[end:stop])
        except ValueError:
            if data[stop + 1 :].strip(b"\0\n"):
                raise WrongForm(f"line {len(entries) + 2} of the journal is not JSON") from None
            break
        if not isinstance(value, dict):
            raise WrongForm(f"line {len(entries) + 2} of the journal is not an object")
        entries.append(value)
        end = stop + 1
    return Journal(snapshot, tuple(entries), end)


def has_entry(data: bytes) -> bool:
    """Whether a piece of a journal, from a line's start on, holds a whole entry."""
    for line in data.split(b"\n")[:-1]:
        try:
            if isinstance(json.loads(line), dict):
                return True
        except ValueError:
            continue
    return False
