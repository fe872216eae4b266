"""The questions that both built-in stores answer in the same way, from an index."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from a3s_code import checks
from a3s_code.config.model import RelevanceSettings
from a3s_code.errors import InvalidArgument
from a3s_code.memory.index import MemoryIndex, PrunePolicy
from a3s_code.memory.item import MemoryItem, utc_now


class IndexedStore(ABC):
    """Answers from an index, then gets the items; an item that is gone meanwhile is left out.

    `relevance` ranks the answers; None means the session's configuration, or the defaults.
    """

    def __init__(self, relevance: RelevanceSettings | None = None) -> None:
        self.relevance = relevance
        self._lock = threading.RLock()

    @abstractmethod
    def retrieve(self, item_id: str) -> MemoryItem | None:
        """The item with this id, None when there is none."""

    @abstractmethod
    def _current(self) -> MemoryIndex:
        """The index as it is now. Under the lock."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[MemoryIndex]:
        """The index for a change, which is kept at the end. Shuts other writers out."""

    @abstractmethod
    def _put(self, item: MemoryItem) -> None:
        """Keep the item itself. While writing."""

    @abstractmethod
    def _drop(self, item_id: str) -> None:
        """Forget the item itself. While writing."""

    def store(self, item: MemoryItem) -> None:
        """Insert the item, or replace the one with the same id."""
        checks.instance("item", item, MemoryItem)
        with self._writing() as index:
            self._put(item)
            index.add(item)

    def record_access(self, items: Iterable[MemoryItem]) -> list[MemoryItem]:
        """Count one more use of each item that is still there; returns all as they are now."""
        now, counted = utc_now(), list[MemoryItem]()
        with self._writing():
            for item in items:
                stored = self._found(item.id)
                counted.append((stored or item).accessed(now))
                if stored is not None:
                    self._put(counted[-1])
        return counted

    def search(self, query: str, limit: int) -> list[MemoryItem]:
        """Items whose content holds the query, whatever the case of letters; best score first."""
        checks.text("query", query)
        with self._lock:
            return self._items(self._current().search(query, utc_now(), self._ranking), limit)

    def search_by_tags(self, tags: Collection[str], limit: int) -> list[MemoryItem]:
        """Items that have any of the tags, best score first."""
        tags = (tags,) if isinstance(tags, str) else checks.texts("tags", tags)
        with self._lock:
            return self._items(self._current().by_tags(tags, utc_now(), self._ranking), limit)

    def search_words(self, words: Collection[str], limit: int) -> list[MemoryItem]:
        """Items that share significant words: those that share most first, then by score."""
        with self._lock:
            return self._items(self._current().by_words(words, utc_now(), self._ranking), limit)

    def get_recent(self, limit: int) -> list[MemoryItem]:
        """The newest items, the newest first."""
        with self._lock:
            return self._items(self._current().recent(), limit)

    def get_important(self, threshold: float, limit: int) -> list[MemoryItem]:
        """Items of at least this importance, the most important first."""
        with self._lock:
            return self._items(self._current().important(threshold), limit)

    def delete(self, item_id: str) -> None:
        """Remove an item; an unknown id is no error."""
        with self._writing() as index:
            index.remove(item_id)
            self._drop(item_id)

    def clear(self) -> None:
        """Remove all items."""
        with self._writing() as index:
            for item_id in index.recent():
                index.remove(item_id)
                self._drop(item_id)

    def count(self) -> int:
        """The number of items."""
        with self._lock:
            return len(self._current())

    def prune(self, policy: PrunePolicy | Mapping[str, Any] | None = None) -> int:
        """Remove what the policy does not want to keep; returns the number of items removed."""
        if not isinstance(policy, PrunePolicy):
            try:
                policy = PrunePolicy(**(policy or {}))
            except TypeError as error:
                raise InvalidArgument(f"prune policy: {error}") from error
        with self._writing() as index:
            removed = index.to_prune(policy, utc_now(), self._ranking)
            for item_id in removed:
                index.remove(item_id)
                self._drop(item_id)
        return len(removed)

    @property
    def _ranking(self) -> RelevanceSettings:
        return self.relevance or RelevanceSettings()

    def _found(self, item_id: str) -> MemoryItem | None:
        return self.retrieve(item_id)

    def _items(self, ids: Iterable[str], limit: int) -> list[MemoryItem]:
        found: list[MemoryItem] = []
        for item_id in ids:
            if len(found) >= limit:
                break
            item = self._found(item_id)
            if item is not None:
                found.append(item)
        return found
