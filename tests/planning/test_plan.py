"""What a plan tells about its steps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.errors import InvalidArgument
from a3s_code.planning.plan import Complexity, ExecutionPlan, fallback_plan, without_cycles
from a3s_code.planning.task import Task, TaskStatus
from tests.planning.plans import plan, steps


def ready(of: ExecutionPlan) -> list[str]:
    return [step.id for step in of.get_ready_steps()]


def test_a_step_is_ready_when_all_its_dependencies_are_completed() -> None:
    diamond = plan("a", "b<a", "c<a", "d<b,c")
    assert ready(diamond) == ["a"]
    diamond.mark_status("a", "completed")
    assert ready(diamond) == ["b", "c"]
    diamond.mark_status("b", TaskStatus.COMPLETED)
    assert ready(diamond) == ["c"]
    diamond.mark_status("c", "completed")
    assert ready(diamond) == ["d"]


@pytest.mark.parametrize("status", ["in_progress", "failed", "skipped", "cancelled"])
def test_only_a_completed_step_lets_others_begin(status: str) -> None:
    chain = plan("a", "b<a")
    chain.mark_status("a", status)
    assert ready(chain) == []


def test_counts_progress_and_deadlock() -> None:
    chain = plan("a", "b<a", "c<b", "d")
    assert (chain.pending_count(), chain.completed_count(), chain.progress()) == (4, 0, 0.0)
    chain.mark_status("a", "completed")
    chain.mark_status("d", "in_progress")
    assert (chain.pending_count(), chain.completed_count(), chain.progress()) == (2, 1, 0.25)
    chain.mark_status("b", "failed")
    assert not chain.has_deadlock()  # d may still end, and then it is seen
    chain.mark_status("d", "completed")
    assert chain.has_deadlock()
    chain.mark_status("c", "skipped")
    assert not chain.has_deadlock()
    assert chain.progress() == 0.5


def test_a_circle_is_a_deadlock_from_the_start() -> None:
    assert plan("a<b", "b<a").has_deadlock()


def test_a_plan_without_steps_has_no_progress_and_no_deadlock() -> None:
    assert (plan().progress(), plan().has_deadlock(), plan().wave_count()) == (0.0, False, 0)


@pytest.mark.parametrize(
    ("texts", "waves"),
    [(("a",), 1), (("a", "b"), 1), (("a", "b<a"), 2), (("a", "b<a", "c<a", "d<b,c"), 3)],
)
def test_waves_are_counted(texts: tuple[str, ...], waves: int) -> None:
    assert plan(*texts).wave_count() == waves


def test_what_can_never_begin_needs_no_wave() -> None:
    assert plan("a", "b<c", "c<b").wave_count() == 1


def test_unknown_steps_and_statuses_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="no step 'x'"):
        plan("a").mark_status("x", "completed")
    with pytest.raises(InvalidArgument, match=r"unknown status 'done'.*completed"):
        plan("a").mark_status("a", "done")


def test_the_documented_form() -> None:
    assert ExecutionPlan(
        goal="g", steps=steps("a"), complexity=Complexity.SIMPLE, required_tools=("bash",)
    ).to_dict() == {
        "goal": "g",
        "complexity": "Simple",
        "steps": [
            {
                "id": "a",
                "content": "do a",
                "status": "pending",
                "priority": "medium",
                "tool": None,
                "dependencies": [],
                "success_criteria": None,
            }
        ],
        "required_tools": ["bash"],
        "estimated_steps": 1,
    }


@pytest.mark.parametrize(
    ("word", "complexity"),
    [
        ("Simple", "Simple"),
        ("Medium", "Medium"),
        ("Complex", "Complex"),
        ("VeryComplex", "VeryComplex"),
        ("very complex", "VeryComplex"),
        ("SIMPLE", "Simple"),
        ("Huge", "Medium"),
        ("", "Medium"),
        (None, "Medium"),
        (4, "Medium"),
    ],
)
def test_complexity(word: object, complexity: str) -> None:
    assert Complexity.of(word) == complexity


def test_the_fallback_is_a_chain_of_three() -> None:
    chain = fallback_plan("mend the build")
    assert chain.goal == "mend the build"
    assert [step.id for step in chain.steps] == ["step-1", "step-2", "step-3"]
    assert [step.priority for step in chain.steps] == ["high", "high", "medium"]
    assert [step.dependencies for step in chain.steps] == [(), ("step-1",), ("step-2",)]
    assert [step.content.split()[0].lower() for step in chain.steps] == [
        "analyze",
        "implement",
        "verify",
    ]
    assert chain.wave_count() == 3


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        (("a<b", "b<a"), {"a": (), "b": ("a",)}),
        (("a<a",), {"a": ()}),
        (("a<c", "b<a", "c<b"), {"a": (), "b": ("a",), "c": ("b",)}),
        (("a", "b<a"), {"a": (), "b": ("a",)}),
        (("a<b", "b"), {"a": ("b",), "b": ()}),  # backwards, but no circle
    ],
)
def test_circles_are_opened_where_they_point_forward(
    given_: tuple[str, ...], kept: dict[str, tuple[str, ...]]
) -> None:
    assert {step.id: step.dependencies for step in without_cycles(steps(*given_))} == kept


@st.composite
def tangled(draw: st.DrawFn) -> list[Task]:
    ids = [f"s{number}" for number in range(draw(st.integers(1, 8)))]
    return [
        Task(
            id=id_,
            content=id_,
            dependencies=tuple(draw(st.lists(st.sampled_from(ids), unique=True))),
        )
        for id_ in ids
    ]


@settings(deadline=None)
@given(tangled())
def test_without_circles_every_step_gets_its_turn(given_: list[Task]) -> None:
    whole = ExecutionPlan(goal="g", steps=without_cycles(given_))
    before = ExecutionPlan(goal="g", steps=given_)
    rounds = 0
    while (of_wave := whole.get_ready_steps()) and rounds <= len(given_):
        rounds += 1
        for step in of_wave:
            whole.mark_status(step.id, "completed")
    assert whole.progress() == 1.0
    assert whole.wave_count() == rounds
    reachable = sum(1 for _ in _closure(before))
    if reachable == len(given_):  # there was no circle: nothing may be lost
        assert [step.dependencies for step in whole.steps] == [step.dependencies for step in given_]


def _closure(of: ExecutionPlan) -> set[str]:
    done: set[str] = set()
    while fresh := {
        step.id for step in of.steps if step.id not in done and done >= set(step.dependencies)
    }:
        done |= fresh
    return done


@settings(deadline=None)
@given(tangled(), st.data())
def test_a_plan_never_hangs_unnoticed(given_: list[Task], data: st.DataObject) -> None:
    """Whatever ends how: at last nothing is pending, or the plan says that it is stuck."""
    running = ExecutionPlan(goal="g", steps=given_)
    while of_wave := running.get_ready_steps():
        for step in of_wave:
            running.mark_status(step.id, data.draw(st.sampled_from(["completed", "failed"])))
    assert running.has_deadlock() == (running.pending_count() > 0)
    assert 0.0 <= running.progress() <= 1.0
