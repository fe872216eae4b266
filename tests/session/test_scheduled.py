"""Scheduled prompts in a session: when they are sent, and what becomes of them."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

from a3s_code import Agent, MemorySessionStore, Session
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, Reply, agent_hcl, says, status
from tests.session.conftest import NewSession


def wait_until_due(session: Session) -> None:
    """Return when every task is due."""
    pause, left_s = threading.Event(), DEADLINE_S
    while any(task["next_fire_in_secs"] for task in session.list_scheduled_tasks()):
        assert left_s > 0
        pause.wait(0.05)
        left_s -= 0.05


def test_prompts_commands_and_failures(
    model_server: ModelServer, new_session: NewSession, caplog: pytest.LogCaptureFixture
) -> None:
    """After a `send`, one with a history of its own too, not after a command nor after a stream."""

    def answer(body: dict[str, Any]) -> Reply:
        return status(401) if body["messages"][-1]["content"] == "fail" else says("ok")

    model_server.answer_with(answer)
    session = new_session()
    noted: list[str] = []

    def note(args: str, ctx: dict[str, Any]) -> str:
        noted.append(args)
        return "noted"

    session.register_command("note", "Notes", note)
    for prompt in ("fail", "/note this", "check the weather"):
        session.schedule_task(prompt, 1)
    wait_until_due(session)
    session.send("/help")
    assert list(session.stream("theirs", history=[]))[-1].text == "ok"
    assert [task["fire_count"] for task in session.list_scheduled_tasks()] == [0, 0, 0]
    with caplog.at_level(logging.WARNING, "a3s_code"):
        result = session.send("theirs", history=[])
    assert (result.text, result.total_tokens) == ("ok", 15)
    assert [m["content"][0]["text"] for m in result.messages] == ["theirs", "ok"]
    assert [task["fire_count"] for task in session.list_scheduled_tasks()] == [1, 1, 1]
    assert noted == ["this"]
    assert "401" in caplog.text
    texts = [message["content"][0]["text"] for message in session.history()]
    assert texts == ["check the weather", "ok"]
    assert session.usage.total_tokens == 3 * 15


def test_a_scheduled_prompt_goes_on_with_the_conversation(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.answer_with(lambda body: says("ok"))
    session = new_session()
    session.schedule_task("check the weather", 1)
    wait_until_due(session)
    session.send("hello")
    sent = [(m["role"], m["content"]) for m in model_server.requests[1]["messages"][1:]]
    assert sent == [("user", "hello"), ("assistant", "ok"), ("user", "check the weather")]


def test_nothing_ticks_and_a_dropped_session_takes_its_tasks_along(
    model_server: ModelServer, tmp_path: Path
) -> None:
    """What is due is known from the clock: no thread waits, nothing is sent between calls."""
    model_server.script(says("ok"))
    agent = Agent.create(agent_hcl(model_server))
    session = agent.session(tmp_path)
    session.send("hello")
    before = {thread.name for thread in threading.enumerate()}
    session.schedule_task("check the weather", 1)
    wait_until_due(session)
    assert {thread.name for thread in threading.enumerate()} <= before
    gone = threading.Event()
    weakref.finalize(session._core, gone.set)
    del session
    for _ in range(DEADLINE_S):
        gc.collect()
        if gone.wait(1):
            break
    assert gone.is_set()
    assert len(model_server.requests) == 1


def test_tasks_belong_to_one_session_and_end_with_it(
    model_server: ModelServer, tmp_path: Path
) -> None:
    """They are not saved with it either."""
    store = MemorySessionStore()
    agent = Agent.create(agent_hcl(model_server))
    session = agent.session(tmp_path, session_store=store, session_id="s")
    other = agent.session(tmp_path)
    task_id = session.schedule_task("check the weather", 60)
    assert other.list_scheduled_tasks() == []
    assert not other.cancel_scheduled_task(task_id)
    (task,) = session.list_scheduled_tasks()
    assert 0 < task["next_fire_in_secs"] <= 60
    assert (task["prompt"], task["interval_secs"]) == ("check the weather", 60)
    assert (task["recurring"], task["fire_count"]) == (True, 0)
    session.save()
    session.close()
    assert session.list_scheduled_tasks() == []
    assert agent.resume_session("s", session_store=store).list_scheduled_tasks() == []
