"""Long-term memory and context providers in a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from a3s_code import (
    A3SError,
    ContextItem,
    ContextQuery,
    ContextResult,
    ContextType,
    FileMemoryStore,
    InMemoryStore,
    InvalidArgument,
    RipgrepContextProvider,
)
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, calls, says, status, wait
from tests.session.callers import by_send, by_stream
from tests.session.conftest import NewSession


def system_of(request: dict[str, Any]) -> str:
    return str(request["messages"][0]["content"])


def test_what_one_session_learned_helps_a_later_one(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    folder = str(tmp_path / "memory")
    first = new_session(memory_store=FileMemoryStore(folder))
    assert first.has_memory
    memory = first.memory()
    assert memory is not None
    memory.remember("The project is deployed to the staging cluster <blue>.")
    model_server.script(says("To staging."))
    answer = by_stream(new_session(memory_dir=folder), "Where do we deploy?")
    assert "deployed to the staging cluster &lt;blue&gt;" in system_of(model_server.requests[0])
    assert '<context source="memory" type="Memory">' in system_of(model_server.requests[0])
    types = answer.types("text_delta")
    assert types[:6] == [
        "start",
        "context_resolving",
        "memory_recalled",
        "memories_searched",
        "context_resolved",
        "turn_start",
    ]
    assert types[-2:] == ["memory_stored", "end"]


def test_completed_prompts_and_failed_tools_are_remembered(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(memory_store=InMemoryStore())
    model_server.script(calls("read", file_path="nowhere"), says("It is not there."))
    answer = by_stream(session, "read it")
    types = answer.types()
    assert types.index("memory_stored") < types.index("tool_end")
    kinds = [item["memory_type"] for item in session.get_short_term()]
    assert kinds == ["episodic", "procedural"]
    assert session.memory_stats() == {
        "long_term_count": 2,
        "short_term_count": 2,
        "working_count": 0,
    }
    assert session.recall_by_tags(["failure"])[0]["importance"] == 0.9
    session.send("/help")
    session.tool("read", {"file_path": "nowhere"})
    assert len(session.memory_recent()) == 2


def test_a_failed_execution_is_remembered(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(memory_store=InMemoryStore())
    model_server.script(status(401))
    by_send(session, "impossible")
    (item,) = session.memory_recent()
    assert "401" in item["content"]
    assert item["tags"] == ["failure", "avoid"]


def test_the_flat_methods_and_clearing(new_session: NewSession) -> None:
    session = new_session(memory_store=InMemoryStore())
    session.remember_success("sort", ["bash"], "sorted")
    session.remember_failure("merge", "conflict", ["git"])
    assert session.recall_similar("sort")[0]["tags"] == ["success", "pattern"]
    assert len(session.get_short_term()) == 2
    session.clear_short_term()
    session.clear_working()
    assert session.get_short_term() == session.get_working() == []


def test_clearing_during_a_prompt_is_an_event(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(memory_store=InMemoryStore())
    session.remember_success("sort", ["bash"], "sorted")
    model_server.script(says("One ", wait(), "two"))
    stream = session.stream("go")
    assert model_server.waiting.wait(DEADLINE_S)
    session.clear_short_term()
    model_server.release()
    (cleared,) = (event for event in stream if event.event_type == "memory_cleared")
    assert (cleared.tier, cleared.count) == ("short_term", 1)


def test_without_a_store_there_is_no_memory(new_session: NewSession) -> None:
    session = new_session()
    assert session.init_warning is None
    assert not session.has_memory
    assert session.memory() is None
    with pytest.raises(A3SError, match="Memory not configured for this session"):
        session.recall_similar("x")


def test_a_store_that_cannot_be_opened_is_a_warning(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    session = new_session(memory_dir=str(blocked / "memory"))
    assert not session.has_memory
    assert session.init_warning is not None
    assert "memory" in session.init_warning
    model_server.script(says("Still works."))
    assert session.send("hi").text == "Still works."


class Glossary:
    """A provider of the user's; remembers what it was asked and told."""

    name = "glossary"

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.asked: list[ContextQuery] = []
        self.told: list[tuple[str, str, str]] = []

    def query(self, query: ContextQuery) -> ContextResult:
        self.asked.append(query)
        if self.broken:
            raise RuntimeError("broken provider")
        item = ContextItem("1", ContextType.RESOURCE, "ROI means region of interest", source="g")
        return ContextResult([item], provider=self.name)

    def on_turn_complete(self, session_id: str, prompt: str, response: str) -> None:
        self.told.append((session_id, prompt, response))


def test_providers_are_asked_once_and_told_the_answer(
    model_server: ModelServer, new_session: NewSession
) -> None:
    provider, broken = Glossary(), Glossary(broken=True)
    session = new_session(context_providers=[broken], context_provider=provider)
    model_server.script(calls("ls"), says("Region of interest."))
    answer = by_stream(session, "What is ROI?")
    assert provider.asked == [ContextQuery("What is ROI?", session_id=session.session_id)]
    assert provider.told == [(session.session_id, "What is ROI?", "Region of interest.")]
    for request in model_server.requests:
        assert system_of(request).endswith(
            '<context source="g" type="Resource">\nROI means region of interest\n</context>'
        )
    resolved = next(event for event in answer.events if event.event_type == "context_resolved")
    assert resolved.total_items == 1
    assert session.history()[0]["content"][0]["text"] == "What is ROI?"


@pytest.mark.parametrize("kind", ["fs_context", "ripgrep"])
def test_files_are_searched_for_context(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, kind: str
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "deploy.md").write_text("Deployment runs on Fridays.\n", encoding="utf-8")
    option: dict[str, Any] = (
        {"fs_context": str(docs)}
        if kind == "fs_context"
        else {"context_providers": [RipgrepContextProvider(str(docs))]}
    )
    model_server.script(says("Fridays."))
    new_session(**option).send("When is the deployment planned?")
    assert "Fridays" in system_of(model_server.requests[0])


def test_an_object_that_cannot_be_asked_is_refused(new_session: NewSession) -> None:
    with pytest.raises(InvalidArgument, match="query"):
        new_session(context_provider=object())
