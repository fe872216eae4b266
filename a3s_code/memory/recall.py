"""Finding what helps with a prompt, in any store of memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from a3s_code.config.model import RelevanceSettings
from a3s_code.memory.item import MemoryItem
from a3s_code.memory.protocol import MemoryStore
from a3s_code.memory.scoring import score
from a3s_code.memory.words import significant_words

_MAX_WORDS = 16  # single searches in a store that cannot search for words itself
_PER_WORD = 20


@dataclass(frozen=True, slots=True)
class Recalled:
    """An item that was found: `relevance` is its score, 0.0 to 1.0; `tokens` an estimate."""

    item: MemoryItem
    relevance: float
    tokens: int

    @classmethod
    def of(cls, item: MemoryItem, now: datetime, relevance: RelevanceSettings) -> Recalled:
        """The item with its figures; a token is taken as four characters."""
        value = score(item.importance, item.timestamp, now, relevance)
        return cls(item, min(1.0, max(0.0, value)), len(item.content) // 4)


def recall(
    store: MemoryStore, prompt: str, limit: int, now: datetime, relevance: RelevanceSettings
) -> list[MemoryItem]:
    """Items that contain the prompt; if there are fewer than `limit`, then items that share
    significant words with it: those that share most first, then by score.
    """
    text = prompt.strip()
    if not text or limit < 1:
        return []
    found = {item.id: item for item in _items(store.search(text, limit))}
    if len(found) < limit:
        for item in _by_words(store, text, limit + len(found), now, relevance):
            found.setdefault(item.id, item)
    return list(found.values())[:limit]


def _by_words(
    store: MemoryStore, prompt: str, limit: int, now: datetime, relevance: RelevanceSettings
) -> list[MemoryItem]:
    words = significant_words(prompt)
    if not words:
        return []
    search: Callable[..., Sequence[Any]] | None = getattr(store, "search_words", None)
    if search is not None:
        return _items(search(words, limit))
    return _one_by_one(store, words, now, relevance)[:limit]


def _one_by_one(
    store: MemoryStore, words: frozenset[str], now: datetime, relevance: RelevanceSettings
) -> list[MemoryItem]:
    """The same from a store that only finds text: one search for each of the longest words."""
    found: dict[str, MemoryItem] = {}
    shared: Counter[str] = Counter()
    for word in sorted(words, key=lambda word: (-len(word), word))[:_MAX_WORDS]:
        for item in _items(store.search(word, _PER_WORD)):
            found[item.id] = item
            shared[item.id] += 1
    return sorted(
        found.values(),
        key=lambda item: (
            -shared[item.id],
            -score(item.importance, item.timestamp, now, relevance),
        ),
    )


def _items(values: Sequence[Any]) -> list[MemoryItem]:
    """What a store gave; one of the user's may give dicts."""
    return [MemoryItem.of(value) for value in values]
