"""Redaction in a session: nothing sensitive comes out, however it is cut."""

from __future__ import annotations

from pathlib import Path

from a3s_code import DefaultSecurityProvider
from tests.model_server import ModelServer, calls, error_in_stream, says
from tests.session.callers import Caller, by_send, by_stream
from tests.session.conftest import NewSession

SECRET = "ana@example.org"


def test_text_is_redacted_in_deltas_result_and_history(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    model_server.script(says(f"Write to {SECRET} today.", size=3))
    session = new_session(kind, security_provider=DefaultSecurityProvider())
    answer = ask(session, "whom?")
    assert answer.text == "Write to [REDACTED:EMAIL] today."
    assert SECRET not in str(session.history())
    deltas = "".join(event.text for event in answer.events if event.event_type == "text_delta")
    assert deltas == (answer.text if answer.events else "")


def test_tool_output_is_redacted_before_the_model_sees_it(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(SECRET, encoding="utf-8")
    model_server.script(calls("bash", command="cat a.txt"), says("Read."))
    answer = by_stream(new_session(default_security=True), "read it")
    assert SECRET not in str([event.to_dict() for event in answer.events])
    assert SECRET not in str(model_server.requests[1])
    outputs = [event.text for event in answer.events if event.event_type == "tool_output_delta"]
    assert "".join(outputs) == "[REDACTED:EMAIL]"


def test_a_partial_answer_is_redacted_too(
    model_server: ModelServer, new_session: NewSession, ask: Caller
) -> None:
    model_server.script(error_in_stream(after=f"Write to {SECRET}"))
    answer = ask(new_session(default_security=True), "whom?")
    assert answer.text == "Write to [REDACTED:EMAIL]"


def test_what_the_user_types_is_sent_as_it_is(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("ok"))
    provider = DefaultSecurityProvider()
    session = new_session(security_provider=provider)
    by_send(session, f"I am {SECRET}")
    assert SECRET in str(model_server.requests[0])
    assert [name.partition(":")[0] for name in provider.tainted] == ["email"]
    session.close()
    assert not provider.tainted


def test_without_a_provider_nothing_changes(
    model_server: ModelServer, new_session: NewSession, ask: Caller
) -> None:
    model_server.script(says(f"Write to {SECRET}"))
    assert ask(new_session(), "whom?").text == f"Write to {SECRET}"


def test_a_provider_that_fails_shows_nothing(
    model_server: ModelServer, new_session: NewSession, ask: Caller
) -> None:
    class Broken:
        def sanitize_output(self, text: str) -> str:
            raise RuntimeError("broken provider")

    model_server.script(says(f"Write to {SECRET}"))
    answer = ask(new_session(security_provider=Broken()), "whom?")
    assert answer.error_type == "ExecutionError"
    assert SECRET not in answer.text + answer.error
