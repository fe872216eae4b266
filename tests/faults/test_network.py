"""Servers that are not there, leave, fall silent or say something else."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from a3s_code import Agent, Session
from tests.deadlines import DEADLINE_S, longer_and_longer
from tests.faults.conftest import answers_again, seen
from tests.faults.raw_server import (
    Act,
    answers,
    hangs_up,
    raw_server,
    resets,
    resets_within,
    says_nonsense,
)
from tests.model_server import (
    ModelServer,
    Reply,
    agent_hcl,
    calls,
    error_in_stream,
    garbage,
    html,
    says,
    turn,
    wait,
)
from tests.ports import kept_port
from tests.session.callers import Answer, Caller, by_send, by_stream
from tests.session.conftest import NewSession


def session_at(url: str, kind: str, folder: Path) -> Session:
    """A session whose server is at this address; it retries without delay."""
    agent = Agent.create(agent_hcl(url, kind))
    return agent.session(folder, permissive=True, retry_config={"base_delay_ms": 1})


# -- before anything of the answer came ------------------------------------------------------------


@pytest.mark.parametrize("ask", [by_send, by_stream])
def test_connection_refused(tmp_path: Path, kind: str, ask: Caller) -> None:
    """User: each wait is announced, then one line with the address and "connection refused".

    Kept: the conversation as it was. Once the server runs, the same session goes on.
    """
    keeper = kept_port()
    port = keeper.getsockname()[1]
    with session_at(f"http://127.0.0.1:{port}", kind, tmp_path) as session:
        answer = ask(session, "hi")
        assert answer.error_type == "ModelUnreachable"
        assert (
            f"connection refused; is the server running? (http://127.0.0.1:{port}" in answer.error
        )
        assert "gave up after 4 attempts" in answer.error
        assert session.history() == []
        keeper.close()
        with ModelServer(port) as server:
            answers_again(session, server)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (hangs_up, "the server closed the connection too early"),
        (resets, "the connection broke off"),
        (says_nonsense, "the server closed the connection too early"),
    ],
    ids=["hangs up", "resets", "no HTTP"],
)
def test_a_connection_that_brings_no_answer(tmp_path: Path, kind: str, act: Act, said: str) -> None:
    """User: three announced retries, then one line; or nothing at all when a retry helps."""
    helped = answers(says("Here."), kind)
    with (
        raw_server(act, helped, act, act, act, act, helped) as url,
        session_at(url, kind, tmp_path) as session,
    ):
        answer = by_stream(session, "hi")
        assert (answer.text, answer.types().count("retrying")) == ("Here.", 1)
        answer = by_stream(session, "and?")
        assert answer.error_type == "ModelUnreachable"
        assert said in answer.error
        assert len(session.history()) == 2
        assert by_stream(session, "and now?").text == "Here."


@pytest.mark.parametrize("kind", ["openai"])
def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, kind: str) -> None:
    """User: "no secure connection" at once; asking again cannot help, and nothing was sent."""
    asked: list[bytes] = []
    with (
        raw_server(lambda connection: asked.append(connection.recv(1)), tls=True) as url,
        session_at(url, kind, tmp_path) as session,
    ):
        answer = by_stream(session, "hi")
        assert answer.error_type == "ModelUnreachable"
        assert "no secure connection: " in answer.error
        assert "retrying" not in answer.types()
        assert asked == []
        assert session.history() == []


def test_a_server_that_speaks_no_tls(model_server: ModelServer, tmp_path: Path) -> None:
    """User: "no secure connection", after the retries: this may be a proxy that is starting."""
    url = model_server.url.replace("http://", "https://")
    with session_at(url, "openai", tmp_path) as session:
        answer = by_stream(session, "hi")
        assert "no secure connection: " in answer.error
        assert model_server.requests == []


@pytest.mark.parametrize("ask", [by_send, by_stream])
def test_a_slow_first_byte(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    """User: waits; the answer comes whole. (The limit is 300 s of silence.)"""
    model_server.script(says("Late, but here.").slow_first_byte())
    session = new_session(kind)
    waiter = threading.Thread(
        target=lambda: (model_server.waiting.wait(DEADLINE_S), model_server.release())
    )
    waiter.start()
    assert ask(session, "hi").text == "Late, but here."
    waiter.join()
    answers_again(session, model_server, knows="Late, but here.")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (html(), "web page titled 'Sign in'"),
        (html().gzip(), "web page titled 'Sign in'"),
        (garbage(), ""),
        (garbage(b"\x00\xff\xfe" * 100), ""),
        (garbage(b"data: \xc3\x28\n\n"), ""),
        (Reply(body=b""), ""),
        (Reply(body=b"<html>").gzip().cut_after(5), ""),
    ],
    ids=["HTML", "HTML packed", "broken JSON", "binary", "no UTF-8", "empty", "cut gzip"],
)
def test_a_body_that_is_no_answer(
    model_server: ModelServer, new_session: NewSession, kind: str, reply: Reply, said: str
) -> None:
    """User: one line that says so, never an empty success; an HTML page is named by its title."""
    model_server.answer_with(lambda _: reply)
    session = new_session(kind)
    answer = by_stream(session, "hi")
    assert answer.error_type == "StreamInterrupted"
    assert said in answer.error
    assert model_server.url in answer.error
    assert "\n" not in answer.error
    assert session.history() == []
    answers_again(session, model_server)


# -- in the middle of the answer -------------------------------------------------------------------


def stays_partial(session: Session, answer: Answer, error_type: str, kept: str) -> None:
    """The text that was seen is on the error, and no half answer pretends to be a whole one."""
    assert answer.error_type == error_type
    assert answer.text == seen(answer) == kept
    assert not session.busy


def test_a_reset_within_the_answer(tmp_path: Path, kind: str) -> None:
    """User: the text so far stays on screen, then "the connection broke off"; no second answer.

    Kept: the text on the error; the conversation as it was before this prompt.
    """
    read = threading.Event()
    with (
        raw_server(resets_within("Half an ", kind, read), answers(says("Here."), kind)) as url,
        session_at(url, kind, tmp_path) as session,
    ):
        events = []
        for event in session.stream("hi"):
            events.append(event)
            if event.event_type == "text_delta":
                read.set()
        assert [event.event_type for event in events][-2:] == ["text_delta", "error"]
        assert events[-1].text == "Half an "
        assert "the connection broke off" in events[-1].error
        assert session.history() == []
        assert by_stream(session, "again").text == "Here."


@pytest.mark.parametrize("rounds", [0, 1])
def test_an_error_inside_the_stream(
    model_server: ModelServer, new_session: NewSession, kind: str, rounds: int
) -> None:
    """User: the text so far, then the server's own words.

    Kept: the text on the error, and every round of tools that was complete.
    """
    model_server.script(*[calls("ls", id="c1")] * rounds)
    model_server.script(error_in_stream("out of memory", after="Half an answer"))
    session = new_session(kind)
    answer = by_stream(session, "hi")
    stays_partial(session, answer, "ModelRefused", "Half an answer")
    assert "out of memory" in answer.error
    assert len(session.history()) == 3 * rounds
    answers_again(session, model_server)


def test_a_server_that_falls_silent(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    """User: presses Cancel; the text so far is the answer, and the model is told of it later."""
    model_server.script(says("Half an ", wait(), "answer"))
    session = new_session(kind)
    events = []
    for event in session.stream("hi"):
        events.append(event)
        if event.event_type == "text_delta":
            session.cancel()
    assert events[-1].event_type == "end"
    assert (events[-1].cancelled, events[-1].text) == (True, "Half an ")
    assert model_server.disconnected.wait(DEADLINE_S)
    answers_again(session, model_server, knows="Half an ")


def test_silence_is_bounded_by_the_time_of_an_execution(
    model_server: ModelServer, new_session: NewSession
) -> None:
    """User: with `max_execution_time_ms` the turn ends of its own accord, with the text so far."""
    model_server.answer_with(lambda _: says("Half an ", wait(), "answer"))
    for limit_ms in longer_and_longer(500):
        session = new_session(max_execution_time_ms=limit_ms)
        answer = by_stream(session, "hi")
        if answer.text:
            break
    assert (answer.cancelled, answer.text) == (True, "Half an ")
    answers_again(session, model_server, knows="Half an ")


# -- deliveries that only look like faults ---------------------------------------------------------

ODD = "Grüße an 🎉 und ∑, zweimal: 🎉🎉."


@pytest.mark.parametrize(
    "reply",
    [
        says(ODD, size=1).one_byte_chunks(),
        says(ODD, size=3).gzip(),
        says(ODD).packed(),
        says(ODD).not_streamed(),
    ],
    ids=["split inside of characters", "gzip", "packed", "one document"],
)
def test_the_answer_is_the_same_however_it_comes(
    model_server: ModelServer, new_session: NewSession, kind: str, reply: Reply
) -> None:
    """User: sees nothing of it."""
    model_server.script(reply)
    session = new_session(kind)
    assert by_stream(session, "hi").text == ODD
    answers_again(session, model_server, knows="und ")


def test_a_tool_call_that_is_cut_is_not_run(
    model_server: ModelServer, new_session: NewSession, kind: str, tmp_path: Path
) -> None:
    """User: an error; half a command is never executed."""
    whole = turn(says("I write."), calls("write", file_path="a.txt", content="x" * 5000))
    model_server.script(whole.cut_after(4000))
    session = new_session(kind)
    answer = by_stream(session, "go")
    stays_partial(session, answer, "StreamInterrupted", "I write.")
    assert list(tmp_path.iterdir()) == []
    answers_again(session, model_server)
