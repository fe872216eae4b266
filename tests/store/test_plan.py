"""What has to be written after a turn."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.messages import Message
from a3s_code.store.plan import SHORT_MESSAGES, fold_is_due, grown, growth_between
from a3s_code.store.saved import SavedSession
from tests.store.sessions import LONG, session, turn

BEFORE = session(LONG)


def later(before: SavedSession, number: int = LONG) -> SavedSession:
    """The session after one more turn that costs 1 dollar."""
    return replace(
        before,
        messages=[*before.messages, *turn(number)],
        cost_records=[*before.cost_records, {"turn": number}],
        total_cost=before.total_cost + 1,
    )


def test_a_turn_is_what_it_added() -> None:
    growth = growth_between(BEFORE, later(BEFORE))
    assert growth is not None
    assert growth.messages == tuple(turn(LONG))
    assert growth.cost_records == ({"turn": LONG},)
    assert growth.head == {"total_cost": BEFORE.total_cost + 1}


def test_nothing_new_is_an_empty_growth() -> None:
    growth = growth_between(BEFORE, replace(BEFORE))
    assert growth is not None
    assert (growth.messages, growth.cost_records, growth.head) == ((), (), {})


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(replace(BEFORE, messages=()), id="cleared"),
        pytest.param(
            replace(BEFORE, messages=[*BEFORE.messages[:2], *BEFORE.messages[-30:]]),
            id="compacted",
        ),
        pytest.param(
            replace(BEFORE, messages=[Message.user("cut"), *BEFORE.messages[1:], *turn(LONG)]),
            id="a message pruned, others added",
        ),
        pytest.param(replace(BEFORE, cost_records=()), id="costs reset"),
    ],
)
def test_a_replaced_history_is_written_whole(now: SavedSession) -> None:
    assert growth_between(BEFORE, now) is None


def test_a_key_that_vanished_is_written_whole() -> None:
    assert growth_between(replace(BEFORE, model_name="m"), BEFORE) is None
    growth = growth_between(BEFORE, replace(BEFORE, model_name="m"))
    assert growth is not None
    assert growth.head == {"model_name": "m"}


def test_first_save_and_short_sessions_are_written_whole() -> None:
    short, long = session(SHORT_MESSAGES // 2), session(SHORT_MESSAGES // 2 + 1)
    assert growth_between(None, long) is None
    assert growth_between(session(1), short) is None
    assert growth_between(short, long) is not None


class Counted(str):
    """A text that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str(self) == other

    __hash__ = str.__hash__


def test_known_messages_are_not_looked_into() -> None:
    """The price of a turn does not grow with what was said before."""
    before = replace(BEFORE, messages=[Message.user(Counted("x")) for _ in range(500)])
    assert growth_between(before, later(before)) is not None
    assert Counted.compared == 0


def test_equal_messages_need_not_be_the_same_objects() -> None:
    assert growth_between(session(LONG), later(session(LONG))) is not None


@given(st.lists(st.integers(min_value=0, max_value=3), max_size=8))
def test_snapshot_and_growth_give_the_session(steps: list[int]) -> None:
    """Whatever the turns added, the documented form with all entries is that of the session."""
    states = [BEFORE]
    for step in steps:
        state = states[-1]
        for number in range(step):
            state = later(state, number)
        states.append(state)
    data = BEFORE.to_dict()
    for before, now in itertools.pairwise(states):
        growth = growth_between(before, now)
        assert growth is not None
        data = grown(data, growth.to_dict())
    assert SavedSession.from_dict(data) == states[-1]


def test_the_journal_may_be_eight_times_as_long_as_the_snapshot() -> None:
    assert not fold_is_due(100, 800)
    assert fold_is_due(100, 801)
