"""Fewer, larger HTTP chunks: a filter between the socket and the HTTP library.

Model servers send each event as an HTTP chunk of its own, and the library's work per chunk is
several times the decoder's per event. The filter rewrites what one read of the socket brought: the
same body, in one chunk. `ChunkMerger` is pure; `network.py`
puts it below httpcore.
"""

from __future__ import annotations

import re

_HEAD_END = b"\r\n\r\n"
_MAX_HEAD_BYTES = 256 * 1024
_MAX_SIZE_LINE = 10
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
_INFORMATION = re.compile(rb"HTTP/1\.[01] 1(?!01)\d\d ")
_SIZE_LINE = re.compile(rb"([0-9a-fA-F]{1,8})\r\n")


class ChunkMerger:
    """Bytes of HTTP/1.1 responses in, bytes of equal meaning out.

    Only the framing of chunked bodies changes, and only where it is in the plainest form. Anything
    else is passed on as it came, and the library behind judges it.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A request is being sent: what comes next is the head of its response."""
        self._state = self._head
        self._rest = b""
        self._missing = 0  # bytes of the present chunk that are still to come
        self._at_chunk_end = False  # its data was complete, its line end was not

    def feed(self, data: bytes) -> bytes:
        """What to hand on for `data`; may be empty although the response goes on."""
        data = self._rest + data
        self._rest = b""
        return self._state(data)

    def _head(self, data: bytes) -> bytes:
        end = data.find(_HEAD_END) + len(_HEAD_END)
        if end < len(_HEAD_END):
            if len(data) > _MAX_HEAD_BYTES:
                return self._as_it_is(data)
            self._rest = data
            return b""
        head, body = data[:end], data[end:]
        if _INFORMATION.match(head):
            return head + self._head(body)
        if not _CHUNKED.search(head):
            return self._as_it_is(data)
        self._state = self._chunks
        return head + self._chunks(body)

    def _as_it_is(self, data: bytes) -> bytes:
        self._state = self._as_it_is
        return data

    def _chunks(self, data: bytes) -> bytes:
        parts: list[bytes] = []
        at = self._rest_of_chunk(data, parts)
        while at < len(data) and not self._missing and not self._at_chunk_end:
            line = _SIZE_LINE.match(data, at)
            if line is None:
                if len(data) - at < _MAX_SIZE_LINE and b"\n" not in data[at:]:
                    self._rest = data[at:]
                    break
                return _one_chunk(parts) + self._as_it_is(data[at:])
            size, start = int(line[1], 16), line.end()
            if not size:  # the end, maybe with trailers
                return _one_chunk(parts) + self._as_it_is(data[at:])
            stop = start + size
            if data[stop : stop + 2] == b"\r\n":
                parts.append(data[start:stop])
                at = stop + 2
            else:
                self._missing = size
                at = start + self._rest_of_chunk(data[start:], parts)
        if self._at_chunk_end and len(data) - at >= 2:
            # Not the line end that belongs here. The chunk was handed on as a whole already, so the
            # library behind is given something else that it cannot accept.
            return _one_chunk(parts) + self._as_it_is(b"!" + data[at:])
        if self._at_chunk_end:
            self._rest = data[at:]
        return _one_chunk(parts)

    def _rest_of_chunk(self, data: bytes, parts: list[bytes]) -> int:
        """Take what belongs to the chunk begun before; the index behind it."""
        at = min(self._missing, len(data))
        if at:
            parts.append(data[:at])
            self._missing -= at
            self._at_chunk_end = not self._missing
        if self._at_chunk_end and data[at : at + 2] == b"\r\n":
            self._at_chunk_end = False
            return at + 2
        return at


def _one_chunk(parts: list[bytes]) -> bytes:
    if not parts:
        return b""
    body = b"".join(parts)
    return b"%x\r\n%b\r\n" % (len(body), body)
