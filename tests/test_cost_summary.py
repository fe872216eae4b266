"""Sums over model calls."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from a3s_code import InvalidArgument, LlmCostRecord, aggregate_cost_records
from tests.model_server import ModelServer, says
from tests.session.conftest import NewSession, new_session

__all__ = ["new_session"]


def call(model: str, day: int, cost_usd: float | None, **values: Any) -> LlmCostRecord:
    """A call of ten prompt and two completion tokens in the last minute of a day."""
    return LlmCostRecord(
        **{
            "model": model,
            "provider": "p",
            "prompt_tokens": 10,
            "completion_tokens": 2,
            "total_tokens": 12,
            "cost_usd": cost_usd,
            "timestamp": datetime(2001, 1, day, 23, 59, tzinfo=UTC),
            **values,
        }
    )


CALLS = [
    call("cheap", 2, 0.25, session_id="s"),
    call("dear", 1, 2.0),
    call("cheap", 1, 0.5, session_id="s"),
    call("unknown", 3, None, session_id="t"),
]


def test_totals() -> None:
    summary = aggregate_cost_records(CALLS)
    assert summary.total_cost_usd == 2.75  # what has no known price counts as 0
    assert (summary.total_prompt_tokens, summary.total_completion_tokens) == (40, 8)
    assert (summary.total_tokens, summary.call_count) == (48, 4)


def test_the_most_expensive_model_comes_first() -> None:
    summary = aggregate_cost_records(CALLS)
    assert [entry["model"] for entry in summary.by_model] == ["dear", "cheap", "unknown"]
    assert summary.by_model[1] == {
        "model": "cheap",
        "prompt_tokens": 20,
        "completion_tokens": 4,
        "total_tokens": 24,
        "cost_usd": 0.75,
        "call_count": 2,
    }


def test_days_come_in_order() -> None:
    assert aggregate_cost_records(CALLS).by_day == [
        {"date": "2001-01-01", "cost_usd": 2.5, "call_count": 2, "total_tokens": 24},
        {"date": "2001-01-02", "cost_usd": 0.25, "call_count": 1, "total_tokens": 12},
        {"date": "2001-01-03", "cost_usd": 0, "call_count": 1, "total_tokens": 12},
    ]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"model_filter": "cheap"}, 2),
        ({"session_id": "s"}, 2),
        ({"start_date": date(2001, 1, 2)}, 2),
        ({"end_date": "2001-01-02"}, 3),
        ({"start_date": "2001-01-01", "end_date": "2001-01-01"}, 2),
        ({"start_date": datetime(2001, 1, 3, 23, tzinfo=timezone(timedelta(hours=-2)))}, 0),
        ({"model_filter": "none"}, 0),
    ],
)
def test_filters(filters: dict[str, Any], count: int) -> None:
    """Both days are included."""
    assert aggregate_cost_records(CALLS, **filters).call_count == count


def test_the_records_of_a_session(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("Hi.").using(1_000_000, 500_000))
    session = new_session(model_lines="cost {\n input = 3\n output = 8\n}")
    session.send("hi")
    (told,) = session.cost_records()
    record = LlmCostRecord.of(told)
    assert (record.model, record.provider) == ("m", "openai")
    assert record.session_id == session.session_id
    tokens = (record.prompt_tokens, record.completion_tokens, record.total_tokens)
    assert tokens == (1_000_000, 500_000, 1_500_000)
    assert {type(each) for each in tokens} == {int}
    assert record.cost_usd == pytest.approx(7.0)
    assert record.timestamp.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - record.timestamp) < timedelta(days=1)
    summary = aggregate_cost_records(session.cost_records())
    assert summary.total_cost_usd == pytest.approx(session.cost_usd)


def test_what_a_record_may_leave_open() -> None:
    values = {"model": "m", "provider": "p", "prompt_tokens": 1, "completion_tokens": 1}
    record = LlmCostRecord.of(values | {"total_tokens": 2, "timestamp": "2001-01-01T12:00:00"})
    assert (record.session_id, record.cost_usd) == (None, None)
    assert record.timestamp == datetime(2001, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("record", [{}, {"model": "m"}, 5, None, {"timestamp": "noon"}])
def test_what_is_no_record_is_refused(record: Any) -> None:
    with pytest.raises(InvalidArgument, match="no record of a model call"):
        aggregate_cost_records([record])


@pytest.mark.parametrize("name", ["start_date", "end_date"])
@pytest.mark.parametrize("value", ["yesterday", 5, "2001-13-01"])
def test_what_is_no_date_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidArgument, match=f"{name} must be a date"):
        aggregate_cost_records([], **{name: value})
