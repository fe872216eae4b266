"""What a store of memory must offer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol, runtime_checkable

from a3s_code.memory.item import MemoryItem

METHODS = (
    *("store", "retrieve", "search", "search_by_tags", "get_recent", "get_important"),
    *("delete", "clear", "count"),
)


@runtime_checkable
class MemoryStore(Protocol):
    """Long-term memory. An object of the user's with these methods serves as well.

    Calls come from worker threads. Optional: `prune(policy)`, `search_words(words, limit)` (items
    sharing significant words), and an attribute `relevance`, which is set to the configured
    settings when it is None.
    """

    def store(self, item: MemoryItem, /) -> object:
        """Insert the item, or replace the one with the same id."""
        ...

    def retrieve(self, item_id: str, /) -> MemoryItem | None:
        """The item with this id, None when there is none."""
        ...

    def search(self, query: str, limit: int, /) -> Sequence[MemoryItem]:
        """Items whose content holds the query, whatever the case of letters; the best first."""
        ...

    def search_by_tags(self, tags: Collection[str], limit: int, /) -> Sequence[MemoryItem]:
        """Items that have any of the tags, the best first."""
        ...

    def get_recent(self, limit: int, /) -> Sequence[MemoryItem]:
        """The newest items, the newest first."""
        ...

    def get_important(self, threshold: float, limit: int, /) -> Sequence[MemoryItem]:
        """Items of at least this importance, the most important first."""
        ...

    def delete(self, item_id: str, /) -> object:
        """Remove an item; an unknown id is no error."""
        ...

    def clear(self) -> object:
        """Remove all items."""
        ...

    def count(self) -> int:
        """The number of items."""
        ...
