"""Text for the model within a limit of UTF-8 bytes: the pure part."""

from __future__ import annotations

import codecs

from a3s_code.tools.protocol import MAX_OUTPUT_BYTES

TRUNCATED = "... (output truncated)"


def clean(text: str) -> str:
    """The text with every character that UTF-8 cannot carry (lone surrogates) replaced."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def cut_utf8(data: bytes, limit: int) -> bytes:
    """The first `limit` bytes or up to 3 fewer, so that no character of valid UTF-8 is cut."""
    if len(data) <= limit:
        return data
    end = limit
    while end > max(limit - 3, 0) and data[end] & 0xC0 == 0x80:
        end -= 1
    return data[:end]


def cap_text(text: str, limit: int = MAX_OUTPUT_BYTES) -> str:
    """The text in at most `limit` bytes of UTF-8; what is too long ends with a note."""
    text = clean(text)
    if len(text) * 4 <= limit:
        return text
    data = text.encode("utf-8")
    if len(data) <= limit:
        return text
    note = f"\n{TRUNCATED}"
    return cut_utf8(data, limit - len(note)).decode("utf-8") + note


class HeadAndTail:
    """Bytes of any length in, text within `limit` bytes out: the beginning and the end.

    Bytes may be split anywhere; those that are no UTF-8 become U+FFFD. Memory stays below about
    twice the limit.
    """

    def __init__(self, limit: int = MAX_OUTPUT_BYTES) -> None:
        self._head_limit = limit // 2
        self._tail_limit = limit - self._head_limit
        self._head, self._tail = bytearray(), bytearray()
        self._size = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """Take the next bytes; the text that they complete."""
        text = self._decoder.decode(data, final)
        encoded = text.encode("utf-8")
        self._size += len(encoded)
        room = self._head_limit - len(self._head)
        self._head += encoded[: max(room, 0)]
        self._tail += encoded[max(room, 0) :][-self._tail_limit :]
        if len(self._tail) > 2 * self._tail_limit:
            del self._tail[: -self._tail_limit]
        return text

    def text(self) -> str:
        """All of it, or its head and tail around a note that gives the size left out."""
        limit = self._head_limit + self._tail_limit
        if self._size <= limit:
            return (self._head + self._tail).decode("utf-8", "replace")
        note_room = 80
        head = cut_utf8(bytes(self._head) + b"\x80", self._head_limit - note_room // 2)
        tail = bytes(self._tail[-(self._tail_limit - note_room // 2) :])
        while tail and tail[0] & 0xC0 == 0x80:
            tail = tail[1:]
        dropped = self._size - len(head) - len(tail)
        return (
            head.decode("utf-8")
            + f"\n... ({dropped} bytes of output dropped) ...\n"
            + tail.decode()
        )
