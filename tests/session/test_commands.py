"""Slash commands and scheduled prompts in a session."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from a3s_code import (
    FileSessionStore,
    InvalidArgument,
    MemorySessionStore,
    ScheduleFull,
    SessionBusy,
    TokenUsage,
)
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, says, wait
from tests.session.callers import Caller, by_send, by_stream
from tests.session.conftest import NewSession

PRICED = "cost { input = 1000 }"


def test_a_command_answers_without_the_model_and_leaves_no_turn(
    model_server: ModelServer, new_session: NewSession, ask: Caller
) -> None:
    session = new_session()
    answer = ask(session, "  /help")
    assert "/model" in answer.text
    assert answer.total_tokens == 0
    assert session.history() == []
    assert model_server.requests == []
    if answer.events:
        assert answer.types() == ["text_delta", "end"]


def test_the_result_of_a_command_has_the_conversation_and_no_figures(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("One."))
    session = new_session()
    session.send("hi")
    result = session.send("/history")
    assert result.text.startswith("Messages: 2 (1 turn)")
    assert (result.tool_calls_count, result.usage) == (0, TokenUsage())
    assert result.messages == session.history()
    assert len(result.messages) == 2


def test_totals_count_every_kind_of_call(
    model_server: ModelServer, new_session: NewSession
) -> None:
    """Prompts, streams and side questions; scheduled prompts are in `test_scheduled.py`."""
    model_server.answer_with(lambda body: says("ok").using(10, 5))
    session = new_session(model_lines="cost {\n input = 1000\n output = 2000\n}")
    session.send("one")
    list(session.stream("two"))
    session.btw("three?")
    assert session.send("/cost").text.splitlines() == [
        f"Session: {session.session_id[:8]}",
        "Model: openai/m",
        "Tokens: 45 (30 prompt, 15 completion)",
        "Cost: $0.0600",
    ]
    assert session.send("/history").text.splitlines() == [
        "Messages: 4 (2 turns)",
        "Tokens: 45",
        f"Session: {session.session_id[:8]}",
    ]


def test_an_unknown_command_is_an_answer_that_names_it(
    new_session: NewSession, ask: Caller
) -> None:
    answer = ask(new_session(), "/nosuch thing")
    assert "nosuch" in answer.text
    assert "/help" in answer.text


def test_attachment_calls_look_for_no_command(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("A prompt."), says("A prompt."))
    session = new_session()
    assert session.send_with_attachments("/help", []).text == "A prompt."
    assert list(session.stream_with_attachments("/help", []))[-1].text == "A prompt."


def test_model_switches_and_a_wrong_name_changes_nothing(
    model_server: ModelServer, new_session: NewSession
) -> None:
    other = 'headers = {}\n }\n models { id = "other"'
    session = new_session(model_lines=other)
    assert "openai/m" in session.send("/model").text
    assert "nope" in session.send("/model openai/nope").text
    assert session.model == "openai/m"
    session.send("/model openai/other")
    model_server.script(says("ok"))
    session.send("hi")
    assert model_server.requests[0]["model"] == "other"


def test_clear_empties_the_conversation_and_totals_stay(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("One.").using(10, 5))
    session = new_session(model_lines=PRICED)
    session.send("hi")
    assert "$0.0100" in session.send("/cost").text
    assert "2" in session.send("/clear").text
    assert session.history() == []
    assert "15" in session.send("/cost").text
    assert session.usage.total_tokens == 15
    assert [record["total_tokens"] for record in session.cost_records()] == [15]


def test_compact_shortens_now(model_server: ModelServer, new_session: NewSession) -> None:
    session = new_session()
    for number in range(20):
        model_server.script(says(f"Answer {number}."))
        session.send("go on")
    model_server.script(says("The summary.").using(7, 3))
    result = session.send("/compact")
    assert result.total_tokens == 10
    assert len(session.history()) == 23
    assert "nothing" in session.send("/compact").text.lower()


def test_clear_waits_for_a_running_prompt(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("One ", wait(), "two"))
    session = new_session()
    stream = session.stream("go")
    assert model_server.waiting.wait(DEADLINE_S)
    assert "Command error" in session.send("/clear").text
    with pytest.raises(SessionBusy):
        session.clear()
    model_server.release()
    assert list(stream)[-1].text == "One two"


def test_btw_as_a_command(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("Because.").using(3, 2))
    session = new_session()
    answer = by_stream(session, "/btw why?")
    assert answer.types() == ["btw_answer", "end"]
    assert (answer.text, answer.total_tokens) == ("Because.", 5)
    assert session.history() == []


def test_own_commands_may_use_the_session(
    model_server: ModelServer, new_session: NewSession, ask: Caller
) -> None:
    session = new_session()
    seen: list[dict[str, object]] = []

    def count(args: str, ctx: dict[str, object]) -> str:
        seen.append(ctx)
        model_server.script(says("Inner."))
        inner = session.send("from the handler").text
        return f"{args} {ctx['history_len']} {inner}"

    session.register_command("/count", "Messages so far", count)
    assert ask(session, "/count  a b ").text == "a b 0 Inner."
    assert set(seen[0]) == {
        "session_id",
        "model",
        "history_len",
        "workspace",
        "total_tokens",
        "total_cost",
        "tool_names",
        "mcp_servers",
    }
    names = [entry["name"] for entry in session.list_commands()]
    assert names == sorted(names)
    assert "count" in names


def test_a_failing_handler_is_an_answer(new_session: NewSession, ask: Caller) -> None:
    session = new_session()
    session.register_command("boom", "", lambda args, ctx: str(1 // 0))
    assert ask(session, "/boom").text.startswith("Command error:")


def test_a_due_prompt_is_sent_after_a_send(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.answer_with(lambda body: says("ok"))
    session = new_session()
    task_id = session.schedule_task("check the weather", 1)
    fired = threading.Event()
    deadline = DEADLINE_S
    while not fired.wait(0.1) and deadline > 0:
        session.send("hello")
        deadline -= 0.1
        if "check the weather" in str(session.history()):
            fired.set()
    assert fired.is_set()
    (task,) = session.list_scheduled_tasks()
    assert (task["id"], task["fire_count"]) == (task_id, 1)
    assert session.cancel_scheduled_task(task_id)
    assert not session.cancel_scheduled_task(task_id)


def test_loop_schedules_and_the_limit_holds(new_session: NewSession) -> None:
    session = new_session()
    text = session.send("/loop 30s check deployment status").text
    (task,) = session.list_scheduled_tasks()
    assert text == f'Scheduled [{task["id"]}]: "check deployment status" — fires every 30s'
    assert task["id"] in session.send("/cron-list").text
    assert session.send(f"/cron-cancel {task['id']}").text == f"Cancelled task [{task['id']}]"
    for _ in range(50):
        session.schedule_task("x", 60)
    with pytest.raises(ScheduleFull):
        session.schedule_task("x", 60)
    with pytest.raises(InvalidArgument):
        session.schedule_task(" ", 60)


def test_clear_is_saved(model_server: ModelServer, new_session: NewSession, tmp_path: Path) -> None:
    model_server.script(says("One."))
    store = FileSessionStore(str(tmp_path / "sessions"))
    session = new_session(session_store=store, auto_save=True)
    by_send(session, "hi")
    session.send("/clear")
    saved = store.load(session.session_id)
    assert saved is not None
    assert saved.messages == ()
    assert saved.total_usage.total_tokens == 15


def test_of_the_commands_only_those_that_change_the_history_save(
    model_server: ModelServer, new_session: NewSession
) -> None:
    store = MemorySessionStore()
    session = new_session(session_store=store, auto_save=True)
    session.send("/help")
    assert store.list() == []
    for number in range(20):
        model_server.script(says(f"Answer {number}."))
        session.send("go on")
    model_server.script(says("The summary."))
    session.send("/compact")
    saved = store.load(session.session_id)
    assert saved is not None
    assert len(saved.messages) == 23
