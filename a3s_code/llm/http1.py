"""HTTP/1.1 without I/O: the head of a request to bytes, and a reader for the bytes of its response.

Model servers send each event as an HTTP chunk of its own. A general HTTP library's work per chunk is
several times the decoder's work per event, so the chunks of one network read are joined here.
Source: RFC 9112.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_MAX_HEAD_BYTES = 256 * 1024
_MAX_LINE_BYTES = 16 * 1024

_NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"(?:[^\x00\s](?:[^\x00\r\n\f\v]*[^\x00\s])?)?")
_TARGET = re.compile(rb"[\x21-\x7e]+")
_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: ([^\x00\r\n]*))?")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
_LINE_END = b"\r\n"

Headers = list[tuple[bytes, bytes]]


class BadMessage(ValueError):
    """What came, or what is to be sent, is not HTTP/1.1. The text quotes no value of a header."""


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """Status and headers of a response; names are as the server spelled them."""

    status: int
    reason: bytes
    headers: Headers


def request_head(method: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Everything in front of a request's body. Raises `BadMessage` for what would break the line."""
    if not _TARGET.fullmatch(target):
        raise BadMessage("the address of the request is malformed")
    lines = [b"%b %b HTTP/1.1" % (method, target)]
    for name, value in headers:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise BadMessage("a header of the request is malformed")
        lines.append(b"%b: %b" % (name, value))
    return b"\r\n".join([*lines, b"", b""])


class ResponseReader:
    """The bytes of one response in, its head and body out; they may be cut anywhere.

    `head` is None until it is complete. After `done` nothing of the body is missing.
    """

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self.done = False
        self._step: Callable[[bytes], bytes] = self._head
        self._rest = b""  # the beginning of a line whose end has not come
        self._missing = 0  # bytes of the body, or of the present chunk, that are still to come
        self._line_end_is_due = False  # behind the data of a chunk
        self._ends_with_connection = False
        self._keeps_alive = True

    @property
    def reusable(self) -> bool:
        """Whether another request may follow on the same connection."""
        return self.done and self._keeps_alive

    def feed(self, data: bytes) -> bytes:
        """What of the body `data` brings. Raises `BadMessage`, behind all that came before it."""
        return self._step(self._rest + data if self._rest else data)

    def end(self) -> None:
        """The peer has closed the connection. Raises `BadMessage` when something is missing."""
        if self._ends_with_connection:
            self.done = True
        if not self.done:
            self._step(b"")  # what is wrong already is said first
            raise BadMessage("the connection was closed in the middle of the response")

    # -- head --------------------------------------------------------------------------------------

    def _head(self, data: bytes) -> bytes:
        end = _HEAD_END.search(data)
        if end is None:
            if len(data) > _MAX_HEAD_BYTES:
                raise BadMessage("the head of the response is too long")
            self._rest = data
            return b""
        self._rest = b""
        version, head = _parse_head(data[: end.start()])
        body = data[end.end() :]
        if head.status == 101:
            raise BadMessage("the server wants to switch protocols")
        if head.status < 200:  # an announcement; the response follows
            return self._head(body)
        self._choose_framing(version, head)
        self.head = head
        return self._step(body) if body or self.done else b""

    def _choose_framing(self, version: int, head: ResponseHead) -> None:
        codings = [value.strip().lower() for value in _values(head, b"transfer-encoding")]
        lengths = {
            length.strip()
            for value in _values(head, b"content-length")
            for length in value.split(b",")
        }
        connection = b",".join(_values(head, b"connection")).lower()
        self._keeps_alive = version >= 1 and b"close" not in connection
        if head.status in (204, 304):
            self._finish()
        elif codings:
            if codings != [b"chunked"]:
                raise BadMessage("the response has a transfer encoding other than chunked")
            self._step = self._chunks
        elif lengths:
            length = lengths.pop()
            if lengths or not length.isdigit() or len(length) > 18:
                raise BadMessage("the response has no usable content length")
            self._missing = int(length)
            self._step = self._counted
            if not self._missing:
                self._finish()
        else:
            self._ends_with_connection, self._keeps_alive = True, False
            self._step = _whole

    # -- body --------------------------------------------------------------------------------------

    def _counted(self, data: bytes) -> bytes:
        body = data[: self._missing]
        self._missing -= len(body)
        if not self._missing:
            self._finish()
            self._surplus(data[len(body) :])
        return body

    def _chunks(self, data: bytes) -> bytes:
        parts: list[bytes] = []
        self._rest = b""
        at, end = 0, len(data)
        while at < end:
            if self._missing or self._line_end_is_due:
                at = self._rest_of_chunk(data, at, parts)
                if at < 0:
                    break
                continue
            line = _SIZE_LINE.match(data, at)
            if line is None:
                self._wait_for_line(data[at:])
                break
            size, at = int(line[1], 16), line.end()
            if not size:
                self._step = self._trailers
                self._trailers(data[at:])
                break
            stop = at + size
            if data[stop : stop + 2] == _LINE_END:
                parts.append(data[at:stop])
                at = stop + 2
            else:
                self._missing = size
        return b"".join(parts)

    def _rest_of_chunk(self, data: bytes, at: int, parts: list[bytes]) -> int:
        """Take what belongs to the chunk begun before; the index behind it, -1 to wait for more."""
        if self._missing:
            piece = data[at : at + self._missing]
            parts.append(piece)
            self._missing -= len(piece)
            self._line_end_is_due = not self._missing
            return at + len(piece)
        found = data[at : at + 2]
        if found == _LINE_END:
            self._line_end_is_due = False
            return at + 2
        if found == b"\r":
            self._rest = found
        else:
            self._step = _broken
        return -1

    def _wait_for_line(self, beginning: bytes) -> None:
        """The line of a chunk's size is not complete yet, or it is none."""
        if b"\n" in beginning or len(beginning) > _MAX_LINE_BYTES:
            self._step = _broken
        else:
            self._rest = beginning

    def _trailers(self, data: bytes) -> bytes:
        """Skip the lines behind the last chunk, up to an empty one."""
        self._rest = b""
        at = 0
        while (end := data.find(_LINE_END, at)) > at:
            at = end + 2
        if end == at:
            self._finish()
            self._surplus(data[at + 2 :])
        else:
            self._wait_for_line(data[at:])
        return b""

    def _finish(self) -> None:
        self.done = True
        self._step = self._surplus

    def _surplus(self, data: bytes) -> bytes:
        """Nobody asked for more: what stands there cannot be the answer to another request."""
        if data:
            self._keeps_alive = False
        return b""


def _whole(data: bytes) -> bytes:
    return data


def _broken(_data: bytes) -> bytes:
    # Raised one call late, so that the body in front of it is delivered, however it was cut.
    raise BadMessage("the chunks of the response are malformed")


def _parse_head(data: bytes) -> tuple[int, ResponseHead]:
    """The minor version, and the head."""
    first, *lines = data.split(b"\n")
    status = _STATUS_LINE.fullmatch(first.rstrip(b"\r"))
    if status is None:
        raise BadMessage("the server does not speak HTTP/1.1")
    headers: Headers = []
    for line in lines:
        if line[:1] in b" \t" and headers:  # a value that goes on
            name, value = headers.pop()
            headers.append((name, value + b" " + line.strip()))
            continue
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            raise BadMessage("a header of the response is malformed")
        headers.append((name, value.strip()))
    return int(status[1]), ResponseHead(int(status[2]), status[3] or b"", headers)


def _values(head: ResponseHead, wanted: bytes) -> list[bytes]:
    return [value for name, value in head.headers if name.lower() == wanted]
