"""The chunk filter, judged by the HTTP library itself: with and without it, the same is read."""

from __future__ import annotations

import itertools

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.llm.chunks import ChunkMerger

CHUNKED = b"HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """An HTTP chunk in its plainest form."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def as_read(pieces: list[bytes]) -> tuple[bytes, str]:
    """Body and outcome of a response that arrives in these pieces and then ends."""
    connection = h11.Connection(h11.CLIENT)
    request = h11.Request(method="GET", target="/", headers=[("Host", "h")])
    connection.send(request)
    connection.send(h11.EndOfMessage())
    body = b""
    try:
        for piece in [*pieces, b""]:
            connection.receive_data(piece)
            while (event := connection.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Data):
                    body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    return body, "complete"
    except h11.RemoteProtocolError:
        return body, "refused"
    return body, "open"


def filtered(pieces: list[bytes]) -> list[bytes]:
    """The pieces as the filter hands them on; an empty one would mean the end."""
    merger = ChunkMerger()
    return [out for piece in pieces if (out := merger.feed(piece))]


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` in pieces, none of them empty."""
    ends = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(ends) if end > start]


_parts = st.one_of(
    st.binary(min_size=1, max_size=40).map(chunk),
    st.sampled_from(
        [
            END,
            b"3;name=value\r\nabc\r\n",
            b"3 \r\nabc\r\n",
            b"0003\r\nabc\r\n",
            b"3\r\nabcd\r\n",
            b"3\r\nabcxx",
            b"+3\r\nabc\r\n",
            b"-1\r\nabc\r\n",
            b"g\r\n",
            b"3\nabc\n",
            b"fffffffff\r\n",
            b"0\r\nTrailer: x\r\n\r\n",
        ]
    ),
)
_heads = st.sampled_from(
    [CHUNKED, CHUNKED.lower().replace(b"http", b"HTTP"), EARLY + CHUNKED, PLAIN]
)


@given(_heads, st.lists(_parts, max_size=8), st.lists(st.integers(0, 400), max_size=12))
def test_the_library_reads_the_same(head: bytes, parts: list[bytes], cuts: list[int]) -> None:
    """Well-formed, odd, broken or cut off, and however it is split."""
    data = head + b"".join(parts)
    assert as_read(filtered(split(data, cuts))) == as_read([data])


@given(st.lists(st.binary(min_size=1, max_size=40)), st.lists(st.integers(0, 400)))
def test_a_body_survives(parts: list[bytes], cuts: list[int]) -> None:
    """Every byte, in order."""
    data = CHUNKED + b"".join(map(chunk, parts)) + END
    assert as_read(filtered(split(data, cuts))) == (b"".join(parts), "complete")


@pytest.mark.parametrize("at", range(1, 60))
def test_nothing_is_held_back_longer_than_a_line(at: int) -> None:
    """Of what has come, at most a size line and line ends are still waiting in the filter."""
    body = chunk(b"x" * 50) + END
    pieces = [CHUNKED, body[:at]]
    assert as_read(filtered(pieces))[0] == as_read(pieces)[0]


def test_one_read_becomes_one_chunk() -> None:
    """Which is what the filter is for."""
    merger = ChunkMerger()
    merger.feed(CHUNKED)
    assert merger.feed(chunk(b"a") * 1000) == chunk(b"a" * 1000)


def test_the_next_response_on_the_same_connection() -> None:
    """Each request begins a new one."""
    merger = ChunkMerger()
    for body in (b"one", b"two"):
        merger.restart()
        out = merger.feed(CHUNKED + chunk(body) * 2 + END)
        assert as_read([out]) == (body * 2, "complete")
