"""What has to be written: the whole session, or what one turn added to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from a3s_code.messages import Message
from a3s_code.store.saved import GROWING, SavedSession

# A short session is written whole each time: that costs next to nothing, and whoever opens the
# file then finds all of it. The total of what is written stays linear because of the small limit.
SHORT_MESSAGES = 16
# The journal is folded in when it is this many times as long as the snapshot. Snapshots then grow
# ninefold each time, so that all of them together are at most 1.125 times the last one.
FOLD_RATIO = 8


@dataclass(frozen=True, slots=True)
class Growth:
    """What was added since the last save. `head` holds the other keys whose values changed."""

    messages: tuple[Message, ...]
    cost_records: tuple[Mapping[str, Any], ...]
    head: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The form in which a journal keeps it."""
        return {
            "messages": [message.to_dict() for message in self.messages],
            "cost_records": [dict(record) for record in self.cost_records],
            "head": dict(self.head),
        }


def growth_between(before: SavedSession | None, now: SavedSession) -> Growth | None:
    """What to append to get from one state to the other; None when the whole must be written.

    That is so for the first save, for a short session, and when the history was replaced, as
    `/clear` and compaction do. Messages that are the same objects are not compared any deeper, so
    the cost of a turn hardly depends on the length of the session.
    """
    if before is None or len(now.messages) <= SHORT_MESSAGES:
        return None
    messages = _added(before.messages, now.messages)
    costs = _added(before.cost_records, now.cost_records)
    old, new = before.head(), now.head()
    if messages is None or costs is None or old.keys() - new.keys():
        return None
    changed = {key: new[key] for key in new if key not in old or old[key] != new[key]}
    return Growth(messages, costs, changed)


def _added(before: Sequence[Any], now: Sequence[Any]) -> tuple[Any, ...] | None:
    # The comparison of two tuples looks into two elements only where they are different objects.
    return tuple(now[len(before) :]) if tuple(now[: len(before)]) == tuple(before) else None


def grown(data: dict[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """The documented form after one more entry of the journal; `data` itself is changed.

    Raises `TypeError` or `KeyError` for an entry that no journal of ours contains.
    """
    for key in GROWING:
        data.setdefault(key, []).extend(record[key])
    data.update(record["head"])
    return data


def fold_is_due(snapshot_bytes: int, journal_bytes: int) -> bool:
    """Whether the journal has outgrown the snapshot, so that a new one is worth its price."""
    return journal_bytes > FOLD_RATIO * snapshot_bytes
