"""Compressed bodies, unpacked no further than somebody wants them: a pure core.

A thousand bytes can stand for a gigabyte, and packed twice for more, so that what unpacks a whole
piece at a time can be made to fill the memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

ACCEPTED = "gzip, deflate"

Unpack = Callable[[bytes, int], bytes]


class Unreadable(ValueError):
    """A body that is packed in a way that is not read here, or badly."""


def unpacker(content_encoding: str) -> Unpack:
    """`unpack(piece, most)` for the pieces of a body in their order: at most `most` bytes of it.

    `most` is at least 1; after as many bytes nothing more must be asked for. Raises `Unreadable`,
    as `unpack` does; more than one coding is refused.
    """
    match content_encoding.strip().lower():
        case "" | "identity":
            return lambda piece, most: piece[:most]
        case "gzip" | "x-gzip":
            return _Inflate(16 + zlib.MAX_WBITS)
        case "deflate":
            return _Inflate(None)
    raise Unreadable(content_encoding)


class _Inflate:
    """Unpacks with zlib; `window_bits` is None for what servers call deflate, with a head or not."""

    def __init__(self, window_bits: int | None) -> None:
        self._stream = None if window_bits is None else zlib.decompressobj(window_bits)

    def __call__(self, piece: bytes, most: int) -> bytes:
        if self._stream is None:
            # RFC 1950: a head begins with the number of the method, 8. No packer begins that way.
            has_head = piece[:1] and piece[0] & 0x0F == 8
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS)
        try:
            return self._stream.decompress(piece, most)
        except zlib.error as error:
            raise Unreadable(str(error)) from error
