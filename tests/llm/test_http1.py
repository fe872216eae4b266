"""The reader of responses, judged by a general HTTP library: both read the same."""

from __future__ import annotations

import itertools

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.llm.http1 import BadMessage, ResponseReader, request_head

CHUNKED = b"HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\n\r\n"
COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """An HTTP chunk in its plainest form."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` in pieces, none of them empty."""
    ends = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(ends) if end > start]


Outcome = tuple[int | None, bytes, str]


def read_by_library(pieces: list[bytes]) -> Outcome:
    """Status, body and outcome of a response that arrives in these pieces and then ends."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    connection.send(h11.EndOfMessage())
    status, body = None, b""
    try:
        for piece in [*pieces, b""]:
            connection.receive_data(piece)
            while (event := connection.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Response):
                    status = event.status_code
                elif isinstance(event, h11.Data):
                    body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    return status, body, "complete"
                elif isinstance(event, h11.ConnectionClosed):
                    return status, body, "refused"
    except h11.RemoteProtocolError:
        return status, body, "refused"
    return status, body, "open"


def read_here(pieces: list[bytes]) -> Outcome:
    """The same by the reader."""
    reader = ResponseReader()
    body = b""
    outcome = "complete"
    try:
        for piece in pieces:
            body += reader.feed(piece)
        reader.end()
    except BadMessage:
        outcome = "complete" if reader.done else "refused"
    return reader.head.status if reader.head else None, body, outcome


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
            b"fffffffff\r\n",
            b"0\r\nTrailer: x\r\n\r\n",
            b"hello world",
        ]
    ),
)
_heads = st.sampled_from(
    [
        CHUNKED,
        CHUNKED.lower().replace(b"http", b"HTTP"),
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + CHUNKED,
        COUNTED,
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 503\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\nServer: x\nTransfer-Encoding: chunked\n\n",
        b"HTTP/1.1 200 OK\r\nX-Long: a\r\n  b\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
    ]
)


@given(_heads, st.lists(_parts, max_size=8), st.lists(st.integers(0, 400), max_size=12))
def test_the_library_reads_the_same(head: bytes, parts: list[bytes], cuts: list[int]) -> None:
    """Well-formed, odd, broken or cut off, and however it is split."""
    data = head + b"".join(parts)
    status, body, outcome = read_here(split(data, cuts))
    expected = read_by_library([data])
    assert (status, outcome) == (expected[0], expected[2])
    # What stands in front of a mistake is delivered whole, as far as it can be told from it.
    assert body == expected[1] if outcome == "complete" else body.startswith(expected[1])


@given(st.lists(st.binary(min_size=1, max_size=40)), st.lists(st.integers(0, 400)))
def test_a_body_survives(parts: list[bytes], cuts: list[int]) -> None:
    """Every byte, in order."""
    data = CHUNKED + b"".join(map(chunk, parts)) + END
    assert read_here(split(data, cuts)) == (200, b"".join(parts), "complete")


@pytest.mark.parametrize("at", range(1, 55))
def test_nothing_is_held_back(at: int) -> None:
    """What has come of a chunk is handed on, whether or not the chunk is complete."""
    body = chunk(b"x" * 50)
    reader = ResponseReader()
    assert reader.feed(CHUNKED + body[:at]) == body[4:at].rstrip(b"\r\n")


def test_chunks_of_one_read_are_joined() -> None:
    """Which is what it is for."""
    assert ResponseReader().feed(CHUNKED + chunk(b"a") * 1000) == b"a" * 1000


@pytest.mark.parametrize(
    ("data", "reusable"),
    [
        (CHUNKED + chunk(b"x") + END, True),
        (COUNTED + b"12345", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (COUNTED + b"12345HTTP/1.1 200 OK", False),
        (CHUNKED + END + b"HTTP/1.1 200 OK", False),
        (COUNTED.replace(b"\r\n\r\n", b"\r\nConnection: Close\r\n\r\n") + b"12345", False),
        (COUNTED.replace(b"1.1", b"1.0") + b"12345", False),
        (COUNTED + b"1234", False),
    ],
)
def test_when_another_request_may_follow(data: bytes, reusable: bool) -> None:
    """Only behind a whole response that was all there is, on a connection that stays open."""
    reader = ResponseReader()
    reader.feed(data)
    assert reader.reusable is reusable


def test_a_head_without_end_is_not_kept_forever() -> None:
    """A server that sends nothing but headers is left."""
    reader = ResponseReader()
    reader.feed(b"X-Header: " + b"x" * 200_000)
    with pytest.raises(BadMessage, match="too long"):
        reader.feed(b"x" * 100_000)


def test_a_request_head() -> None:
    """One line, the headers, an empty line."""
    head = request_head(b"POST", b"/v1?a=b", [(b"Host", b"h:1"), (b"X-Empty", b"")])
    assert head == b"POST /v1?a=b HTTP/1.1\r\nHost: h:1\r\nX-Empty: \r\n\r\n"


@pytest.mark.parametrize(
    ("target", "name", "value"),
    [
        (b"/a b", b"X", b"y"),
        (b"/\r\nX: y", b"X", b"y"),
        (b"/", b"X:", b"y"),
        (b"/", b"X Y", b"y"),
        (b"/", b"", b"y"),
        (b"/", b"X", b"secret\r\nX: y"),
        (b"/", b"X", b"secret\n"),
        (b"/", b"X", b" secret"),
        (b"/", b"X", b"sec\0ret"),
    ],
)
def test_nothing_breaks_out_of_its_line(target: bytes, name: bytes, value: bytes) -> None:
    """And the refusal does not quote it."""
    with pytest.raises(BadMessage) as refused:
        request_head(b"GET", target, [(name, value)])
    assert "secret" not in str(refused.value)
