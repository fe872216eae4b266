"""What model calls have cost, summed up by model and by day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from a3s_code.errors import InvalidArgument

K = TypeVar("K")

_TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmCostRecord:
    """One model call. `cost_usd` is None where no price is known; `timestamp` is in UTC."""

    model: str
    provider: str
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    timestamp: datetime
    cost_usd: float | None = None
    session_id: str | None = None

    @classmethod
    def of(cls, given: LlmCostRecord | Mapping[str, Any]) -> LlmCostRecord:
        """A record from an item of `Session.cost_records()`, or of a saved session.

        A time without a zone is taken for UTC. Raises `InvalidArgument`.
        """
        if isinstance(given, LlmCostRecord):
            return given
        try:
            values = {entry.name: given[entry.name] for entry in fields(cls) if entry.name in given}
            told = values["timestamp"]
            time = told if isinstance(told, datetime) else datetime.fromisoformat(told)
            values["timestamp"] = time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidArgument(f"{given!r} is no record of a model call: {error!r}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSummary:
    """Sums over model calls; one without a known price counts as 0 US dollars.

    `by_model`: dicts of `model`, `prompt_tokens`, `completion_tokens`, `total_tokens`, `cost_usd`,
    `call_count`, the most expensive first. `by_day`: dicts of `date` (`YYYY-MM-DD`, in UTC),
    `cost_usd`, `call_count`, `total_tokens`, the first day first.
    """

    total_cost_usd: float
    total_prompt_tokens: int
    total_completion_tokens: int
    total_tokens: int
    call_count: int
    by_model: list[dict[str, Any]]
    by_day: list[dict[str, Any]]


def aggregate_cost_records(
    records: Iterable[LlmCostRecord | Mapping[str, Any]],
    model_filter: str | None = None,
    start_date: date | str | None = None,
    end_date: date | str | None = None,
    session_id: str | None = None,
) -> CostSummary:
    """Sum up the calls of one model, one session, or the days from `start_date` to `end_date`.

    Both days are included; they are dates or texts such as `2025-01-31`, in UTC. Raises
    `InvalidArgument` for what is no record or no date.
    """
    start, end = _day("start_date", start_date), _day("end_date", end_date)
    calls = [
        call
        for call in map(LlmCostRecord.of, records)
        if model_filter in (None, call.model)
        and session_id in (None, call.session_id)
        and (start is None or start <= call.timestamp.date())
        and (end is None or call.timestamp.date() <= end)
    ]
    models = [
        {"model": model, **_tokens(group), **_cost(group)}
        for model, group in _grouped(calls, lambda call: call.model)
    ]
    days = [
        {
            "date": day.isoformat(),
            **_cost(group),
            "total_tokens": sum(call.total_tokens for call in group),
        }
        for day, group in _grouped(calls, lambda call: call.timestamp.date())
    ]
    tokens, cost = _tokens(calls), _cost(calls)
    return CostSummary(
        total_cost_usd=cost["cost_usd"],
        total_prompt_tokens=tokens["prompt_tokens"],
        total_completion_tokens=tokens["completion_tokens"],
        total_tokens=tokens["total_tokens"],
        call_count=len(calls),
        by_model=sorted(models, key=lambda entry: (-entry["cost_usd"], entry["model"])),
        by_day=sorted(days, key=lambda entry: str(entry["date"])),
    )


def _grouped(
    calls: Iterable[LlmCostRecord], key: Callable[[LlmCostRecord], K]
) -> Iterable[tuple[K, list[LlmCostRecord]]]:
    groups: dict[K, list[LlmCostRecord]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return groups.items()


def _tokens(calls: Iterable[LlmCostRecord]) -> dict[str, int]:
    calls = list(calls)
    return {name: sum(getattr(call, name) for call in calls) for name in _TOKENS}


def _cost(calls: list[LlmCostRecord]) -> dict[str, Any]:
    return {
        "cost_usd": sum((call.cost_usd or 0.0 for call in calls), 0.0),
        "call_count": len(calls),
    }


def _day(name: str, given: date | str | None) -> date | None:
    try:
        if isinstance(given, datetime):
            return given.replace(tzinfo=given.tzinfo or UTC).astimezone(UTC).date()
        return date.fromisoformat(given) if isinstance(given, str) else _date(given)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"{name} must be a date such as 2025-01-31, not {given!r}") from error


def _date(given: date | None) -> date | None:
    if given is None or isinstance(given, date):
        return given
    raise TypeError
