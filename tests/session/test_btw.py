"""Side questions: what is sent, what comes back, and what goes wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from a3s_code import BtwFailed, InvalidArgument
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, says, status, wait
from tests.session.conftest import NewSession


def test_the_conversation_is_read_under_a_system_prompt_of_its_own(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("One.").using(10, 5), says("Because.").using(3, 2))
    session = new_session(role="You are Ada.")
    session.send("hi")
    answer = session.btw(" why? ")
    assert (answer.question, answer.answer) == ("why?", "Because.")
    counted = (answer.prompt_tokens, answer.completion_tokens, answer.total_tokens)
    assert counted == (3, 2, 5)
    assert session.usage.total_tokens == 20
    request = model_server.requests[1]
    system, *messages = request["messages"]
    assert "Ada" not in system["content"]
    assert len(system["content"]) < 1000
    assert [(m["role"], m["content"]) for m in messages] == [
        ("user", "hi"),
        ("assistant", "One."),
        ("user", "why?"),
    ]
    assert "tools" not in request


def test_an_empty_question_is_refused(model_server: ModelServer, new_session: NewSession) -> None:
    with pytest.raises(InvalidArgument, match="question"):
        new_session().btw(" \n")
    assert model_server.requests == []


def test_a_failure_is_a_runtime_error(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(status(401))
    with pytest.raises(RuntimeError, match=r"^btw query failed: .*401") as caught:
        new_session().btw("why?")
    assert isinstance(caught.value, BtwFailed)


def test_requests_are_repeated_but_answers_that_broke_off_are_not(
    model_server: ModelServer, new_session: NewSession
) -> None:
    """HTTP retry applies, the circuit breaker does not."""
    model_server.script(status(503), says("Because."))
    session = new_session()
    assert session.btw("why?").answer == "Because."
    model_server.script(says("Half an answer").unfinished(), says("never asked"))
    with pytest.raises(BtwFailed):
        session.btw("why?")
    assert len(model_server.requests) == 3


def test_cancel_is_about_the_prompt_that_runs_beside(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("Half ", wait(), "never"), says("Be", wait(), "cause."))
    session = new_session()
    stream = session.stream("go")
    assert model_server.waiting.wait(DEADLINE_S)
    asked = ThreadPoolExecutor(1).submit(session.btw, "why?")
    model_server.wait_for_requests(2)
    assert session.cancel()
    assert list(stream)[-1].cancelled
    assert model_server.disconnected.wait(DEADLINE_S)
    model_server.release()
    assert asked.result(DEADLINE_S).answer == "Because."


def test_no_event_tells_of_it(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("One ", wait(), "two"), says("Because."))
    session = new_session()
    stream = session.stream("go")
    assert model_server.waiting.wait(DEADLINE_S)
    assert session.btw("why?").answer == "Because."
    model_server.release()
    seen = [event.event_type for event in stream]
    assert seen == ["start", "turn_start", "text_delta", "text_delta", "turn_end", "end"]
