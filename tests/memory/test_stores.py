"""The documented methods, in both built-in stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from a3s_code.config.model import RelevanceSettings
from a3s_code.errors import InvalidArgument
from a3s_code.memory.index import PrunePolicy
from a3s_code.memory.indexed import IndexedStore
from a3s_code.memory.item import MemoryItem
from a3s_code.memory.protocol import MemoryStore


def put(store: IndexedStore, content: str, importance: float = 0.5, days: float = 0) -> MemoryItem:
    """Store an item that is so many days old; its words are its tags, too."""
    age = timedelta(days=days)
    item = MemoryItem(
        content, importance, content.split(), id=content, timestamp=datetime.now(UTC) - age
    )
    store.store(item)
    return item


def contents(items: list[MemoryItem]) -> list[str]:
    return [item.content for item in items]


def test_it_is_a_memory_store(store: IndexedStore) -> None:
    assert isinstance(store, MemoryStore)


def test_empty(store: IndexedStore) -> None:
    assert (store.retrieve("x"), store.count(), store.prune()) == (None, 0, 0)
    assert store.search("x", 5) == store.search_by_tags(["x"], 5) == store.get_recent(5) == []
    assert store.get_important(0.0, 5) == store.search_words({"x"}, 5) == []
    store.delete("x")
    store.clear()


def test_store_and_retrieve(store: IndexedStore) -> None:
    item = put(store, "one")
    assert store.retrieve("one") == item
    store.store(MemoryItem("changed", id="one"))
    replaced = store.retrieve("one")
    assert replaced is not None
    assert replaced.content == "changed"
    assert (store.count(), store.search("one", 5)) == (1, [])


def test_search_is_a_substring_without_case_best_score_first(store: IndexedStore) -> None:
    put(store, "the CLUSTER is old", 0.9, days=300)
    put(store, "clusters are new", 0.9)
    put(store, "a cluster of dull", 0.1)
    put(store, "unrelated", 1.0)
    assert contents(store.search("Cluster", 5)) == [
        "clusters are new",
        "the CLUSTER is old",
        "a cluster of dull",
    ]
    assert contents(store.search("cluster", 1)) == ["clusters are new"]
    assert store.search("cluster", 0) == store.search("cluster", -1) == []


def test_search_by_tags_finds_any_of_them(store: IndexedStore) -> None:
    put(store, "red round", 0.2)
    put(store, "blue round", 0.8)
    put(store, "green", 1.0)
    assert contents(store.search_by_tags(["red", "round"], 5)) == ["blue round", "red round"]
    assert contents(store.search_by_tags(["round"], 1)) == ["blue round"]
    assert contents(store.search_by_tags("green", 5)) == ["green"]
    assert store.search_by_tags(["RED"], 5) == store.search_by_tags([], 5) == []


def test_recent_and_important(store: IndexedStore) -> None:
    put(store, "middle", 0.6, days=2)
    put(store, "new", 0.2, days=1)
    put(store, "old", 0.9, days=3)
    assert contents(store.get_recent(2)) == ["new", "middle"]
    assert contents(store.get_important(0.6, 5)) == ["old", "middle"]
    assert contents(store.get_important(0.0, 1)) == ["old"]


def test_delete_and_clear(store: IndexedStore) -> None:
    for name in "abc":
        put(store, name)
    store.delete("b")
    assert (contents(store.get_recent(5)), store.retrieve("b")) == (["c", "a"], None)
    store.clear()
    assert (store.count(), store.get_recent(5), store.retrieve("a")) == (0, [], None)


def test_prune(store: IndexedStore) -> None:
    put(store, "faded", 0.4, days=91)
    put(store, "important", 0.5, days=91)
    put(store, "young", 0.1, days=89)
    assert store.prune() == 1
    assert set(contents(store.get_recent(5))) == {"important", "young"}
    assert store.prune({"max_items": 1}) == 1
    assert contents(store.get_recent(5)) == ["important"]
    assert store.prune(PrunePolicy(max_age_days=1, min_importance=1)) == 1
    assert store.count() == 0
    with pytest.raises(InvalidArgument, match="max_itmes"):
        store.prune({"max_itmes": 1})


def test_configured_weights_rank_the_answers(store: IndexedStore) -> None:
    put(store, "old x", 1.0, days=60)
    put(store, "new x", 0.2)
    assert contents(store.search("x", 5)) == ["old x", "new x"]
    store.relevance = RelevanceSettings(importance_weight=0.1, recency_weight=0.9)
    assert contents(store.search("x", 5)) == ["new x", "old x"]
    assert contents(store.search_by_tags(["x"], 5)) == ["new x", "old x"]


def test_accesses_are_counted(store: IndexedStore) -> None:
    item = put(store, "one")
    gone = MemoryItem("gone")
    assert [found.access_count for found in store.record_access([item, gone])] == [1, 1]
    assert store.record_access([item])[0].access_count == 2
    kept = store.retrieve("one")
    assert kept is not None
    assert kept.access_count == 2
    assert kept.last_accessed is not None
    assert store.count() == 1
