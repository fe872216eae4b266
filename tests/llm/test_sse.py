"""The event-stream decoder: the rules of the format, for every way to cut a body."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.llm import sse
from a3s_code.llm.sse import ServerSentEvent, SSEDecoder


def decode(*chunks: bytes) -> list[ServerSentEvent]:
    """All events of a body that arrives in these chunks."""
    decoder = SSEDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.close()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"data: a\n\n", [(b"a", "")]),
        (b"data:a\n\n", [(b"a", "")]),
        (b"data:  a\n\n", [(b" a", "")]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [(b"a", ""), (b"b", ""), (b"c", "")]),
        (b"\xef\xbb\xbfdata: a\n\n", [(b"a", "")]),
        (b": comment\ndata: a\n: another\n\n", [(b"a", "")]),
        (b": only a comment\n\n", []),
        (b"data: a\ndata: b\ndata:\n\n", [(b"a\nb\n", "")]),
        (b"data\n\n", [(b"", "")]),
        (b"event: ping\ndata: a\n\ndata: b\n\n", [(b"a", "ping"), (b"b", "")]),
        (b"event: lost\n\ndata: b\n\n", [(b"b", "")]),
        (b"id: 7\nretry: 10\nunknown: x\ndata: a\n\n", [(b"a", "")]),
        (b"\n\n\n\ndata: a\n\n\n", [(b"a", "")]),
        (b"data: a: b\n\n", [(b"a: b", "")]),
        (b"data: a\n", [(b"a", "")]),
        (b"data: a\r", [(b"a", "")]),
        (b"data: a\ndata: b", [(b"a", "")]),
        (b"data: cut in two", []),
        (b"", []),
    ],
)
def test_rules_of_the_format(body: bytes, expected: list[tuple[bytes, str]]) -> None:
    """Each rule, with the body whole and with one byte per chunk."""
    assert decode(body) == expected
    assert decode(*(bytes([byte]) for byte in body)) == expected


_line = st.sampled_from(
    [b"data: x", b"data:\xc3\xa4", b"data: {}", b"event: e", b": c", b"data", b"id: 1", b"z", b""]
)
_end = st.sampled_from([b"\n", b"\r", b"\r\n", b"\n\n"])
_bodies = st.builds(
    lambda bom, lines, rest: bom + b"".join(line + end for line, end in lines) + rest,
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\xef\xbb"]),
    st.lists(st.tuples(_line, _end)),
    _line,
)


@given(_bodies, st.lists(st.integers(0, 200)))
def test_any_split_gives_the_same_events(body: bytes, cuts: list[int]) -> None:
    """Where the network cuts is of no importance, empty pieces included."""
    ends = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    chunks = [body[start:end] for start, end in itertools.pairwise(ends)]
    assert decode(*chunks) == decode(body)


@given(_bodies)
def test_events_agree_with_a_reading_line_by_line(body: bytes) -> None:
    """The same events as the plain algorithm of the standard."""
    assert decode(body) == list(plainly(body))


def plainly(body: bytes) -> list[ServerSentEvent]:
    """The standard's algorithm, one line at a time, over the whole body."""
    text = body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events: list[ServerSentEvent] = []
    data: list[bytes] = []
    name = b""
    for line in [*text.split(b"\n")[:-1], b""]:
        field, _, value = line.partition(b":")
        value = value[1:] if value[:1] == b" " else value
        if not line:
            if data:
                events.append(ServerSentEvent(b"\n".join(data), name.decode()))
            data, name = [], b""
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return events


def test_an_event_without_end_is_refused() -> None:
    """A hostile server cannot fill the memory."""
    decoder = SSEDecoder()
    piece = b"x" * (8 * 1024 * 1024)
    for _ in range(sse.MAX_EVENT_BYTES // len(piece)):
        decoder.feed(piece)
    with pytest.raises(ValueError, match="exceeds"):
        decoder.feed(piece)
