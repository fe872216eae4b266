"""What a session tells of its memory, and what the memory may not break."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from a3s_code import InMemoryStore, MemoryItem, Session
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, calls, says, wait
from tests.session.callers import Caller, by_stream
from tests.session.conftest import NewSession


def of(events: list[Any], name: str) -> list[Any]:
    return [event for event in events if event.event_type == name]


def test_fields_of_the_events(model_server: ModelServer, new_session: NewSession) -> None:
    """Ids and types are those of the items, before and after the answer."""
    store = InMemoryStore()
    store.store(MemoryItem("deploy on Fridays", 1.0, id="known"))
    model_server.script(says("On Fridays."))
    events = by_stream(new_session(memory_store=store), "deploy").events
    (recalled,) = of(events, "memory_recalled")
    assert (recalled.memory_id, recalled.content) == ("known", "deploy on Fridays")
    assert recalled.relevance == pytest.approx(1.0, abs=1e-3)
    (searched,) = of(events, "memories_searched")
    assert (searched.query, searched.tags, searched.result_count) == ("deploy", (), 1)
    (stored,) = of(events, "memory_stored")
    item = store.retrieve(stored.memory_id)
    assert item is not None
    assert (stored.memory_type, stored.importance, stored.tags) == (
        "procedural", 0.8, ("success", "pattern"),
    )  # fmt: skip
    assert (item.memory_type, item.importance) == ("procedural", 0.8)
    assert item.metadata == {"prompt": "deploy", "tools": ""}


def test_five_items_are_recalled_once_for_each_prompt(
    model_server: ModelServer, new_session: NewSession
) -> None:
    store = InMemoryStore()
    for number in range(7):
        store.store(MemoryItem(f"deploy rule {number}"))
    model_server.script(calls("ls"), says("Done."))
    events = by_stream(new_session(memory_store=store), "deploy").events
    assert len(of(events, "memory_recalled")) == 5
    assert [event.result_count for event in of(events, "memories_searched")] == [5]
    for request in model_server.requests:
        assert str(request["messages"][0]["content"]).count('type="Memory"') == 5


def test_nothing_found_is_not_told(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("Hi."))
    events = by_stream(new_session(memory_store=InMemoryStore()), "hello").events
    assert of(events, "memory_recalled") == of(events, "memories_searched") == []


@pytest.mark.parametrize("through", [lambda s: s, lambda s: s.memory()], ids=["flat", "object"])
def test_a_tier_that_is_cleared_while_a_stream_is_open(
    model_server: ModelServer, new_session: NewSession, through: Callable[[Session], Any]
) -> None:
    model_server.script(says("One ", wait(), "two"))
    session = new_session(memory_store=InMemoryStore())
    session.remember_success("sort", [], "sorted")
    stream = session.stream("go")
    assert model_server.waiting.wait(DEADLINE_S)
    through(session).clear_short_term()
    through(session).clear_working()
    model_server.release()
    told = of(list(stream), "memory_cleared")
    assert [(event.tier, event.count) for event in told] == [("short_term", 1), ("working", 0)]
    through(session).clear_short_term()


def test_only_prompts_are_remembered(model_server: ModelServer, new_session: NewSession) -> None:
    session = new_session(memory_store=InMemoryStore())
    model_server.script(says("Because."), says("Because."), says("Done."))
    session.btw("why?")
    session.send("/btw why?")
    session.send("/help")
    session.tool("read", {"file_path": "nowhere"})
    assert session.memory_recent() == []
    session.send("go")
    assert len(session.memory_recent()) == 1


class Full(InMemoryStore):
    """A store that has no room."""

    def store(self, item: Any) -> None:
        raise OSError(28, "No space left on device")


def test_a_store_that_fails_costs_no_answer(
    model_server: ModelServer,
    new_session: NewSession,
    ask: Caller,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model_server.script(says("Here."))
    answer = ask(new_session(memory_store=Full()), "go")
    assert (answer.text, answer.error) == ("Here.", "")
    assert "memory_stored" not in answer.types()
    assert "nothing was remembered" in caplog.text
    assert "No space left on device" in caplog.text


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.remember_success("t", [], "r"),
        lambda s: s.remember_failure("t", "e", []),
        lambda s: s.recall_similar("q"),
        lambda s: s.recall_by_tags(["t"]),
        lambda s: s.memory_recent(),
        lambda s: s.memory_stats(),
        lambda s: s.get_working(),
        lambda s: s.clear_working(),
        lambda s: s.get_short_term(),
        lambda s: s.clear_short_term(),
    ],
)
def test_every_call_needs_a_store(new_session: NewSession, call: Callable[[Session], Any]) -> None:
    with pytest.raises(RuntimeError, match=r"^Memory not configured for this session$"):
        call(new_session())


def test_how_many_items_come_without_a_limit(new_session: NewSession) -> None:
    """Five for a question, ten for tags and for the newest ones."""
    store = InMemoryStore()
    for number in range(12):
        store.store(MemoryItem(f"rule {number}", tags=["t"]))
    session = new_session(memory_store=store)
    found = session.recall_similar("rule"), session.recall_by_tags(["t"]), session.memory_recent()
    assert list(map(len, found)) == [5, 10, 10]
    assert len(session.recall_similar("rule", limit=6)) == 6
    assert session.remember_success("t", [], "r") is None  # type: ignore[func-returns-value]


def test_the_calls_of_a_session(new_session: NewSession) -> None:
    """Lists of dicts, or nothing."""
    store = InMemoryStore()
    session = new_session(memory_store=store)
    assert session.has_memory is True
    calls: list[Any] = [
        session.remember_failure("merge", "conflict", ["git"]),  # type: ignore[func-returns-value]
        session.remember_success("sort", ["bash"], "sorted"),  # type: ignore[func-returns-value]
    ]
    memory = session.memory()
    assert memory is not None
    assert memory.store is store
    now = memory.add_to_working(MemoryItem("now", memory_type="working"))
    assert session.get_working() == [now.to_dict()]
    failure, success = session.get_short_term()
    ids = {failure["id"], success["id"]}
    assert {item["id"] for item in session.memory_recent()} == ids
    assert (failure["tags"], success["tags"]) == (["failure", "avoid"], ["success", "pattern"])
    assert session.memory_stats() == {
        "long_term_count": 2,
        "short_term_count": 2,
        "working_count": 1,
    }
    calls.append(session.clear_working())  # type: ignore[func-returns-value]
    calls.append(session.clear_short_term())  # type: ignore[func-returns-value]
    assert calls == [None] * 4
    assert session.get_working() == session.get_short_term() == []
    assert [item["content"] for item in session.recall_similar("merge")] == [failure["content"]]
    assert [item["id"] for item in session.recall_by_tags(["pattern"])] == [success["id"]]
