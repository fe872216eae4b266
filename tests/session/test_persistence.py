"""Saving and resuming sessions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from a3s_code import (
    Agent,
    Attachment,
    FileSessionStore,
    InvalidArgument,
    MemorySessionStore,
    ResumeFailed,
    SaveFailed,
)
from tests.model_server import ModelServer, agent_hcl, error_in_stream, says
from tests.session.callers import Caller, by_send
from tests.session.conftest import NewSession

CANARY = "test-key"
PNG = b"\x89PNG\r\n\x1a\n" + b"rest of an image"


def agent_of(server: ModelServer, **places: Any) -> Agent:
    return Agent.create(agent_hcl(server, **places))


@pytest.mark.parametrize(
    "make", [lambda path: FileSessionStore(path), lambda _: MemorySessionStore()]
)
def test_a_resumed_session_goes_on(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, ask: Caller, make: Any
) -> None:
    store = make(str(tmp_path / "sessions"))
    model_server.script(says("I am Ada.").using(10, 4), says("Ada.").using(20, 1))
    session = new_session(session_store=store, session_id="mine", auto_save=True)
    ask(session, "your name?")
    session.close()
    again = agent_of(model_server).resume_session("mine", session_store=store)
    assert again.session_id == "mine"
    assert again.workspace == session.workspace
    assert again.history() == session.history()
    assert again.usage.total_tokens == 14
    assert ask(again, "again?").text == "Ada."
    assert "I am Ada." in str(model_server.requests[1]["messages"])
    assert again.usage.total_tokens == 35


def test_the_documented_file_is_complete_after_save_and_holds_no_key(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    model_server.script(says("One."), says("Two."))
    store = FileSessionStore(str(tmp_path / "sessions"))
    session = new_session(session_store=store, session_id="s", model_lines="cost { input = 1 }")
    session.send("a")
    session.send("b")
    assert store.list() == []
    session.save()
    text = (tmp_path / "sessions" / "s.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert data["id"] == "s"
    assert data["messages"] == session.history()
    assert len(data["messages"]) == 4
    assert data["state"] == "Active"
    assert data["config"]["workspace"] == str(tmp_path)
    assert data["total_usage"] == {
        "prompt_tokens": 20,
        "completion_tokens": 10,
        "total_tokens": 30,
        "cache_read_tokens": None,
        "cache_write_tokens": None,
    }
    assert data["total_cost"] == session.cost_usd > 0
    assert data["cost_records"] == session.cost_records()
    assert len(data["cost_records"]) == 2
    assert data["llm_config"]["model"] == "m"
    assert data["context_usage"]["turns"] == 2
    assert all(CANARY not in file.read_text("utf-8") for file in store_files(tmp_path))


def store_files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "sessions").iterdir() if path.is_file()]


def test_sessions_dir_of_the_configuration_is_the_store(
    model_server: ModelServer, tmp_path: Path
) -> None:
    folder = (tmp_path / "kept").as_posix()
    agent = agent_of(model_server, top=f'sessions_dir = "{folder}"')
    model_server.script(says("One."))
    agent.session(tmp_path, session_id="s", auto_save=True).send("a")
    assert len(agent.resume_session("s").history()) == 2
    off = agent_of(model_server, top=f'sessions_dir = "{folder}"\nstorage_backend = "memory"')
    with pytest.raises(ResumeFailed, match=r"^Failed to resume session: no session store"):
        off.resume_session("s")


def test_a_store_that_is_given_wins_over_the_configuration(
    model_server: ModelServer, tmp_path: Path
) -> None:
    folder, store = tmp_path / "kept", MemorySessionStore()
    agent = agent_of(model_server, top=f'sessions_dir = "{folder.as_posix()}"')
    agent.session(tmp_path, session_id="s", session_store=store).save()
    assert store.list() == ["s"]
    assert not folder.exists() or list(folder.iterdir()) == []


def test_what_is_not_saved(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    store = MemorySessionStore()
    session = new_session(session_store=store, auto_save=True)
    model_server.script(says("Elsewhere."), error_in_stream())
    session.send("a", history=[])
    by_send(session, "b")
    assert store.list() == []
    quiet = new_session(session_store=store)
    model_server.script(says("One."))
    quiet.send("c")
    assert store.list() == []


def test_saving_without_a_store_does_nothing(new_session: NewSession) -> None:
    new_session().save()


def test_an_unknown_session_is_named(model_server: ModelServer) -> None:
    with pytest.raises(ResumeFailed, match=r"^Failed to resume session: Session not found: nope$"):
        agent_of(model_server).resume_session("nope", session_store=MemorySessionStore())


def test_a_workspace_that_is_gone_is_named(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    store = MemorySessionStore()
    place = tmp_path / "gone"
    place.mkdir()
    agent = agent_of(model_server)
    agent.session(place, session_store=store, session_id="s").save()
    place.rmdir()
    with pytest.raises(ResumeFailed, match="gone"):
        agent.resume_session("s", session_store=store)


def test_a_store_that_fails_never_costs_the_turn(
    model_server: ModelServer, new_session: NewSession, ask: Caller
) -> None:
    class Broken(MemorySessionStore):
        def save(self, data: Any) -> None:
            raise OSError(28, "No space left on device")

        def replace(self, data: Any, position: Any) -> Any:
            raise OSError(28, "No space left on device")

        append = replace

    model_server.script(says("Here."))
    session = new_session(session_store=Broken(), auto_save=True)
    answer = ask(session, "hi")
    assert answer.text == "Here."
    assert len(session.history()) == 2
    if answer.events:
        assert answer.types()[-2:] == ["persistence_failed", "end"]
    with pytest.raises(SaveFailed, match=r"^Save failed: "):
        session.save()


def test_an_object_that_is_no_store_is_refused(new_session: NewSession) -> None:
    with pytest.raises(InvalidArgument, match="save"):
        new_session(session_store=object())


def test_a_cancelled_turn_is_saved(model_server: ModelServer, new_session: NewSession) -> None:
    store = MemorySessionStore()
    model_server.script(says("word ").endless())
    session = new_session(session_store=store, auto_save=True)
    for event in session.stream("go"):
        if event.event_type == "text_delta":
            session.cancel()
    saved = store.load(session.session_id)
    assert saved is not None
    assert saved.messages[1].text.startswith("word ")


def test_compacting_and_attachments_are_saved_too(
    model_server: ModelServer, new_session: NewSession
) -> None:
    store = MemorySessionStore()
    session = new_session(session_store=store, auto_save=True)

    def saved_messages() -> int:
        saved = store.load(session.session_id)
        return 0 if saved is None else len(saved.messages)

    model_server.answer_with(lambda _: says("An answer."))
    session.send_with_attachments("look", [Attachment.png(PNG)])
    assert saved_messages() == 2
    list(session.stream_with_attachments("look", [Attachment.png(PNG)]))
    assert saved_messages() == 4
    for _ in range(18):
        session.send("go on")
    assert saved_messages() == 40
    session.send("/compact")
    assert saved_messages() == len(session.history()) < 40


def test_what_a_saved_session_tells_of_its_options(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    store = MemorySessionStore()
    session = new_session(
        session_store=store, auto_compact=True, auto_compact_threshold=0.5, role="You are Ada."
    )  # fmt: skip
    model_server.script(says("Hi.").using(32_000, 5))
    session.send("hi")
    session.save()
    saved = store.load(session.session_id)
    assert saved is not None
    config = saved.config
    assert (config.workspace, config.storage_type) == (str(tmp_path), "file")
    assert (config.auto_compact, config.auto_compact_threshold) == (True, 0.5)
    assert (config.planning_enabled, config.goal_tracking) == (False, False)
    assert config.system_prompt.startswith("You are Ada.")
    assert config.max_context_length == saved.context_usage.max_tokens == 128_000
    assert (saved.context_usage.used_tokens, saved.context_usage.percent) == (32_000, 0.25)
    assert list(saved.tool_names) == session.tool_names()
    assert (saved.model_name, saved.state, saved.tasks) == ("m", "Active", ())
    assert saved.llm_config == {"provider": "openai", "model": "m", "base_url": model_server.url}
    planned = new_session(session_store=store, planning=True, goal_tracking=True)
    planned.save()
    saved = store.load(planned.session_id)
    assert saved is not None
    assert (saved.config.planning_enabled, saved.config.goal_tracking) == (True, True)
