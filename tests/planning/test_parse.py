"""Plans in the answers of models."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.planning.parse import MAX_STEPS, json_object, parse_plan
from a3s_code.planning.plan import ExecutionPlan


def parsed(*steps: Any, **others: Any) -> ExecutionPlan:
    plan = parse_plan(json.dumps({"goal": "g", "steps": list(steps), **others}), "the prompt")
    assert plan is not None
    return plan


def test_a_complete_answer() -> None:
    plan = parsed(
        {
            "id": "read",
            "content": "Read it",
            "priority": "high",
            "tool": "read",
            "dependencies": [],
            "success_criteria": "it was read",
        },
        {"id": "mend", "description": "Mend it", "dependencies": ["read"]},
        complexity="Simple",
        required_tools=["read", "edit"],
    )
    assert (plan.goal, plan.complexity, plan.estimated_steps) == ("g", "Simple", 2)
    assert plan.required_tools == ("read", "edit")
    first, second = plan.steps
    assert (first.tool, first.priority, first.success_criteria) == ("read", "high", "it was read")
    assert (second.content, second.dependencies, second.status) == ("Mend it", ("read",), "pending")


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Here it is:\n```json\n{"a": {"b": 2}}\n```\nGood luck!', {"a": {"b": 2}}),
        ("no object", None),
        ("} backwards {", None),
        ("{not json}", None),
        ("[1, 2]", None),
        ("", None),
        ('{"a": 1} and {"b": 2}', None),
        ("{" * 100_000 + "}" * 100_000, None),
        ('{"a": ' + "[" * 100_000 + "}", None),
    ],
)
def test_json_is_taken_from_the_first_brace_to_the_last(answer: str, value: object) -> None:
    assert json_object(answer) == value


@pytest.mark.parametrize(
    "answer",
    ["I would rather chat.", '{"goal": "g"}', '{"steps": "all of them"}', '{"steps": [1, {}, ""]}'],
)
def test_an_answer_without_readable_steps_is_no_plan(answer: str) -> None:
    assert parse_plan(answer, "prompt") is None


def test_without_steps_the_prompt_is_the_only_one() -> None:
    plan = parse_plan('{"steps": []}', " say hi ")
    assert plan is not None
    assert plan.goal == "say hi"
    assert [(step.id, step.content) for step in plan.steps] == [("step-1", "say hi")]


def test_missing_and_repeated_ids_are_made_up() -> None:
    plan = parsed({"content": "1"}, {"id": "x", "content": "2"}, {"id": "x", "content": "3"})
    assert [step.id for step in plan.steps] == ["step-1", "x", "step-3"]


def test_a_made_up_id_does_not_take_a_given_one() -> None:
    plan = parsed({"content": "1"}, {"id": "step-1", "content": "2"})
    assert [step.id for step in plan.steps] == ["step-1'", "step-1"]


def test_unknown_own_and_repeated_dependencies_are_dropped() -> None:
    plan = parsed(
        {"id": "a", "content": "1", "dependencies": ["nobody", "a"]},
        {"id": "b", "content": "2", "dependencies": ["a", "a"]},
    )
    assert [step.dependencies for step in plan.steps] == [(), ("a",)]


def test_a_dependency_may_be_a_steps_place() -> None:
    plan = parsed({"content": "1"}, {"content": "2", "dependencies": [1]}, {"content": "3"})
    assert plan.steps[1].dependencies == ("step-1",)


def test_a_circle_is_opened() -> None:
    plan = parsed(
        {"id": "a", "content": "1", "dependencies": ["b"]},
        {"id": "b", "content": "2", "dependencies": ["a"]},
    )
    assert [step.dependencies for step in plan.steps] == [(), ("a",)]


def test_no_step_of_a_new_plan_has_begun() -> None:
    assert parsed({"content": "1", "status": "completed"}).steps[0].status == "pending"


def test_a_runaway_plan_is_cut() -> None:
    plan = parsed(*({"content": str(number)} for number in range(MAX_STEPS + 5)))
    assert len(plan.steps) == MAX_STEPS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "content", "dependencies", "priority"]), inner, max_size=4
        )
    ),
    max_leaves=30,
)


@settings(deadline=None)
@given(st.lists(json_values, max_size=6), json_values, json_values)
def test_whatever_a_model_writes_is_a_sound_plan_or_none(
    steps: list[object], goal: object, complexity: object
) -> None:
    answer = json.dumps({"goal": goal, "complexity": complexity, "steps": steps})
    plan = parse_plan(answer, "prompt")
    if plan is None:
        return
    ids = [step.id for step in plan.steps]
    assert len(set(ids)) == len(ids) > 0
    assert all(set(step.dependencies) < set(ids) for step in plan.steps)
    while ready := plan.get_ready_steps():
        for step in ready:
            plan.mark_status(step.id, "completed")
    assert plan.progress() == 1.0
    json.dumps(plan.to_dict())
