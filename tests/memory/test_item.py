"""Memory items: fields, defaults, documented form."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.errors import InvalidArgument
from a3s_code.memory.item import MemoryItem
from a3s_code.store.reading import WrongForm

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def test_defaults() -> None:
    before = datetime.now(UTC)
    item = MemoryItem("We deploy on Fridays.")
    assert uuid.UUID(item.id).version == 4
    assert (item.memory_type, item.importance, list(item.tags)) == ("episodic", 0.5, [])
    assert (dict(item.metadata), item.access_count, item.last_accessed) == ({}, 0, None)
    assert before <= item.timestamp <= datetime.now(UTC)
    assert MemoryItem("x").id != MemoryItem("x").id


@pytest.mark.parametrize(
    ("given", "kept"), [(-1, 0.0), (0.25, 0.25), (1, 1.0), (7, 1.0), (float("inf"), 1.0)]
)
def test_importance_is_clamped(given: float, kept: float) -> None:
    assert MemoryItem("x", importance=given).importance == kept


@pytest.mark.parametrize("kind", ["episodic", "semantic", "procedural", "working"])
def test_types(kind: Any) -> None:
    assert MemoryItem("x", memory_type=kind.title()).memory_type == kind


def test_every_field_is_in_the_dict_and_comes_back() -> None:
    item = MemoryItem(
        "x",
        importance=0.75,
        tags=["a", "b"],
        memory_type="semantic",
        metadata={"k": "v"},
        id="i",
        timestamp=NOON,
        access_count=3,
        last_accessed=NOON.astimezone(timezone(timedelta(hours=2))),
    )
    assert item.to_dict() == {
        "id": "i",
        "content": "x",
        "memory_type": "semantic",
        "importance": 0.75,
        "tags": ["a", "b"],
        "metadata": {"k": "v"},
        "timestamp": "2024-05-01T12:00:00Z",
        "access_count": 3,
        "last_accessed": "2024-05-01T12:00:00Z",
    }
    assert MemoryItem.from_dict(json.loads(json.dumps(item.to_dict()))) == item
    assert set(MemoryItem("y").to_dict()) == set(item.to_dict())


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_survive(moment: datetime) -> None:
    item = MemoryItem("x", timestamp=moment)
    assert MemoryItem.from_dict(item.to_dict()).timestamp == moment


def test_nanoseconds_of_other_writers_are_read() -> None:
    item = MemoryItem.from_dict({"content": "x", "timestamp": "2024-05-01T12:00:00.123456789Z"})
    assert item.timestamp == NOON + timedelta(microseconds=123456)


def test_an_access_is_counted() -> None:
    item = MemoryItem("x", timestamp=NOON)
    later = item.accessed(NOON + timedelta(days=1)).accessed(NOON + timedelta(days=2))
    assert (later.access_count, later.last_accessed) == (2, NOON + timedelta(days=2))
    assert (later.id, later.timestamp) == (item.id, NOON)


def test_items_from_dicts_and_text() -> None:
    item = MemoryItem("x")
    assert MemoryItem.of(item) is item
    assert MemoryItem.of("x").content == "x"
    assert MemoryItem.of({"content": "x", "importance": 1}).importance == 1.0


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (7, "a int is no memory item"),
        ({}, "'content' is missing"),
        ({"content": "x", "colour": 1}, "no field 'colour'"),
        ({"content": "x", "memory_type": "vague"}, "memory_type must be one of episodic, semantic"),
        ({"content": "x", "importance": "high"}, "'importance' must be a number"),
        ({"content": "x", "importance": float("nan")}, "importance must be from 0.0 to 1.0"),
        ({"content": "x", "timestamp": "soon"}, "'timestamp' is not a date and time"),
        ({"content": "x", "tags": [1]}, "'tags' must hold strings"),
    ],
)
def test_what_is_no_item(value: Any, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        MemoryItem.of(value)


def test_constructor_checks() -> None:
    with pytest.raises(InvalidArgument, match="content of a memory item must be a string"):
        MemoryItem(7)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="id of a memory item"):
        MemoryItem("x", id="")
    with pytest.raises(InvalidArgument, match="importance must be from"):
        MemoryItem("x", importance="high")  # type: ignore[arg-type]
    with pytest.raises(WrongForm):
        MemoryItem.from_dict({"content": 3})
