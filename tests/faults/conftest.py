"""Sessions as in the session tests, and the question that follows every fault."""

from __future__ import annotations

from a3s_code import Session, TextDelta
from tests.magics.conftest import start_kernel, workspace
from tests.model_server import ModelServer, says
from tests.session.callers import Answer, by_stream
from tests.session.conftest import kind, new_session

__all__ = ["answers_again", "kind", "new_session", "seen", "start_kernel", "workspace"]


def seen(answer: Answer) -> str:
    """The text that a reader of the stream had before its end."""
    return "".join(event.text for event in answer.events if isinstance(event, TextDelta))


def answers_again(session: Session, server: ModelServer, *, knows: str = "") -> None:
    """The session takes another prompt; the model is told `knows`, if anything, from before."""
    server.script(says("Here again."))
    answer = by_stream(session, "and now?")
    assert (answer.text, answer.error, session.busy) == ("Here again.", "", False)
    assert knows in str(server.requests[-1]["messages"])
    assert session.history()[-1]["content"] == [{"type": "text", "text": "Here again."}]
