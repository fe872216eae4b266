"""What is remembered for the time of one session: the working tier and the short-term tier."""

from __future__ import annotations

from datetime import datetime

from a3s_code.config.model import RelevanceSettings
from a3s_code.memory.item import MemoryItem
from a3s_code.memory.scoring import score


class Tier:
    """At most `capacity` items in the order in which they came, each id once."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._items: dict[str, MemoryItem] = {}

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> list[MemoryItem]:
        """The items, in the order in which they came."""
        return list(self._items.values())

    def clear(self) -> int:
        """Remove all; returns their number."""
        count = len(self._items)
        self._items = {}
        return count

    def _add(self, item: MemoryItem) -> None:
        self._items.pop(item.id, None)
        self._items[item.id] = item


class ShortTerm(Tier):
    """The items of this session; when it is full the oldest goes."""

    def add(self, item: MemoryItem) -> None:
        """Put an item in."""
        self._add(item)
        while len(self._items) > self.capacity:
            del self._items[next(iter(self._items))]


class Working(Tier):
    """The context of the current task; when it is full the lowest-scored item goes."""

    def add(self, item: MemoryItem, now: datetime, relevance: RelevanceSettings) -> None:
        """Put an item in, which may be the one that goes."""
        self._add(item)
        while len(self._items) > self.capacity:
            worst = min(
                self._items.values(),
                key=lambda item: (
                    score(item.importance, item.timestamp, now, relevance),
                    item.timestamp,
                ),
            )
            del self._items[worst.id]
