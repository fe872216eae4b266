"""Compressed bodies within a limit."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.llm.unpack import Unreadable, unpacker


def _raw(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED = [("", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", _raw)]


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
@given(body=st.binary(max_size=300), size=st.integers(1, 20))
def test_a_body_is_the_same_however_it_is_cut(
    encoding: str, pack: type[bytes], body: bytes, size: int
) -> None:
    unpack, packed = unpacker(encoding), pack(body)
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert b"".join(unpack(piece, 1000) for piece in pieces) == body


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
def test_no_more_is_unpacked_than_is_wanted(encoding: str, pack: type[bytes]) -> None:
    assert unpacker(encoding)(pack(b"\0" * 10_000_000), 10) == b"\0" * 10


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip,gzip", "zstd", "x"])
def test_other_codings_are_refused(encoding: str) -> None:
    with pytest.raises(Unreadable):
        unpacker(encoding)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_is_badly_packed_is_refused(encoding: str) -> None:
    with pytest.raises(Unreadable):
        unpacker(encoding)(b"\xff\xff not packed", 10)
