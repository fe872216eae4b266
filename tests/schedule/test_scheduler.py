"""The limits, times and fields of scheduled tasks."""

from __future__ import annotations

import re
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.errors import InvalidArgument, ScheduleFull
from a3s_code.schedule.scheduler import DueTask, Scheduler
from tests.schedule.clock import Clock

DAY_S = 86_400


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scheduler(clock: Clock) -> Scheduler:
    return Scheduler(clock)


def prompts(due: list[DueTask]) -> list[str]:
    return [task.prompt for task in due]


def test_a_new_task_has_the_documented_fields(scheduler: Scheduler) -> None:
    task_id = scheduler.add("check the build", 30)
    assert re.fullmatch("[0-9a-f]{8}", task_id)
    assert scheduler.tasks() == [
        {
            "id": task_id,
            "prompt": "check the build",
            "interval_secs": 30,
            "recurring": True,
            "fire_count": 0,
            "next_fire_in_secs": 30,
        }
    ]


def test_tasks_are_listed_in_the_order_of_creation(scheduler: Scheduler) -> None:
    ids = [scheduler.add("a", 30), scheduler.add("b", 10), scheduler.add("c", 20)]
    assert [task["id"] for task in scheduler.tasks()] == ids
    assert len(scheduler) == 3


def test_the_time_to_the_next_run_is_rounded_up_and_never_negative(
    scheduler: Scheduler, clock: Clock
) -> None:
    scheduler.add("a", 10)
    clock.advance(0.5)
    assert scheduler.tasks()[0]["next_fire_in_secs"] == 10
    clock.advance(9)
    assert scheduler.tasks()[0]["next_fire_in_secs"] == 1
    clock.advance(100)
    assert scheduler.tasks()[0]["next_fire_in_secs"] == 0


def test_a_task_is_due_first_after_one_interval_then_after_every_one(
    scheduler: Scheduler, clock: Clock
) -> None:
    scheduler.add("a", 10)
    fired = []
    for _ in range(40):
        clock.advance(1)
        fired.append(len(scheduler.take_due()))
    assert [second for second, count in enumerate(fired, 1) if count] == [10, 20, 30, 40]
    assert scheduler.tasks()[0]["fire_count"] == 4


def test_a_task_that_became_due_several_times_fires_once_and_keeps_its_rhythm(
    scheduler: Scheduler, clock: Clock
) -> None:
    scheduler.add("a", 10)
    clock.advance(47)
    assert prompts(scheduler.take_due()) == ["a"]
    assert scheduler.take_due() == []
    assert scheduler.tasks()[0]["fire_count"] == 1
    assert scheduler.tasks()[0]["next_fire_in_secs"] == 3


def test_due_tasks_come_in_the_order_they_became_due(scheduler: Scheduler, clock: Clock) -> None:
    for prompt, interval_s in [("30", 30), ("10", 10), ("20", 20), ("10 too", 10), ("99", 99)]:
        scheduler.add(prompt, interval_s)
    clock.advance(35)
    assert prompts(scheduler.take_due()) == ["10", "10 too", "20", "30"]


def test_a_task_that_runs_once_is_gone_when_taken(scheduler: Scheduler, clock: Clock) -> None:
    task_id = scheduler.add("a", 10, recurring=False)
    assert scheduler.tasks()[0]["recurring"] is False
    clock.advance(10)
    assert scheduler.take_due() == [DueTask(task_id, "a", recurring=False)]
    assert scheduler.tasks() == []


def test_cancelling_tells_whether_there_was_something(scheduler: Scheduler, clock: Clock) -> None:
    task_id = scheduler.add("a", 10)
    assert task_id in scheduler
    assert scheduler.cancel(task_id) is True
    assert scheduler.cancel(task_id) is False
    assert task_id not in scheduler
    clock.advance(10)
    assert scheduler.take_due() == []


def test_fifty_tasks_are_the_limit(scheduler: Scheduler) -> None:
    ids = {scheduler.add("a", 10) for _ in range(50)}
    assert len(ids) == 50
    with pytest.raises(ScheduleFull, match="50"):
        scheduler.add("one more", 10)
    scheduler.cancel(ids.pop())
    scheduler.add("one more", 10)
    assert len(scheduler) == 50


def test_the_limit_is_a_runtime_error() -> None:
    """The documented type of the failure."""
    assert issubclass(ScheduleFull, RuntimeError)


def test_a_task_disappears_three_days_after_its_creation(
    scheduler: Scheduler, clock: Clock
) -> None:
    scheduler.add("old", 10)
    clock.advance(3 * DAY_S - 1)
    young = scheduler.add("young", 10)
    assert len(scheduler) == 2
    clock.advance(1)
    assert [task["id"] for task in scheduler.tasks()] == [young]
    clock.advance(10)
    assert prompts(scheduler.take_due()) == ["young"]


def test_expired_tasks_leave_room(scheduler: Scheduler, clock: Clock) -> None:
    for _ in range(50):
        scheduler.add("a", 10)
    clock.advance(3 * DAY_S)
    scheduler.add("b", 10)
    assert len(scheduler) == 1


def test_an_interval_below_a_second_is_a_second(scheduler: Scheduler) -> None:
    scheduler.add("a", 0)
    assert scheduler.tasks()[0]["interval_secs"] == 1


@pytest.mark.parametrize("interval", [-1, 1.5, "5m", None, True])
def test_an_interval_is_a_whole_number(scheduler: Scheduler, interval: object) -> None:
    with pytest.raises(InvalidArgument, match="integer of at least 0"):
        scheduler.add("a", interval)  # type: ignore[arg-type]
    assert len(scheduler) == 0


@pytest.mark.parametrize("prompt", ["", " \n", None])
def test_a_prompt_says_something(scheduler: Scheduler, prompt: object) -> None:
    with pytest.raises(InvalidArgument, match=r"empty|must be a string"):
        scheduler.add(prompt, 10)  # type: ignore[arg-type]


def test_ids_are_unique_even_when_chance_repeats_itself(clock: Clock) -> None:
    ids = chain(["aaaaaaaa", "aaaaaaaa", "aaaaaaaa"], repeat("bbbbbbbb"))
    scheduler = Scheduler(clock, lambda: next(ids))
    assert [scheduler.add("a", 1), scheduler.add("b", 1)] == ["aaaaaaaa", "bbbbbbbb"]


def test_clearing_removes_everything(scheduler: Scheduler) -> None:
    scheduler.add("a", 1)
    scheduler.clear()
    assert scheduler.tasks() == []


@given(
    intervals=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    waits=st.lists(st.integers(1, 40), max_size=20),
)
def test_nothing_is_early_and_nothing_that_is_due_is_forgotten(
    intervals: list[int], waits: list[int]
) -> None:
    """A task is taken exactly when at least one of its times lies since the last look."""
    clock = Clock()
    scheduler = Scheduler(clock)
    for index, interval_s in enumerate(intervals):
        scheduler.add(str(index), interval_s)
    elapsed = 0
    for wait in waits:
        before, elapsed = elapsed, elapsed + wait
        clock.advance(wait)
        expected = {
            str(index)
            for index, interval_s in enumerate(intervals)
            if elapsed // interval_s > before // interval_s
        }
        taken = prompts(scheduler.take_due())
        assert len(taken) == len(expected)
        assert set(taken) == expected
