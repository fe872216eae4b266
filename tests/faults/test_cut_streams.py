"""An answer cut at every byte: by the network, through a session, for both protocols.

`tests/llm/test_splits.py` does the same with bytes alone, for answers with tool calls too.
"""

from __future__ import annotations

import json
from itertools import count

import pytest

from a3s_code import Session
from tests.faults.conftest import answers_again, seen
from tests.llm.wire_facts import body_of
from tests.model_server import ModelServer, Reply, raw_events, says
from tests.session.callers import Answer, by_stream
from tests.session.conftest import NewSession

PIECES = ('"ä\\', "🎉\n", "x.")
TEXT = "".join(PIECES)
SPARE = "Another answer."


def answer(kind: str) -> Reply:
    """The shortest stream in which everything occurs: each byte of it costs a request."""
    if kind == "openai":
        deltas = [{"choices": [{"delta": {"content": piece}}]} for piece in PIECES]
        end = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
        return raw_events(*map(_event, [*deltas, end]), "data: [DONE]\n\n")
    begin = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": ""},
    }
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        for piece in PIECES
    ]
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    return raw_events(*map(_event, [begin, *deltas, end, {"type": "message_stop"}]))


def _event(document: object) -> str:
    return f"data: {json.dumps(document, ensure_ascii=False, separators=(',', ':'))}\n\n"


class Cutter:
    """Answers prompts with `whole`, cut where the test says; every retry gets `SPARE`."""

    def __init__(self, server: ModelServer, whole: Reply, *, clean: bool) -> None:
        self.at, self._whole, self._clean, self._asked = 0, whole, clean, count()
        server.answer_with(self._choose)

    def cut(self, at: int) -> None:
        """The next request meets this cut."""
        self.at, self._asked = at, count()

    def _cut_answer(self) -> Reply:
        return self._whole.cut_after(self.at, clean=self._clean)

    def _choose(self, _body: object) -> Reply:
        return says(SPARE) if next(self._asked) else self._cut_answer()


@pytest.mark.parametrize("clean", [False, True], ids=["connection", "body"])
def test_a_cut_at_every_byte(
    model_server: ModelServer, new_session: NewSession, kind: str, clean: bool
) -> None:
    """User: never two answers in one, never half an answer that passes for a whole one.

    Whatever was shown is on the error; before anything was shown, the request is repeated. The
    session is the same one from the first byte to the last.
    """
    whole = answer(kind)
    cutter, session = Cutter(model_server, whole, clean=clean), new_session(kind)
    endings = set()
    for at in range(len(body_of(whole, kind)) + 1):
        cutter.cut(at)
        before = session.history()
        endings.add(_ending(session, by_stream(session, "go"), before))
        session.clear()
    assert endings == {"repeated", "interrupted", "whole"}
    answers_again(session, model_server)


def _ending(session: Session, answer: Answer, before: list[object]) -> str:
    """Which of the three endings it was; each must be consistent in itself."""
    shown = seen(answer)
    assert answer.text == shown
    if answer.error:
        assert answer.error_type == "StreamInterrupted"
        assert shown
        assert TEXT.startswith(shown)
        assert session.history() == before
        return "interrupted"
    assert session.history()[-1]["content"] == [{"type": "text", "text": shown}]
    if "retrying" in answer.types():
        assert shown == SPARE
        return "repeated"
    assert shown == TEXT
    return "whole"
