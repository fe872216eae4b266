"""Text files of two or four bytes a character, read as if they were UTF-8.

Spreadsheets and shells of Windows write them. The byte order mark in front tells them from binary
files, which have zero bytes, too.
"""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE_BYTES = 64 * 1024
_MARKS = (  # that of UTF-32 begins like the one of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def marked_encoding(start: bytes) -> str | None:
    """The encoding of a file that begins with these bytes, if a mark and the rest of them say so."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            try:
                text = codecs.getincrementaldecoder(encoding)().decode(start)
            except UnicodeDecodeError:
                return None
            return None if "\0" in text else encoding
    return None


def recoded(file: BinaryIO, encoding: str) -> BinaryIO:
    """The rest of a file in UTF-8, without its mark; it cannot be wound back."""
    return io.BufferedReader(_Recoder(file, encoding), _PIECE_BYTES)


class _Recoder(io.RawIOBase):
    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._waiting = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = b"more"
        while data and not self._waiting:
            data = self._file.read(_PIECE_BYTES)
            self._waiting = self._decoder.decode(data, not data).encode("utf-8")
        count = min(len(view), len(self._waiting))
        view[:count], self._waiting = self._waiting[:count], self._waiting[count:]
        return count
