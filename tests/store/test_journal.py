"""The lines of a journal, whole and torn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.store import journal
from a3s_code.store.plan import Growth
from a3s_code.store.reading import WrongForm
from tests.store.sessions import turn

ENTRIES = [
    journal.entry(Growth(tuple(turn(number)), (), {"text": "line\nbreak \u2028 é \ud800"}))
    for number in range(4)
]
WHOLE = journal.header("abc") + b"".join(ENTRIES)


def test_a_journal_is_read_back() -> None:
    read = journal.parse(WHOLE)
    assert read is not None
    assert (read.snapshot, len(read.entries), read.end) == ("abc", 4, len(WHOLE))
    assert read.entries[2]["messages"] == [message.to_dict() for message in turn(2)]
    assert read.entries[2]["head"] == {"text": "line\nbreak \u2028 é \ud800"}


@given(st.integers(min_value=0, max_value=len(WHOLE)))
def test_cut_anywhere_it_keeps_the_whole_lines(cut: int) -> None:
    read = journal.parse(WHOLE[:cut])
    whole_lines = WHOLE[:cut].count(b"\n")
    assert (0 if read is None else 1 + len(read.entries)) == whole_lines
    assert read is None or WHOLE[: read.end].count(b"\n") == whole_lines


@pytest.mark.parametrize("tail", [b'{"messages"', b"\0\0\0\0", b'{"messages"\0\0\n', b"\0\n\0\0"])
def test_a_torn_end_is_dropped(tail: bytes) -> None:
    read = journal.parse(WHOLE + tail)
    assert read is not None
    assert read.end == len(WHOLE)
    assert not journal.has_entry(tail)


def test_a_broken_line_in_the_middle_is_an_error() -> None:
    broken = journal.header("abc") + b"oops\n" + ENTRIES[0]
    with pytest.raises(WrongForm, match="line 2 of the journal is not JSON"):
        journal.parse(broken)
    with pytest.raises(WrongForm, match="line 2 of the journal is not an object"):
        journal.parse(journal.header("abc") + b"[]\n" + ENTRIES[0])


@pytest.mark.parametrize(
    "data", [b"", b"{}\n", b"[1]\n", b"x\n", b'{"journal":2,"snapshot":"a"}\n']
)
def test_what_is_no_journal(data: bytes) -> None:
    assert journal.parse(data) is None


def test_an_entry_behind_a_position() -> None:
    assert journal.has_entry(ENTRIES[0])
    assert not journal.has_entry(ENTRIES[0][:-1])
    assert not journal.has_entry(b"")
