"""What a session is told is part of the next request, and asks for no answer by itself."""

from __future__ import annotations

import pytest

from a3s_code import InvalidArgument, SessionBusy, SessionClosed
from tests.model_server import ModelServer, says, wait
from tests.session.conftest import NewSession


def test_what_was_told_is_read_with_the_next_prompt(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    model_server.script(says("Yes."))
    session = new_session(kind)

    session.tell("The build is broken.")
    assert model_server.requests == []
    session.send("Do you know?")

    sent = str(model_server.requests[0]["messages"])
    assert sent.index("The build is broken.") < sent.index("Do you know?")
    assert [message["role"] for message in session.history()] == ["user", "user", "assistant"]


def test_the_conversation_stays_as_it_was_when_nothing_can_be_told(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session()
    with pytest.raises(InvalidArgument, match="empty"):
        session.tell("  ")

    model_server.script(says("partial", wait()))
    stream = session.stream("hi")
    assert next(event for event in stream if event.event_type == "text_delta")
    with pytest.raises(SessionBusy):
        session.tell("too early")
    session.cancel()
    for _event in stream:
        pass
    assert "too early" not in str(session.history())

    session.close()
    with pytest.raises(SessionClosed):
        session.tell("too late")
