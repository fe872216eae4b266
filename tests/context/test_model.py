"""Queries, items and results: defaults, clamping, and the forms that are understood."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.context.limits import limited
from a3s_code.context.model import (
    ContextDepth,
    ContextItem,
    ContextQuery,
    ContextResult,
    ContextType,
    estimated_tokens,
)
from a3s_code.errors import InvalidArgument


def item(id_: str = "i", tokens: int = 0, content: str = "text", **fields: Any) -> ContextItem:
    return ContextItem(id_, ContextType.RESOURCE, content, token_count=tokens, **fields)


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("query", "the prompt"),
        ("context_types", ("Resource",)),
        ("depth", "Overview"),
        ("max_results", 10),
        ("max_tokens", 4000),
        ("session_id", None),
        ("params", {}),
    ],
)
def test_defaults_of_a_query(name: str, default: object) -> None:
    assert getattr(ContextQuery("the prompt"), name) == default


def test_names_of_types_and_depths() -> None:
    assert [*ContextType] == ["Memory", "Resource", "File", "Skill", "Custom"]
    assert [*ContextDepth] == ["Abstract", "Overview", "Full"]


def test_names_are_taken_in_any_case() -> None:
    query = ContextQuery("q", context_types=["memory", "FILE"], depth="full")  # type: ignore[arg-type]  # as a user would
    assert query.context_types == (ContextType.MEMORY, ContextType.FILE)
    assert query.depth is ContextDepth.FULL
    assert ContextQuery("q", context_types="Skill").context_types == (ContextType.SKILL,)  # type: ignore[arg-type]  # as a user would


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"depth": "deep"}, "unknown ContextDepth 'deep'; use one of Abstract, Overview, Full"),
        ({"context_types": ["Thing"]}, "unknown ContextType 'Thing'"),
        ({"max_results": -1}, "max_results must be an integer of at least 0, not -1"),
        ({"max_tokens": "many"}, "max_tokens must be an integer"),
        ({"max_tokens": True}, "max_tokens must be an integer"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        ContextQuery("q", **fields)


def test_an_item_needs_only_id_type_and_content() -> None:
    plain = ContextItem("i", ContextType.CUSTOM, "12345")
    assert (plain.token_count, plain.relevance, plain.source, plain.metadata) == (2, 0.0, None, {})
    assert ContextItem("i", "memory", "x").context_type is ContextType.MEMORY  # type: ignore[arg-type]  # as a user would


@pytest.mark.parametrize(
    ("given_", "kept"), [(0.5, 0.5), (1.5, 1.0), (-2, 0.0), (math.inf, 1.0), (math.nan, 0.0)]
)
def test_relevance_is_clamped(given_: float, kept: float) -> None:
    assert item(relevance=given_).relevance == kept


@settings(deadline=None)
@given(st.floats())
def test_any_relevance_ends_between_0_and_1(value: float) -> None:
    assert 0.0 <= item(relevance=value).relevance <= 1.0


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2)])
def test_tokens_are_estimated(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


def test_a_result_sums_its_items() -> None:
    result = ContextResult([item(tokens=3), item(tokens=4)], provider="p")
    assert (result.total_tokens, result.provider, result.truncated) == (7, "p", False)
    result.add_item(item(tokens=5))
    assert result.total_tokens == 12


@pytest.mark.parametrize(
    "value",
    [
        ContextResult([item()]),
        [item()],
        (item(),),
        {"items": [item()]},
        [{"id": "i", "context_type": "resource", "content": "text"}],
        {"items": [{"id": "i", "context_type": "Resource", "content": "text"}], "provider": "x"},
    ],
)
def test_forms_of_an_answer(value: object) -> None:
    assert ContextResult.coerce(value).items == [item()]


def test_nothing_is_an_answer_too() -> None:
    assert ContextResult.coerce(None).items == []


@pytest.mark.parametrize("value", ["text", 7, {"things": []}, [7], [{"id": "i"}], [{"x": 1}]])
def test_what_is_no_answer_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgument):
        ContextResult.coerce(value)


# -- limits -----------------------------------------------------------------------------------------


def kept(tokens: list[int], **limits: Any) -> tuple[list[str], bool]:
    items = [item(str(place), count) for place, count in enumerate(tokens)]
    result = limited(items, ContextQuery("q", **limits), "p")
    return [one.id for one in result.items], result.truncated


def test_the_number_of_items_is_limited() -> None:
    assert kept([1, 1, 1], max_results=2) == (["0", "1"], True)
    assert kept([1, 1, 1], max_results=3) == (["0", "1", "2"], False)
    assert kept([1], max_results=0) == ([], True)


def test_the_tokens_are_limited_and_a_smaller_item_takes_the_place() -> None:
    assert kept([60, 60, 30], max_tokens=100) == (["0", "2"], True)
    assert kept([60, 40], max_tokens=100) == (["0", "1"], False)
    assert kept([1], max_tokens=0) == ([], True)


def test_the_first_item_is_cut_rather_than_lost() -> None:
    result = limited([item(content="abcdefgh", tokens=4)], ContextQuery("q", max_tokens=1), "p")
    (only,) = result.items
    assert (only.content, only.token_count, result.truncated) == ("ab", 1, True)


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), max_size=12), st.integers(0, 8), st.integers(0, 120))
def test_no_limit_is_ever_passed(tokens: list[int], results: int, room: int) -> None:
    items = [item(str(place), count, content="x" * 200) for place, count in enumerate(tokens)]
    result = limited(items, ContextQuery("q", max_results=results, max_tokens=room), "p")
    assert len(result.items) <= results
    assert result.total_tokens == sum(one.token_count for one in result.items) <= room
    ids = [int(one.id) for one in result.items]
    assert ids == sorted(ids)
    assert result.truncated == (result.items != items)
