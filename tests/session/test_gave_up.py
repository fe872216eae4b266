"""A failure says once how often was tried."""

from __future__ import annotations

import pytest

from a3s_code import ModelRefused
from tests.model_server import ModelServer, garbage, says, status
from tests.session.conftest import NewSession


def test_attempts_are_named_once(model_server: ModelServer, new_session: NewSession) -> None:
    """An answer broke off, and repeating it met a server that refuses: two layers gave up."""
    model_server.script(says("so far").cut_after(0), *[status(503)] * 3)
    session = new_session(retry_config={"base_delay_ms": 1, "max_retries": 2})
    with pytest.raises(ModelRefused) as caught:
        session.send("hello")
    assert caught.value.problem.startswith("gave up after 3 attempts: the model's server answered")
    assert str(caught.value).count("gave up after") == 1


def test_control_characters_of_a_server_are_spelled_out(
    model_server: ModelServer, new_session: NewSession
) -> None:
    body = '{"error": {"message": "no\\u001b[2J\\u0007\\u202eway"}}'
    model_server.script(status(400, body=body), garbage(b"data: {\x1b[31moops\n\n"))
    session = new_session(retry_config={"max_retries": 0}, circuit_breaker_threshold=1)
    for expected in ("no\\x1b[2J\\x07\\u202eway", ""):
        *_, last = session.stream("hello")
        assert last.event_type == "error"
        assert expected in last.error
        assert not any(sign in last.error for sign in "\x1b\x07\u202e")
