"""Memory that is lost when the process ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from a3s_code import checks
from a3s_code.config.model import RelevanceSettings
from a3s_code.memory.index import MemoryIndex
from a3s_code.memory.indexed import IndexedStore
from a3s_code.memory.item import MemoryItem


class InMemoryStore(IndexedStore):
    """Keeps items in memory, for tests and for sessions that need not remember for long."""

    def __init__(self, relevance: RelevanceSettings | None = None) -> None:
        super().__init__(relevance)
        self._index = MemoryIndex()
        self._kept: dict[str, MemoryItem] = {}

    def __repr__(self) -> str:
        return f"InMemoryStore({len(self._kept)} items)"

    def retrieve(self, item_id: str) -> MemoryItem | None:
        """The item with this id, None when there is none."""
        return self._kept.get(checks.text("item_id", item_id))

    def _current(self) -> MemoryIndex:
        return self._index

    @contextmanager
    def _writing(self) -> Iterator[MemoryIndex]:
        with self._lock:
            yield self._index

    def _put(self, item: MemoryItem) -> None:
        self._kept[item.id] = item

    def _drop(self, item_id: str) -> None:
        self._kept.pop(item_id, None)
