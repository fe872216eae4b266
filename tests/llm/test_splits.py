"""Both protocols: how the network cuts a recorded body is of no importance, and every loss shows."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.errors import ModelError, StreamInterrupted
from a3s_code.events import AgentEvent, TextDelta
from a3s_code.llm.model import ModelReply
from tests.llm.wire_facts import KINDS, body_of, codec, received
from tests.scripts import Reply, calls, error_in_stream, says, turn

RECORDED = turn(
    says("ha", "ha", "héllo 🎉", '"quoted" \\ line\n', "end", thinking="hm, well"),
    calls("read", id="c1", file_path="ä.txt"),
    calls("ls", id="c2"),
).using(20, 9, cached=3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reply", [RECORDED, RECORDED.not_streamed()], ids=["stream", "document"])
def test_one_byte_at_a_time_gives_the_same_answer(kind: str, reply: Reply) -> None:
    """Characters of several bytes are cut through, too."""
    body = body_of(reply, kind)
    assert received(kind, (body[at : at + 1] for at in range(len(body)))) == received(kind, [body])


@pytest.mark.parametrize("kind", KINDS)
@given(cuts=st.lists(st.integers(0, 5000), max_size=30))
@settings(max_examples=50)
def test_any_split_gives_the_same_answer(kind: str, cuts: list[int]) -> None:
    """Events and answer are those of the whole body."""
    body = body_of(RECORDED, kind)
    ends = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    chunks = [body[start:end] for start, end in itertools.pairwise(ends)]
    assert received(kind, chunks) == received(kind, [body])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("packed", [False, True])
def test_an_error_at_the_end_shows_the_same_whatever_the_split(kind: str, packed: bool) -> None:
    """Text before the error is delivered, and the error is raised."""
    body = body_of(error_in_stream("broken", after="one two"), kind)
    decoder = codec(kind).decoder()
    events: list[AgentEvent] = []
    chunks = [body] if packed else [body[at : at + 1] for at in range(len(body))]
    with pytest.raises(ModelError, match="broken") as caught:  # noqa: PT012  # any of them may raise
        for chunk in chunks:
            events += decoder.feed(chunk)
        decoder.finish()
    assert events == [TextDelta(text="one "), TextDelta(text="two")]
    assert caught.value.text == "one two"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reply", [RECORDED, RECORDED.not_streamed()], ids=["stream", "document"])
def test_a_body_cut_at_any_byte_is_complete_or_an_error(kind: str, reply: Reply) -> None:
    """Nothing between: an answer with all text and calls, or an interruption with the text so far."""
    body = body_of(reply, kind)
    events, whole = received(kind, [body])
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    for at in range(len(body) + 1):
        delivered, outcome = _outcome(kind, body[:at])
        if isinstance(outcome, ModelReply):
            assert outcome.message == whole.message
        else:
            assert outcome.text == delivered
            assert text.startswith(delivered)
            assert at < len(body)


def _outcome(kind: str, body: bytes) -> tuple[str, ModelReply | StreamInterrupted]:
    """Delivered text, and the answer or the interruption."""
    decoder = codec(kind).decoder()
    events = decoder.feed(body)
    outcome: ModelReply | StreamInterrupted
    try:
        events += decoder.finish()
        outcome = decoder.close()
    except StreamInterrupted as error:
        outcome = error
    return "".join(event.text for event in events if isinstance(event, TextDelta)), outcome
