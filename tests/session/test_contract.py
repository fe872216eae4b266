"""What every way of sending a prompt has in common, through both protocols."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from a3s_code import InvalidArgument, Session, SessionBusy, SessionClosed
from tests.deadlines import DEADLINE_S
from tests.model_server import (
    ModelServer,
    calls,
    calls_raw,
    error_in_stream,
    html,
    says,
    status,
    turn,
    wait,
)
from tests.session.callers import Caller, by_send, by_stream
from tests.session.conftest import NewSession


def test_the_answer_arrives_whole(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    text = "ha ha ha\n\n    indented\n" * 5 + "é€𝄞"
    model_server.script(says(text, size=2).using(11, 7))
    session = new_session(kind)
    answer = ask(session, "hi")
    assert answer.text == text
    assert answer.total_tokens == 18
    assert [message["role"] for message in session.history()] == ["user", "assistant"]
    assert session.usage.total_tokens == 18


def test_tool_results_go_back_to_the_model(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("hi\n", encoding="utf-8")
    model_server.script(calls("read", id="c1", file_path="a.txt"), says("It says hi."))
    session = new_session(kind)
    assert ask(session, "what is in a.txt?").text == "It says hi."
    result = session.history()[2]["content"][0]
    assert result["tool_use_id"] == "c1"
    assert result["content"] == "     1\thi\n"
    assert "     1\\thi" in str(model_server.requests[1]["messages"][-1])


def test_events_come_in_the_documented_order(
    model_server: ModelServer, new_session: NewSession, kind: str, ask_stream: Caller
) -> None:
    model_server.script(turn(says("Looking."), calls("bash", command="echo one")), says("Done."))
    answer = ask_stream(new_session(kind), "go")
    repeated = {"tool_input_delta", "tool_output_delta"}
    types = [
        kind
        for number, kind in enumerate(answer.types())
        if not (kind in repeated and answer.types()[number - 1] == kind)
    ]
    assert types == [
        "start",
        "turn_start",
        "text_delta",
        "tool_start",
        "tool_input_delta",
        "tool_output_delta",
        "tool_end",
        "turn_end",
        "turn_start",
        "text_delta",
        "turn_end",
        "end",
    ]
    ids = {event.tool_id for event in answer.events if event.tool_id is not None}
    assert len(ids) == 1


def test_a_conversation_is_remembered(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    model_server.script(says("One."), says("Two."))
    session = new_session(kind)
    ask(session, "first")
    ask(session, "second")
    sent = [m["content"] for m in model_server.requests[1]["messages"] if m["role"] == "user"]
    assert str(sent[0]).count("first") == 1
    assert len(session.history()) == 4


@pytest.mark.parametrize("gone", ["first", "later"])
def test_a_failed_turn_keeps_completed_rounds_only(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller, gone: str
) -> None:
    session = new_session(kind)
    if gone == "later":
        model_server.script(calls("ls", id="c1"))
    model_server.script(error_in_stream("overloaded", after="Half an "))
    answer = ask(session, "go")
    assert answer.error_type == "ModelRefused"
    assert "overloaded" in answer.error
    assert answer.text.startswith("Half an")
    assert len(session.history()) == (0 if gone == "first" else 3)
    model_server.script(says("Fine."))
    assert ask(session, "again").text == "Fine."


def test_a_truncated_answer_is_an_error_that_keeps_the_text(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    model_server.script(*[says("All of this arrived").unfinished()] * 3)
    answer = ask(new_session(kind), "go")
    assert answer.error_type == "StreamInterrupted"
    assert answer.text == "All of this arrived"
    # What a consumer has seen is not asked for again; where nobody listens it may be repeated.
    assert len(model_server.requests) == (1 if answer.events else 3)
    assert ("gave up after 3 calls" in answer.error) == (not answer.events)


def test_a_refused_request_is_final_and_names_status_and_address(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    model_server.script(status(401, body='{"error": {"message": "bad key test-key"}}'))
    answer = ask(new_session(kind), "go")
    assert answer.error_type == "ModelRefused"
    assert "401" in answer.error
    assert model_server.url in answer.error
    assert "test-key" not in answer.error
    assert len(model_server.requests) == 1


def test_a_busy_server_is_asked_again(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    model_server.script(status(503), status(429, retry_after=0.01), says("At last."))
    answer = ask(new_session(kind), "go")
    assert answer.text == "At last."
    if answer.events:
        retries = [event for event in answer.events if event.event_type == "retrying"]
        assert [(event.attempt, event.status) for event in retries] == [(2, 503), (3, 429)]
        assert retries[1].delay_ms == 10


def cancel_when(session: Session, arrived: str) -> None:
    """Cancel once the text has arrived; `send` shows it to nobody, so this looks inside."""
    deadline = time.monotonic() + DEADLINE_S
    while (run := session._core.running) is None or run.partial_text() != arrived:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert session.cancel()


def test_cancel_keeps_what_has_arrived(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    model_server.script(says("Half of ", wait(), "the answer"))
    session = new_session(kind)

    canceller = threading.Thread(target=cancel_when, args=(session, "Half of "))
    canceller.start()
    answer = ask(session, "go")
    canceller.join()
    assert answer.cancelled
    assert answer.text == "Half of "
    assert session.history()[-1]["content"] == [{"type": "text", "text": "Half of "}]
    assert model_server.disconnected.wait(DEADLINE_S)
    assert not session.cancel()
    model_server.script(says("Go on."))
    assert ask(session, "and?").text == "Go on."
    assert "Half of " in str(model_server.requests[1]["messages"])


def test_a_call_whose_answer_broke_off_unseen_is_repeated(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    model_server.script(says("").unfinished(), says("Whole."))
    assert ask(new_session(kind), "go").text == "Whole."


@pytest.mark.parametrize("threshold", [1, 2])
def test_the_circuit_breaker_limits_the_calls(
    model_server: ModelServer, new_session: NewSession, threshold: int
) -> None:
    model_server.script(*[says("").unfinished()] * 3)
    session = new_session(circuit_breaker_threshold=threshold, retry_config={"max_retries": 0})
    assert "broke off" in by_send(session, "go").error
    assert len(model_server.requests) == threshold


@pytest.mark.parametrize("max_retries", [0, 1, 3])
def test_failed_requests_are_repeated_as_often_as_retry_config_says(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller, max_retries: int
) -> None:
    model_server.answer_with(lambda _: status(500))
    session = new_session(kind, retry_config={"max_retries": max_retries, "base_delay_ms": 1})
    assert "500" in ask(session, "go").error
    assert len(model_server.requests) == 1 + max_retries
    told = by_stream(session, "again").events
    attempts = [event.attempt for event in told if event.event_type == "retrying"]
    assert attempts == list(range(2, max_retries + 2))


def test_a_web_page_is_asked_for_once(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    """The address is wrong, or a sign-in stands before it: asking again cannot help."""
    model_server.answer_with(lambda _: html())
    answer = ask(new_session(kind), "go")
    assert "web page titled 'Sign in'" in answer.error
    assert not any(event.event_type == "retrying" for event in answer.events)
    assert len(model_server.requests) == 1


def test_cancel_ends_a_running_command(
    model_server: ModelServer, new_session: NewSession, ask_stream: Caller, tmp_path: Path
) -> None:
    command = "echo started; touch started; sleep 60; touch survived"
    model_server.script(calls("bash", id="c1", command=command))
    session = new_session()
    stop = threading.Event()

    def cancel_once_started() -> None:
        while not (tmp_path / "started").exists():
            assert not stop.wait(0.01)
        session.cancel()

    canceller = threading.Thread(target=cancel_once_started)
    canceller.start()
    answer = ask_stream(session, "go")
    stop.set()
    canceller.join()
    assert answer.cancelled
    ends = [event for event in answer.events if event.event_type == "tool_end"]
    assert [(end.tool_id, end.exit_code) for end in ends] == [("c1", 1)]
    result = session.history()[-1]["content"][0]
    assert (result["tool_use_id"], result["is_error"]) == ("c1", True)
    assert not (tmp_path / "survived").exists()


def test_a_call_cut_off_by_cancel_is_closed_and_not_kept(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    model_server.script(turn(says("Look."), calls("ls", id="c1"), says(wait())))
    session = new_session(kind)
    stream = session.stream("go")
    events = []
    for event in stream:
        events.append(event)
        if event.event_type == "tool_start":
            session.cancel()
    ends = [event.tool_id for event in events if event.event_type == "tool_end"]
    assert ends == ["c1"]
    assert events[-1].event_type == "end"
    assert events[-1].cancelled
    assert all(
        block["type"] == "text" for message in session.history() for block in message["content"]
    )


def test_malformed_arguments_are_fed_back(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    model_server.script(calls_raw("ls", '{"path": '), says("Sorry."))
    session = new_session(kind)
    answer = ask(session, "go")
    assert answer.text == "Sorry."
    result = session.history()[2]["content"][0]
    assert result["is_error"] is True
    assert result["content"].startswith("Error: ")
    ends = [event.exit_code for event in answer.events if event.event_type == "tool_end"]
    assert ends == ([1] if answer.events else [])


def test_a_second_prompt_is_refused_at_once(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("One ", wait(), "two"))
    session = new_session()
    stream = session.stream("go")
    assert model_server.waiting.wait(DEADLINE_S)
    with pytest.raises(SessionBusy):
        session.send("me too")
    with pytest.raises(SessionBusy):
        session.stream("me too")
    model_server.release()
    assert list(stream)[-1].text == "One two"
    model_server.script(says("Free again."))
    assert session.send("now").text == "Free again."


def test_side_questions_work_while_a_prompt_runs_and_leave_no_trace(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("One ", wait(), "two"))
    session = new_session()
    stream = session.stream("go")
    assert model_server.waiting.wait(DEADLINE_S)
    model_server.script(says("Because.").using(3, 2))
    answer = session.btw("  why? ")
    assert (answer.question, str(answer), answer.total_tokens) == ("why?", "Because.", 5)
    model_server.release()
    assert list(stream)[-1].text == "One two"
    assert "why?" not in str(session.history())
    assert "tools" not in model_server.requests[1]


def test_side_questions_tell_tool_calls_as_text(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    model_server.script(calls("ls", id="c1"), says("Listed."), says("Nothing."))
    session = new_session(kind)
    session.send("list")
    assert session.btw("what was there?").answer == "Nothing."
    sent = str(model_server.requests[2]["messages"])
    assert "[calls ls {}]" in sent
    assert not {"tool_use", "tool_result", "tool_calls", "tool_call_id"} & set(sent.split("'"))


def test_a_model_without_tools_is_not_asked_to_go_on(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("Let me think about it:"))
    session = new_session(model_lines="tool_call = false")
    assert session.send("hi").text == "Let me think about it:"
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_a_blank_prompt_is_refused_before_anything_is_sent(
    model_server: ModelServer, new_session: NewSession, prompt: str
) -> None:
    session = new_session()
    for call in (session.send, session.stream):
        with pytest.raises(InvalidArgument, match="prompt is empty"):
            call(prompt)
    assert model_server.requests == []
    assert session.history() == []


def test_an_explicit_history_is_used_and_the_own_one_is_not_touched(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("Own."), says("Other."), says("Own again."))
    session = new_session()
    session.send("mine")
    result = session.send("theirs", history=[{"role": "user", "content": "once"}])
    assert len(result.messages) == 3
    assert len(session.history()) == 2
    assert "mine" not in str(model_server.requests[1]["messages"])


def test_leaving_a_stream_early_cancels(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("word ").endless())
    session = new_session()
    for event in session.stream("go"):
        if event.event_type == "text_delta":
            break
    assert model_server.disconnected.wait(DEADLINE_S)


def test_the_round_limit_returns_what_there_is(
    model_server: ModelServer, new_session: NewSession, ask: Caller
) -> None:
    model_server.script(turn(says("Still looking."), calls("ls")), says("never asked"))
    answer = ask(new_session(max_tool_rounds=1), "go")
    assert answer.text.strip() == "Still looking."
    assert not answer.error
    assert len(model_server.requests) == 1


def test_read_only_neighbours_run_together_and_answer_in_order(
    model_server: ModelServer, new_session: NewSession
) -> None:
    meeting = threading.Barrier(3, timeout=DEADLINE_S)
    order: list[str] = []

    def look(name: str) -> str:
        """Look at something."""
        meeting.wait()
        order.append(name)
        return f"seen {name}"

    model_server.script(
        turn(*(calls("look", id=name, name=name) for name in "abc")), says("All seen.")
    )
    session = new_session()
    session.register_tool(look, read_only=True)
    answer = by_stream(session, "go")
    ends = [event for event in answer.events if event.event_type == "tool_end"]
    assert [event.tool_id for event in ends] == ["a", "b", "c"]
    assert sorted(order) == ["a", "b", "c"]


def test_tools_that_change_something_run_one_after_the_other(
    model_server: ModelServer, new_session: NewSession
) -> None:
    running = threading.Semaphore(1)

    def change(name: str) -> str:
        """Change something."""
        assert running.acquire(blocking=False), "two changes at once"
        running.release()
        return name

    model_server.script(turn(calls("change", name="a"), calls("change", name="b")), says("Ok."))
    session = new_session()
    session.register_tool(change)
    by_send(session, "go")
    results = [message["content"][0] for message in session.history()[2:4]]
    assert [(result["content"], result["is_error"]) for result in results] == [
        ("a", False),
        ("b", False),
    ]


def test_closing_cancels_what_runs(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    model_server.script(says("Half of ", wait(), "it"))
    session = new_session(kind)
    for event in session.stream("go"):
        if event.event_type == "text_delta":
            session.close()
            assert model_server.disconnected.wait(DEADLINE_S)
    assert (event.event_type, event.cancelled, event.text) == ("end", True, "Half of ")


def test_a_closed_session_refuses_prompts(new_session: NewSession) -> None:
    session = new_session()
    session.close()
    with pytest.raises(SessionClosed):
        session.send("hello")
