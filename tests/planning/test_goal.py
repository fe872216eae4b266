"""Goals in the answers of models, and what stands in for them."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.planning.goal import (
    GENERIC_CRITERIA,
    Goal,
    GoalCheck,
    clamped,
    parse_check,
    parse_goal,
)


def test_a_goal_is_read() -> None:
    answer = 'Sure: {"description": "All green", "success_criteria": ["tests pass", "lint passes"]}'
    assert parse_goal(answer, "make it green", 1_700_000_000) == Goal(
        description="All green",
        success_criteria=("tests pass", "lint passes"),
        created_at=1_700_000_000,
    )


@pytest.mark.parametrize("answer", [None, "", "no idea", "{}", '{"description": "  "}'])
def test_without_an_answer_the_prompt_is_the_goal_with_two_generic_criteria(
    answer: str | None,
) -> None:
    goal = parse_goal(answer, " make it green ", 5)
    assert (goal.description, goal.created_at) == ("make it green", 5)
    assert goal.success_criteria == GENERIC_CRITERIA
    assert len(GENERIC_CRITERIA) == 2


def test_the_documented_form() -> None:
    goal = Goal(description="d", success_criteria=("c",), created_at=1)
    done = goal.judged(GoalCheck(achieved=True, progress=1.0), 9)
    assert done.to_dict() == {
        "description": "d",
        "success_criteria": ["c"],
        "progress": 1.0,
        "achieved": True,
        "created_at": 1,
        "achieved_at": 9,
    }


def test_a_goal_that_was_missed_has_no_time() -> None:
    missed = Goal(description="d").judged(GoalCheck(achieved=False, progress=0.4), 9)
    assert (missed.achieved, missed.progress, missed.achieved_at) == (False, 0.4, None)


@pytest.mark.parametrize(
    ("answer", "check"),
    [
        (
            '{"achieved": true, "progress": 1.0, "remaining_criteria": []}',
            GoalCheck(achieved=True, progress=1.0),
        ),
        (
            '{"achieved": false, "progress": 0.3, "remaining_criteria": ["docs"]}',
            GoalCheck(achieved=False, progress=0.3, remaining_criteria=("docs",)),
        ),
        ('{"achieved": false, "progress": 7}', GoalCheck(achieved=False, progress=1.0)),
        ('{"achieved": false, "progress": -1}', GoalCheck(achieved=False, progress=0.0)),
        ('{"achieved": false, "progress": NaN}', GoalCheck(achieved=False, progress=0.0)),
        (f'{{"achieved": false, "progress": 1{"0" * 400}}}', GoalCheck(achieved=False, progress=1)),
        ('{"achieved": false}', GoalCheck(achieved=False, progress=0.5)),
        ('{"achieved": true}', GoalCheck(achieved=True, progress=1.0)),
        ('{"achieved": true, "progress": "high"}', GoalCheck(achieved=True, progress=1.0)),
    ],
)
def test_a_verdict_is_read(answer: str, check: GoalCheck) -> None:
    assert parse_check(answer, "", 0.5) == check


@pytest.mark.parametrize("answer", [None, "", "yes!", "{}", '{"achieved": "maybe"}'])
@pytest.mark.parametrize(
    ("text", "achieved"),
    [
        ("All tasks complete.", True),
        ("Completed!", True),
        ("It is DONE", True),
        ("I have finished it.", True),
        ("The work is incomplete and unfinished.", False),
        ("I abandoned it.", False),
        ("Something went wrong.", False),
        ("", False),
    ],
)
def test_without_a_verdict_the_final_text_decides(
    answer: str | None, text: str, achieved: bool
) -> None:
    expected = GoalCheck(achieved=achieved, progress=1.0 if achieved else 0.5)
    assert parse_check(answer, text, 0.5) == expected


@settings(deadline=None)
@given(st.floats() | st.integers())
def test_progress_is_always_a_part_of_one(value: float) -> None:
    assert 0.0 <= clamped(value) <= 1.0
    if not math.isnan(value) and 0 <= value <= 1:
        assert clamped(value) == value


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.none() | st.text() | st.floats() | st.lists(st.text())))
def test_no_answer_is_an_error(value: dict[str, object]) -> None:
    answer = json.dumps(value)
    assert parse_goal(answer, "p", 0).description
    assert 0.0 <= parse_check(answer, "", 0.0).progress <= 1.0
