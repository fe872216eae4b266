"""The memory of a session: what its calls keep, find and return."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from a3s_code.config.model import MemorySettings, RelevanceSettings
from a3s_code.errors import InvalidArgument, StoreError
from a3s_code.memory.file_store import FileMemoryStore
from a3s_code.memory.indexed import IndexedStore
from a3s_code.memory.item import MemoryItem
from a3s_code.memory.process_memory import InMemoryStore
from a3s_code.memory.session_memory import SessionMemory, shortened

SENTENCE = "Deployments go to the staging cluster on Fridays."


def contents(items: list[dict[str, Any]]) -> list[str]:
    return [item["content"] for item in items]


def found(memory: SessionMemory, prompt: str, limit: int = 5) -> list[str]:
    return [recalled.item.content for recalled in memory.context_items(prompt, limit)]


@pytest.fixture
def memory(store: IndexedStore) -> SessionMemory:
    return SessionMemory.opened(store)


def test_remember_writes_long_term_and_short_term(memory: SessionMemory) -> None:
    item = memory.remember(MemoryItem("a fact", memory_type="semantic"))
    assert memory.store.retrieve(item.id) == item
    assert memory.get_short_term() == memory.recent() == [item.to_dict()]
    assert memory.stats() == {"long_term_count": 1, "short_term_count": 1, "working_count": 0}
    assert contents([memory.remember("plain text").to_dict()]) == ["plain text"]


def test_working_is_filled_only_explicitly(memory: SessionMemory) -> None:
    item = memory.add_to_working({"content": "now", "memory_type": "working"})
    assert memory.get_working() == [item.to_dict()]
    assert memory.stats() == {"long_term_count": 0, "short_term_count": 0, "working_count": 1}
    assert (memory.clear_working(), memory.get_working()) == (1, [])


def test_clearing_the_short_term_keeps_the_rest(memory: SessionMemory) -> None:
    memory.remember("one")
    memory.remember("two")
    assert (memory.clear_short_term(), memory.get_short_term()) == (2, [])
    assert memory.stats()["long_term_count"] == 2


def test_capacities(store: IndexedStore) -> None:
    memory = SessionMemory(store)
    for number in range(12):
        memory.add_to_working(MemoryItem(f"w{number}", importance=number / 20))
    assert contents(memory.get_working()) == [f"w{number}" for number in range(2, 12)]
    small = SessionMemory(store, MemorySettings(max_short_term=2, max_working=1))
    for number in range(3):
        small.remember(f"s{number}")
        small.add_to_working(f"s{number}")
    assert contents(small.get_short_term()) == ["s1", "s2"]
    assert len(small.get_working()) == 1
    assert SessionMemory(store).settings.max_short_term == 100


def test_remember_success(memory: SessionMemory) -> None:
    item = memory.remember_success("build it", ["bash", "read"], "it works")
    assert item.content == "Success: build it\nTools: bash, read\nResult: it works"
    assert (item.memory_type, item.importance) == ("procedural", 0.8)
    assert list(item.tags) == ["success", "pattern"]
    assert item.metadata == {"prompt": "build it", "tools": "bash,read"}
    assert memory.store.retrieve(item.id) == item


def test_remember_failure(memory: SessionMemory) -> None:
    item = memory.remember_failure("build it", "no compiler", ["bash"])
    assert item.content == "Failure: build it\nTools: bash\nError: no compiler"
    assert (item.memory_type, item.importance) == ("episodic", 0.9)
    assert list(item.tags) == ["failure", "avoid"]
    assert item.metadata == {"prompt": "build it", "error": "no compiler"}


def test_failures_outrank_successes(memory: SessionMemory) -> None:
    memory.remember_success("task", [], "fine")
    memory.remember_failure("task", "broken", [])
    first, second = memory.recall_similar("task")
    assert (first["tags"][0], second["tags"][0]) == ("failure", "success")


def test_what_is_remembered_automatically_is_short(memory: SessionMemory) -> None:
    item = memory.remember_exchange("p" * 9_000, "a" * 9_000)
    assert (item.memory_type, item.importance, item.metadata["tools"]) == ("procedural", 0.8, "")
    assert len(item.content) < 3_100
    failed = memory.remember_failed("p" * 9_000, "e" * 9_000, ["bash"])
    assert (failed.memory_type, failed.importance) == ("episodic", 0.9)
    assert len(failed.content) < 3_100


def test_shortened_keeps_both_ends() -> None:
    assert shortened("  short ", 100) == "short"
    text = shortened("begin" + "-" * 500 + "end", 50)
    assert len(text) == 50
    assert text.startswith("begin")
    assert text.endswith("end")


# -- recall ----------------------------------------------------------------------------------------


def test_the_documented_example(tmp_path: Path) -> None:
    """A sentence is remembered; a later session asks about it in other words."""
    SessionMemory.opened(FileMemoryStore(str(tmp_path))).remember(SENTENCE)
    later = SessionMemory.opened(FileMemoryStore(str(tmp_path)))
    assert found(later, "Where do we deploy?") == [SENTENCE]
    assert contents(later.recall_similar("Where do we deploy?")) == [SENTENCE]


def test_an_exact_substring_comes_first(memory: SessionMemory) -> None:
    memory.remember(MemoryItem("staging cluster and the deploy key", 1.0))
    memory.remember(MemoryItem("how to deploy to the Staging Cluster", 0.0))
    assert found(memory, "deploy to the staging cluster") == [
        "how to deploy to the Staging Cluster",
        "staging cluster and the deploy key",
    ]


def test_words_only_fill_up_to_the_limit(memory: SessionMemory) -> None:
    for number in range(5):
        memory.remember(MemoryItem(f"deploy {number}", 0.1))
    memory.remember(MemoryItem("deployment", 1.0))
    assert len(found(memory, "deploy")) == 5
    assert found(memory, "deploy", 1) == ["deployment"]
    assert "deployment" in found(memory, "deploy 3")
    assert found(memory, "deploy 3")[0] == "deploy 3"
    assert len(memory.context_items("deploy", 10)) == 6


@pytest.mark.parametrize("prompt", ["", "  \n", "what should we do?", "nothing like it"])
def test_nothing_is_recalled_without_a_reason(memory: SessionMemory, prompt: str) -> None:
    memory.remember(SENTENCE)
    assert found(memory, prompt) == []


def test_labels_are_no_reason(memory: SessionMemory) -> None:
    memory.remember_success("sort a list", ["bash"], "sorted")
    assert found(memory, "Which tools and results are there?") == []


def test_figures_of_recalled_items(memory: SessionMemory) -> None:
    memory.remember(MemoryItem("deploy now!!", 1.0))
    (recalled,) = memory.context_items("deploy")
    assert recalled.relevance == pytest.approx(1.0, abs=1e-3)
    assert recalled.relevance <= 1.0
    assert recalled.tokens == 3


def test_recalled_items_count_as_accessed(memory: SessionMemory) -> None:
    item = memory.remember(MemoryItem(SENTENCE, tags=["ops"]))
    assert memory.context_items("deploy")[0].item.access_count == 1
    assert memory.recall_similar("deploy")[0]["access_count"] == 2
    assert memory.recall_by_tags(["ops"])[0]["access_count"] == 3
    stored = memory.store.retrieve(item.id)
    assert stored is not None
    assert (stored.access_count, stored.last_accessed is not None) == (3, True)
    assert memory.recent()[0]["access_count"] == 3
    assert memory.stats()["long_term_count"] == 1


def test_recall_by_tags_and_recent(memory: SessionMemory) -> None:
    for number in range(12):
        moment = datetime.now(UTC) - timedelta(minutes=number)
        memory.remember(MemoryItem(f"item {number}", tags=["t"], timestamp=moment))
    assert contents(memory.recall_by_tags(["t", "u"])) == [f"item {n}" for n in range(10)]
    assert contents(memory.recall_by_tags("t", limit=1)) == ["item 0"]
    assert contents(memory.recent()) == [f"item {n}" for n in range(10)]
    assert contents(memory.memory_recent(2)) == ["item 0", "item 1"]
    assert memory.memory_stats() == memory.stats()


def test_the_configuration_ranks_everywhere(store: IndexedStore) -> None:
    fresh_first = MemorySettings(
        relevance=RelevanceSettings(importance_weight=0.0, recency_weight=1.0)
    )
    memory = SessionMemory.opened(store, fresh_first)
    old = datetime.now(UTC) - timedelta(days=90)
    memory.remember(MemoryItem("old x", 1.0, timestamp=old))
    memory.remember(MemoryItem("new x", 0.0))
    assert found(memory, "x") == ["new x", "old x"]
    assert memory.context_items("x")[0].relevance == pytest.approx(1.0, abs=1e-3)


def test_weights_given_to_a_store_are_kept() -> None:
    own = RelevanceSettings(decay_days=1)
    store = InMemoryStore(own)
    SessionMemory.opened(store, MemorySettings())
    assert store.relevance is own


# -- stores of the user's --------------------------------------------------------------------------


class Own:
    """The least that a store of the user's must have; searching is by substring; keeps dicts."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def store(self, item: MemoryItem) -> None:
        self.kept[item.id] = item.to_dict()

    def retrieve(self, item_id: str) -> Any:
        return self.kept.get(item_id)

    def search(self, query: str, limit: int) -> Any:
        text = query.lower()
        return [item for item in self.kept.values() if text in item["content"].lower()][:limit]

    def search_by_tags(self, tags: Any, limit: int) -> Any:
        return [item for item in self.kept.values() if set(tags) & set(item["tags"])][:limit]

    def get_recent(self, limit: int) -> Any:
        return list(self.kept.values())[::-1][:limit]

    def get_important(self, threshold: float, limit: int) -> Any:
        return [item for item in self.kept.values() if item["importance"] >= threshold][:limit]

    def delete(self, item_id: str) -> None:
        self.kept.pop(item_id, None)

    def clear(self) -> None:
        self.kept.clear()

    def count(self) -> int:
        return len(self.kept)


def test_a_store_of_the_users() -> None:
    memory = SessionMemory.opened(Own())
    item = memory.remember(MemoryItem(SENTENCE, tags=["ops"]))
    memory.remember(MemoryItem("Fridays are short", 1.0))
    assert found(memory, "Where do we deploy on Fridays?") == [SENTENCE, "Fridays are short"]
    assert memory.recall_by_tags(["ops"])[0]["access_count"] == 2
    assert contents(memory.recent(1)) == ["Fridays are short"]
    assert memory.stats()["long_term_count"] == 2
    assert item.access_count == 0


class Broken(Own):
    def store(self, item: MemoryItem) -> None:
        raise ConnectionError("the database is gone")

    def search(self, query: str, limit: int) -> Any:
        return [7]


def test_failures_of_own_stores_are_store_errors() -> None:
    memory = SessionMemory.opened(Broken())
    with pytest.raises(StoreError, match="memory store: ConnectionError: the database is gone"):
        memory.remember("x")
    assert memory.get_short_term() == []
    with pytest.raises(InvalidArgument, match="a int is no memory item"):
        memory.recall_similar("x")


def test_what_is_no_store_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="str is no memory store: it has no method 'store'"):
        SessionMemory.opened("folder")  # type: ignore[arg-type]


def test_a_store_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot create the folder"):
        SessionMemory.opened(FileMemoryStore(str(tmp_path / "taken")))
