"""Limits of text for the model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from a3s_code.tools.output import HeadAndTail, cap_text, clean, cut_utf8


@given(st.text(), st.integers(min_value=0, max_value=40))
def test_a_cut_never_splits_a_character(text: str, limit: int) -> None:
    data = text.encode("utf-8")
    cut = cut_utf8(data, limit)
    assert len(cut) <= limit
    assert len(cut) > min(len(data), limit) - 4
    assert data.startswith(cut)
    assert text.startswith(cut.decode("utf-8"))


@given(st.text(alphabet=st.characters()), st.integers(min_value=40, max_value=100))
def test_capped_text_fits_and_is_valid(text: str, limit: int) -> None:
    capped = cap_text(text, limit)
    assert len(capped.encode("utf-8")) <= limit
    if len(clean(text).encode()) <= limit:
        assert capped == clean(text)
    else:
        assert capped.endswith("\n... (output truncated)")


def test_lone_surrogates_are_replaced() -> None:
    assert clean("a\udcffb") == "a?b"


@given(st.lists(st.binary(max_size=50)))
def test_short_output_is_kept_whole_wherever_it_is_split(pieces: list[bytes]) -> None:
    kept = HeadAndTail(1 << 20)
    told = "".join([*(kept.feed(piece) for piece in pieces), kept.feed(b"", final=True)])
    assert kept.text() == told == b"".join(pieces).decode("utf-8", "replace")


@given(st.lists(st.text(max_size=300)), st.integers(min_value=0, max_value=3))
def test_long_output_keeps_head_and_tail_and_tells_what_is_missing(
    pieces: list[str], copies: int
) -> None:
    limit = 400
    whole = "".join(pieces * copies)
    kept = HeadAndTail(limit)
    for piece in pieces * copies:
        kept.feed(piece.encode())
    text = kept.text()
    size = len(whole.encode())
    assert len(text.encode()) <= limit
    if size <= limit:
        assert text == whole
        return
    head, _, rest = text.rpartition("\n... (")
    note, _, tail = rest.partition(" bytes of output dropped) ...\n")
    assert whole.startswith(head)
    assert whole.endswith(tail)
    assert int(note) == size - len(head.encode()) - len(tail.encode())


def test_memory_stays_bounded() -> None:
    kept = HeadAndTail(1000)
    for _ in range(1000):
        kept.feed(b"x" * 1000)
    assert len(kept._head) + len(kept._tail) <= 2500
