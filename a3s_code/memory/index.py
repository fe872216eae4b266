"""What can be asked of all items at once, answered without their files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from a3s_code.config.model import RelevanceSettings
from a3s_code.memory.item import MemoryItem, rfc3339
from a3s_code.memory.scoring import score
from a3s_code.memory.words import content_words, may_contain
from a3s_code.store.files import encoded_json
from a3s_code.store.reading import WrongForm, parse_time, take, take_strings


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePolicy:
    """What may be forgotten: items that are both older than `max_age_days` and less important than
    `min_importance`; then the worst-scored beyond `max_items`, 0 for no limit.
    """

    max_age_days: float = 90.0
    min_importance: float = 0.5
    max_items: int = 0


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What searches need to know of an item."""

    id: str
    content_lower: str
    tags: tuple[str, ...]
    importance: float
    timestamp: datetime
    memory_type: str

    @classmethod
    def of(cls, item: MemoryItem) -> IndexEntry:
        """The entry of an item."""
        return cls(
            item.id,
            item.content.lower(),
            tuple(item.tags),
            item.importance,
            item.timestamp,
            item.memory_type,
        )

    def to_dict(self) -> dict[str, Any]:
        """The form in `index.json`."""
        return {
            "id": self.id,
            "content_lower": self.content_lower,
            "tags": list(self.tags),
            "importance": self.importance,
            "timestamp": rfc3339(self.timestamp),
            "memory_type": self.memory_type,
        }

    @classmethod
    def from_dict(cls, data: object) -> IndexEntry:
        """Read the form in `index.json`. Raises `ValueError`."""
        if not isinstance(data, Mapping) or not data.get("id"):
            raise WrongForm("an entry without 'id'")
        return cls(
            take(data, "id", str, ""),
            take(data, "content_lower", str, ""),
            take_strings(data, "tags"),
            take(data, "importance", float, 0.5),
            parse_time(take(data, "timestamp", str, "")),
            take(data, "memory_type", str, "episodic"),
        )


class MemoryIndex:
    """Entries by id. Each question is answered with the ids of all matches, the best first.

    `version` is another number after each change.
    """

    def __init__(self, entries: Iterable[IndexEntry] = ()) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._words: dict[str, frozenset[str]] = {}
        self._encoded: dict[str, bytes] = {}
        self.version = 0

    def __len__(self) -> int:
        return len(self._entries)

    def to_json(self) -> bytes:
        """The content of `index.json`. Each entry is encoded once in its life."""
        for key, entry in self._entries.items():
            if key not in self._encoded:
                self._encoded[key] = encoded_json(entry.to_dict())
        return b"[" + b",".join(self._encoded[key] for key in self._entries) + b"]"

    @classmethod
    def from_list(cls, values: object) -> MemoryIndex:
        """Read the content of `index.json`. Raises `ValueError`."""
        if not isinstance(values, list):
            raise WrongForm("the index is no list")
        return cls(map(IndexEntry.from_dict, values))

    def add(self, item: MemoryItem) -> None:
        """Insert an item's entry, or replace it."""
        self._forget(item.id)
        self._entries[item.id] = IndexEntry.of(item)
        self.version += 1

    def remove(self, item_id: str) -> None:
        """Take an entry out; an unknown id changes nothing."""
        if self._entries.pop(item_id, None) is not None:
            self._forget(item_id)
            self.version += 1

    def search(self, query: str, now: datetime, relevance: RelevanceSettings) -> list[str]:
        """Items whose content holds the query, whatever the case of letters."""
        text = query.lower()
        return self._best(lambda entry: text in entry.content_lower, now, relevance)

    def by_tags(
        self, tags: Collection[str], now: datetime, relevance: RelevanceSettings
    ) -> list[str]:
        """Items that have any of the tags."""
        wanted = frozenset(tags)
        return self._best(lambda entry: not wanted.isdisjoint(entry.tags), now, relevance)

    def by_words(
        self, words: Collection[str], now: datetime, relevance: RelevanceSettings
    ) -> list[str]:
        """Items that share significant words: those that share most first, then by score."""
        wanted = frozenset(words)
        shared = {
            key: len(wanted & self._words_of(entry))
            for key, entry in self._entries.items()
            if may_contain(entry.content_lower, wanted)
        }
        best = self._best(lambda entry: shared.get(entry.id, 0) > 0, now, relevance)
        return sorted(best, key=lambda key: -shared[key])

    def recent(self) -> list[str]:
        """All items, the newest first."""
        entries = sorted(self._entries.values(), key=lambda entry: entry.timestamp, reverse=True)
        return [entry.id for entry in entries]

    def important(self, threshold: float) -> list[str]:
        """Items of at least this importance, the most important first, then the newest."""
        entries = [entry for entry in self._entries.values() if entry.importance >= threshold]
        entries.sort(key=lambda entry: (entry.importance, entry.timestamp), reverse=True)
        return [entry.id for entry in entries]

    def to_prune(
        self, policy: PrunePolicy, now: datetime, relevance: RelevanceSettings
    ) -> list[str]:
        """Items that the policy does not want to keep."""
        oldest = now - timedelta(days=policy.max_age_days)
        best = self._best(lambda _entry: True, now, relevance)
        faded = {
            key
            for key in best
            if self._entries[key].timestamp < oldest
            and self._entries[key].importance < policy.min_importance
        }
        kept = [key for key in best if key not in faded]
        if policy.max_items:
            kept = kept[: policy.max_items]
        keep = set(kept)
        return [key for key in best if key not in keep]

    def _best(
        self,
        fits: Callable[[IndexEntry], bool],
        now: datetime,
        relevance: RelevanceSettings,
    ) -> list[str]:
        matches = [entry for entry in self._entries.values() if fits(entry)]
        matches.sort(
            key=lambda entry: (
                score(entry.importance, entry.timestamp, now, relevance),
                entry.timestamp,
            ),
            reverse=True,
        )
        return [entry.id for entry in matches]

    def _forget(self, item_id: str) -> None:
        self._words.pop(item_id, None)
        self._encoded.pop(item_id, None)

    def _words_of(self, entry: IndexEntry) -> frozenset[str]:
        words = self._words.get(entry.id)
        if words is None:
            words = self._words[entry.id] = content_words(entry.content_lower)
        return words
