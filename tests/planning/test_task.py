"""Steps of a plan, read from what models and older versions write."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.planning.task import Task, TaskPriority, TaskStatus


def read(**values: object) -> Task:
    task = Task.from_dict({"id": "a", "content": "do it", **values})
    assert task is not None
    return task


def test_what_is_absent_has_its_default() -> None:
    assert Task.from_dict({"content": "do it"}) == Task(
        id="",
        content="do it",
        status=TaskStatus.PENDING,
        priority=TaskPriority.MEDIUM,
        tool=None,
        dependencies=(),
        success_criteria=None,
    )


@pytest.mark.parametrize(
    "status", ["pending", "in_progress", "completed", "failed", "skipped", "cancelled"]
)
def test_every_status_is_read_and_written(status: str) -> None:
    assert read(status=status).status == status
    assert read(status=status).to_dict()["status"] == status


@pytest.mark.parametrize("status", ["someday", "", None, 3, ["failed"]])
def test_an_unknown_status_is_pending(status: object) -> None:
    assert read(status=status).status is TaskStatus.PENDING


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("high", "high"),
        ("medium", "medium"),
        ("low", "low"),
        ("High", "high"),
        (" LOW ", "low"),
        ("critical", "high"),
        ("Critical", "high"),
        ("urgent", "medium"),
        (None, "medium"),
        (1, "medium"),
    ],
)
def test_priorities(word: object, priority: str) -> None:
    assert read(priority=word).priority == priority


def test_the_content_may_be_called_description() -> None:
    task = Task.from_dict({"id": "a", "description": "do it"})
    assert task is not None
    assert (task.content, task.description) == ("do it", "do it")


@pytest.mark.parametrize("value", [None, "text", 7, [], {}, {"content": ""}, {"content": ["x"]}])
def test_something_without_content_is_no_step(value: object) -> None:
    assert Task.from_dict(value) is None


def test_numbers_serve_as_ids_and_a_lone_dependency_as_a_list() -> None:
    task = read(id=3, dependencies=[1, "b", None, {}, True])
    assert (task.id, task.dependencies) == ("3", ("1", "b"))
    assert read(dependencies="b").dependencies == ("b",)


def test_a_list_of_criteria_becomes_one_text() -> None:
    assert read(success_criteria=["tests pass", "docs build"]).success_criteria == (
        "tests pass; docs build"
    )


def test_half_a_surrogate_pair_cannot_get_into_a_request() -> None:
    task = Task.from_dict(json.loads('{"content": "say \\ud83d"}'))
    assert task is not None
    assert task.content == "say ?"


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(str.strip).filter(bool)
tasks = st.builds(
    Task,
    id=texts,
    content=texts,
    status=st.sampled_from(TaskStatus),
    priority=st.sampled_from(TaskPriority),
    tool=st.none() | texts,
    dependencies=st.lists(texts).map(tuple),
    success_criteria=st.none() | texts,
)


@settings(deadline=None)
@given(tasks)
def test_the_documented_form_survives_json(task: Task) -> None:
    assert Task.from_dict(json.loads(json.dumps(task.to_dict()))) == task


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = ("id", "content", "status", "priority", "tool", "dependencies", "success_criteria")


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_no_value_of_a_field_is_an_error(value: dict[str, object]) -> None:
    task = Task.from_dict(value)
    assert task is None or Task.from_dict(task.to_dict()) is not None
