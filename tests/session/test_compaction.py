"""Shortening of long conversations, in a session."""

from __future__ import annotations

import pytest

from a3s_code import Session
from tests.model_server import ModelServer, calls, says, status
from tests.session.callers import by_send, by_stream
from tests.session.conftest import NewSession


def filled(session: Session, model_server: ModelServer, turns: int) -> None:
    """Hold a conversation of so many turns that stays below the threshold."""
    for number in range(turns):
        model_server.script(says(f"Answer {number}.").using(10, 1))
        session.send(f"Question {number}")


def compacting(new_session: NewSession, **options: object) -> Session:
    """A session that shortens itself; its model's window is 128,000 tokens."""
    return new_session(auto_compact=True, **options)


def test_a_full_window_is_summarised_after_the_turn(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = compacting(new_session)
    filled(session, model_server, 20)
    model_server.script(says("Full.").using(110_000, 5), says("A summary.").using(50, 9))
    answer = by_stream(session, "one more")
    types = answer.types("text_delta")
    assert types[-4:] == ["context_warning", "context_compacting", "context_compacted", "end"]
    report = answer.events[-2]
    assert (report.messages_before, report.messages_after) == (42, 23)
    assert (report.before_messages, report.after_messages) == (42, 23)
    assert report.percent_before == pytest.approx(110_000 / 128_000)
    assert report.session_id == session.session_id
    assert report.tokens_saved > 0
    history = session.history()
    assert len(history) == 23
    assert history[2]["content"][0]["text"].endswith("\n\nA summary.")
    assert answer.total_tokens == 110_005 + 59
    assert "tools" not in model_server.requests[-1]


def test_the_conversation_goes_on_shortened_within_one_execution(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = compacting(new_session)
    filled(session, model_server, 20)
    model_server.script(
        calls("ls", id="c1").using(120_000, 5), says("A summary."), says("Done.").using(900, 5)
    )
    assert by_send(session, "list").text == "Done."
    sent = model_server.requests[-1]["messages"]
    assert len(sent) == 1 + 2 + 1 + 20
    assert "A summary." in str(sent[3])


@pytest.mark.parametrize("used", [100_000, 102_399])
def test_below_the_threshold_nothing_happens(
    model_server: ModelServer, new_session: NewSession, used: int
) -> None:
    session = compacting(new_session)
    filled(session, model_server, 20)
    model_server.script(says("Fits.").using(used, 5))
    assert "context_compacted" not in by_stream(session, "one more").types()


def test_the_threshold_is_an_option_with_an_alias(
    model_server: ModelServer, new_session: NewSession
) -> None:
    for option in ("auto_compact_threshold", "context_threshold"):
        session = compacting(new_session, **{option: 0.01})
        model_server.script(says("Short.").using(2_000, 5))
        assert "context_warning" in by_stream(session, "hi").types()


def test_it_is_off_by_default(model_server: ModelServer, new_session: NewSession) -> None:
    session = new_session()
    model_server.script(says("Full.").using(127_000, 5))
    assert "context_warning" not in by_stream(session, "hi").types()


def test_a_failing_summary_loses_nothing(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = compacting(new_session)
    filled(session, model_server, 20)
    model_server.script(says("Full.").using(110_000, 5), status(400))
    answer = by_stream(session, "one more")
    assert answer.text == "Full."
    assert len(session.history()) == 42


@pytest.mark.parametrize(("used", "full"), [(159_999, False), (160_000, True)])
def test_a_model_of_unknown_size_has_room_for_200000_tokens(
    model_server: ModelServer, new_session: NewSession, used: int, full: bool
) -> None:
    no_limit = 'headers = {}\n }\n models { id = "other"'
    session = compacting(new_session, model_lines=no_limit)
    model_server.script(says("Long.").using(used, 5))
    warnings = [e for e in by_stream(session, "hi").events if e.event_type == "context_warning"]
    assert [warning.max_tokens for warning in warnings] == ([200_000] if full else [])
