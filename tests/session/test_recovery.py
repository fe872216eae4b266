"""What a session does about mistakes of the model and answers that break off."""

from __future__ import annotations

import asyncio

import pytest

from a3s_code import PermissionPolicy, RetryConfig
from tests.model_server import ModelServer, calls, calls_raw, says, status, turn
from tests.session.callers import by_send, by_stream
from tests.session.conftest import NewSession


@pytest.mark.parametrize("raw", ['{"path": ', "[1, 2]", "ls ."])
def test_malformed_arguments_run_nothing_and_are_told(
    model_server: ModelServer, new_session: NewSession, kind: str, raw: str
) -> None:
    model_server.script(calls_raw("ls", raw), says("Sorry."))
    session = new_session(kind)
    answer = by_stream(session, "go")
    (end,) = (event for event in answer.events if event.event_type == "tool_end")
    assert end.exit_code == 1
    (call,) = session.history()[1]["content"]
    assert list(call["input"]) == ["__parse_error"]
    assert raw in call["input"]["__parse_error"]
    assert end.tool_output == f"Error: {call['input']['__parse_error']}"


def test_no_arguments_at_all_are_an_empty_object(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    model_server.script(calls_raw("ls", ""), says("Listed."))
    session = new_session(kind)
    session.send("go")
    assert session.history()[1]["content"][0]["input"] == {}
    assert session.history()[2]["content"][0]["is_error"] is False


def test_by_default_the_third_malformed_call_in_a_row_ends_the_turn(
    model_server: ModelServer, new_session: NewSession
) -> None:
    """A well-formed call in between starts the count again; count and limit are named."""
    bad = calls_raw("ls", "{oops")
    model_server.script(bad, bad, calls("ls"), bad, bad, bad, says("never asked"))
    answer = by_stream(new_session(), "go")
    assert answer.types()[-1] == "error"
    assert answer.error.startswith("Agent execution failed: 3 tool calls in a row")
    assert "the limit is 2" in answer.error
    assert len(model_server.requests) == 6


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (
            {},
            (
                "Tool 'bash' execution was rejected by user. Reason: not today. "
                "Do not retry this call; ask the user or choose another way."
            ),
        ),
        (
            {"default_timeout_ms": 20},
            "Tool 'bash' execution timed out waiting for confirmation (20ms). Execution rejected.",
        ),
    ],
    ids=["rejected", "timed out"],
)
def test_what_a_person_did_not_allow_is_told_and_the_loop_goes_on(
    model_server: ModelServer, new_session: NewSession, policy: dict[str, int], told: str
) -> None:
    model_server.script(calls("bash", id="c1", command="echo one"), says("I see."))
    session = new_session(permissive=None, confirmation_policy={"enabled": True, **policy})
    for event in session.stream("go"):
        if event.event_type == "confirmation_required" and not policy:
            session.confirm_tool_use("c1", False, "not today")
    assert (event.event_type, event.text) == ("end", "I see.")
    (result,) = session.history()[2]["content"]
    assert (result["content"], result["is_error"]) == (told, True)


def test_refused_and_malformed_and_unknown_calls_count(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(
        turn(calls("bash", id="c1", command="ls"), calls("nosuch", id="c2")),
        calls_raw("ls", "{oops"),
        says("Done."),
    )
    result = new_session(permission_policy=PermissionPolicy(deny=["bash"])).send("go")
    assert result.tool_calls_count == 3


def test_the_waits_of_the_circuit_breaker_double(
    model_server: ModelServer, new_session: NewSession
) -> None:
    """Three calls by default; the last failure is what is told, with their number."""
    model_server.answer_with(lambda body: says("").unfinished())
    answer = by_stream(new_session(retry_config={"max_retries": 0}), "go")
    waits = [event.delay_ms for event in answer.events if event.event_type == "retrying"]
    assert waits == [100, 200]
    assert "gave up after 3 calls" in answer.error
    assert len(model_server.requests) == 3


def test_the_retry_policy_may_be_an_object(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.answer_with(lambda body: status(503))
    session = new_session(retry_config=RetryConfig(max_retries=1, base_delay_ms=1))
    assert "503" in by_send(session, "go").error
    assert len(model_server.requests) == 2


def test_the_count_starts_again_after_a_success(
    model_server: ModelServer, new_session: NewSession
) -> None:
    broken = says("").unfinished()
    model_server.script(broken, calls("ls"), broken, says("Done."))
    assert by_send(new_session(circuit_breaker_threshold=2), "go").text == "Done."


def test_after_its_last_event_a_stream_stays_at_its_end(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("One."), says("Two."))
    session = new_session()
    stream = session.stream("hi")
    assert list(stream)[-1].event_type == "end"
    for _ in range(2):
        with pytest.raises(StopIteration):
            next(stream)

    async def beyond_the_end() -> None:
        later = session.stream("hi")
        assert [event.event_type async for event in later][-1] == "end"
        for _ in range(2):
            with pytest.raises(StopAsyncIteration):
                await anext(later)

    asyncio.run(beyond_the_end())
