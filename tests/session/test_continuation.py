"""What an answer that looks unfinished costs: one more call, which its traces tell of."""

from __future__ import annotations

import pytest

from a3s_code.loop.continuation import CONTINUE_PROMPT
from tests.model_server import ModelServer, says
from tests.session.callers import by_stream
from tests.session.conftest import NewSession


def test_the_request_to_go_on_is_a_turn_and_part_of_the_history(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("The result:"), says("42."))
    session = new_session()
    answer = by_stream(session, "go")
    assert answer.text == "42."
    assert answer.types().count("turn_start") == len(model_server.requests) == 2
    said = [message["content"][0]["text"] for message in session.history()]
    assert said == ["go", "The result:", CONTINUE_PROMPT, "42."]


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        ({}, 4),
        ({"max_continuation_turns": 1}, 2),
        ({"max_continuation_turns": 0}, 1),
        ({"continuation_enabled": False}, 1),
        ({"max_tool_rounds": 2}, 2),
    ],
)
def test_its_number_is_limited(
    model_server: ModelServer, new_session: NewSession, options: dict[str, object], calls: int
) -> None:
    model_server.answer_with(lambda _: says("The result:"))
    assert by_stream(new_session(**options), "go").text == "The result:"
    assert len(model_server.requests) == calls
