"""A running turn as lines: what is read back is what was written, however the lines end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.messages import Message, TextBlock, ToolResultBlock, ToolUseBlock
from a3s_code.store import draft
from a3s_code.store.draft import CUT_OFF_RESULT, Packer, closed, completed, unpacked
from tests.store.sessions import session, turn

BEFORE = [*turn(0), *turn(1)]
PROMPT = Message.user("work")


def says(text: str) -> Message:
    return Message("assistant", (TextBlock(text),))


def calls(*ids: str) -> Message:
    return Message("assistant", tuple(ToolUseBlock(call_id, "read", {}) for call_id in ids))


def result(call_id: str, text: str = "done") -> Message:
    return Message("user", (ToolResultBlock(call_id, text),))


def written(*states: Sequence[Message]) -> bytes:
    """The draft of a turn with these states."""
    data, last = draft.header("s", BEFORE), tuple(BEFORE)
    for state in states:
        data += draft.change(last, state) or b""
        last = tuple(state)
    return data


def packed(lines: bytes) -> bytes:
    """The file that holds these lines, written one after the other."""
    packer = Packer()
    return b"".join(packer.pack(line) for line in lines.splitlines(keepends=True))


MESSAGES = st.one_of(
    st.text(max_size=4).map(says),
    st.text(max_size=4).map(Message.user),
    st.just(calls("a", "b")),
    st.sampled_from("ab").map(result),
)


@given(st.lists(st.lists(MESSAGES, min_size=1, max_size=5), min_size=1, max_size=5))
def test_the_last_state_is_read_back(states: list[list[Message]]) -> None:
    """Also when the conversation was shortened on the way."""
    wanted = [[*BEFORE[: len(state) % 5], PROMPT, *state] for state in states]

    found = draft.parse(written(*wanted), "s", BEFORE)

    if len(wanted[-1]) > len(BEFORE):
        assert found is not None
        assert list(found.messages) == wanted[-1]


@given(st.data())
def test_a_torn_end_costs_one_line(data: st.DataObject) -> None:
    """Cut at any byte, what is read is one of the states that were written."""
    text = "An answer that grows."
    states = [[*BEFORE, PROMPT], *([*BEFORE, PROMPT, says(text[:n])] for n in range(1, 22))]
    whole = packed(written(*states))
    cut = data.draw(st.integers(0, len(whole)))

    found = draft.parse(unpacked(whole[:cut]), "s", BEFORE)

    assert found is None or list(found.messages) in states
    if cut == len(whole):
        assert found is not None
        assert found.messages[-1].text == text


def test_growing_text_is_written_once() -> None:
    """A streamed answer of 100 kB costs little more than 100 kB."""
    text = "x" * 100_000
    states = [[*BEFORE, PROMPT, says(text[:n])] for n in range(1000, 100_001, 1000)]

    assert len(written(*states)) < 1.1 * len(text)


def test_results_are_written_once() -> None:
    """While their round runs, and not again when it is over and the next answer comes."""
    big = "y" * 50_000
    asked = [*BEFORE, PROMPT, calls("a", "b")]
    done = [*asked, result("a", big), result("b", big)]

    data = written(asked, done[:-1], done, [*done, says("Both.")])

    assert len(data) < 2.1 * len(big)


@pytest.mark.parametrize(
    ("session_id", "before"), [("other", BEFORE), ("s", BEFORE[:2]), ("s", [*BEFORE, *turn(2)])]
)
def test_a_draft_counts_only_behind_its_own_messages(
    session_id: str, before: list[Message]
) -> None:
    """Not when its turn has been saved since, and not for another session."""
    data = written([*BEFORE, PROMPT, says("Hm")])

    assert draft.parse(data, session_id, before) is None


def test_what_is_no_draft_at_all_is_none() -> None:
    """Such as the zeros that a power failure leaves."""
    assert draft.parse(unpacked(b"\0" * 100), "s", BEFORE) is None


def test_a_turn_in_which_nothing_was_said_is_none() -> None:
    assert draft.parse(written(), "s", BEFORE) is None
    assert draft.parse(b"", "s", BEFORE) is None


def test_every_call_gets_a_result_in_the_order_of_the_calls() -> None:
    """Those that had finished keep theirs; providers refuse a history with open calls."""
    asked = [*BEFORE, PROMPT, calls("a", "b", "c")]

    history = closed([*asked, result("c"), result("a")])

    unfinished = Message("user", (ToolResultBlock("b", CUT_OFF_RESULT, True),))
    assert history == [*asked, result("a"), unfinished, result("c")]
    assert closed(history) == history
    assert closed([*history, says("So.")]) == [*history, says("So.")]


def test_costs_of_the_turn_count() -> None:
    """Its model calls were paid for."""
    saved = session(BEFORE, "s")
    record = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "cost_usd": 0.5}
    line = draft.change(BEFORE, [*BEFORE, PROMPT, says("Hm")], [record])
    assert line is not None
    found = draft.parse(draft.header("s", BEFORE) + line, "s", BEFORE)
    assert found is not None

    longer = completed(saved, found)

    assert longer.total_usage.total_tokens == saved.total_usage.total_tokens + 7
    assert longer.total_cost == saved.total_cost + 0.5
    assert longer.cost_records[-1] == record
    assert [m.text for m in longer.messages[-2:]] == ["work", "Hm"]
