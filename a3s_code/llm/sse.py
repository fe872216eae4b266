"""Decoder for `text/event-stream` bodies: bytes in, events out."""

from __future__ import annotations

from typing import NamedTuple

MAX_EVENT_BYTES = 64 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One event. `data` is undecoded UTF-8, its lines joined by LF; `event` is "" without a name."""

    data: bytes
    event: str = ""


class SSEDecoder:
    """Splits a body into events; a chunk may end at any byte, even inside a character.

    Follows the WHATWG rules for lines (LF, CR, CRLF), fields, comments and the byte order mark.
    It departs from them in one point: whole lines at the end of the body are dispatched although
    the blank line is missing, because some servers forget it after their last event.
    `id` and `retry` are ignored, since nothing here reconnects.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []  # bytes behind the last blank line, not joined yet
        self._rest_bytes = 0
        self._at_start = True
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that `chunk` completes, in order. Raises as `blocks` does."""
        blocks = self.whole(chunk).split(b"\n\n")
        return [event for block in blocks if (event := parse_block(block))]

    def whole(self, chunk: bytes) -> bytes:
        """The blocks of lines that `chunk` completes, each with its empty line; line ends are LF.

        The blocks between two empty lines are what `parse_block` reads.

        Raises `ValueError` when a single event is larger than `MAX_EVENT_BYTES`.
        """
        if self._at_start:
            chunk = self._without_bom(chunk)
        if self._after_cr or b"\r" in chunk:
            chunk = self._with_lf_only(chunk)
        if not chunk:
            return b""
        self._rest.append(chunk)
        self._rest_bytes += len(chunk)
        if b"\n" not in chunk:  # joined only once, however small the pieces of a long line are
            if self._rest_bytes > MAX_EVENT_BYTES:
                raise ValueError(f"an event of the stream exceeds {MAX_EVENT_BYTES} bytes")
            return b""
        data = b"".join(self._rest)
        end = data.rfind(b"\n\n") + 2
        if end < 2:
            end = 0
        self._rest, self._rest_bytes = [data[end:]], len(data) - end
        if self._rest_bytes > MAX_EVENT_BYTES:
            raise ValueError(f"an event of the stream exceeds {MAX_EVENT_BYTES} bytes")
        return data[:end]

    def close(self) -> list[ServerSentEvent]:
        """The event that the end of the body completes, if any."""
        event = parse_block(self.last_block())
        return [event] if event else []

    def last_block(self) -> bytes:
        """The whole lines behind the last blank line; a line cut in two is dropped."""
        whole, _, _ = b"".join(self._rest).rpartition(b"\n")
        self._rest, self._rest_bytes = [], 0
        return whole

    def _without_bom(self, chunk: bytes) -> bytes:
        chunk = b"".join([*self._rest, chunk])
        self._rest, self._rest_bytes = [], 0
        if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
            self._rest = [chunk]  # too early to tell
            return b""
        self._at_start = False
        return chunk.removeprefix(_BOM)

    def _with_lf_only(self, chunk: bytes) -> bytes:
        if not chunk:
            return chunk
        if self._after_cr and chunk[:1] == b"\n":  # the second half of a CRLF
            chunk = chunk[1:]
            self._after_cr = False
            if not chunk:
                return chunk
        self._after_cr = chunk[-1:] == b"\r"
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def parse_block(block: bytes) -> ServerSentEvent | None:
    """The event of the lines up to a blank line; None when they carry no data."""
    if block[:6] == b"data: " and b"\n" not in block:  # what most servers send
        return ServerSentEvent(block[6:])
    name = b""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    if not data:
        return None
    return ServerSentEvent(b"\n".join(data), name.decode("utf-8", "replace"))
