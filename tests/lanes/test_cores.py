"""The parts of the queue that compute: delays, rates, alerts, figures, dead letters."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.config.model import RateLimitSettings, RetryPolicySettings
from a3s_code.lanes.dead_letters import DeadLetter, DeadLetters
from a3s_code.lanes.depth import DepthWatch
from a3s_code.lanes.metrics import Histogram, Metrics
from a3s_code.lanes.timing import RateLimit, retry_delay_ms


@pytest.mark.parametrize(
    ("policy", "delays"),
    [
        (None, [None]),
        (RetryPolicySettings(), [100, 200, 400, None]),
        (RetryPolicySettings(max_retries=1, initial_delay_ms=5), [5, None]),
        (RetryPolicySettings(max_retries=0), [None]),
        (RetryPolicySettings(strategy="none"), [None]),
        (RetryPolicySettings(strategy="fixed", fixed_delay_ms=7), [7, 7, 7, None]),
    ],
)
def test_delays(policy: RetryPolicySettings | None, delays: list[int | None]) -> None:
    attempts = range(1, len(delays) + 1)
    assert [retry_delay_ms(policy, attempt) for attempt in attempts] == delays


def test_an_exponential_delay_has_a_limit() -> None:
    assert retry_delay_ms(RetryPolicySettings(max_retries=5000), 5000) == 60_000


@pytest.mark.parametrize(
    ("limit_type", "period_s"), [("per_second", 1.0), ("per_minute", 60.0), ("per_hour", 3600.0)]
)
def test_a_rate(limit_type: str, period_s: float) -> None:
    rate = RateLimit(RateLimitSettings(limit_type=limit_type, max_operations=2))  # type: ignore[arg-type]
    for now_s in (0.0, 0.25):
        assert rate.wait_s(now_s) == 0
        rate.started(now_s)
    assert rate.wait_s(0.5) == period_s - 0.5
    assert rate.wait_s(period_s) == 0
    rate.started(period_s)
    assert rate.wait_s(period_s) == 0.25


@pytest.mark.parametrize("settings", [None, RateLimitSettings()])
def test_no_rate(settings: RateLimitSettings | None) -> None:
    rate = RateLimit(settings)
    rate.started(0.0)
    assert rate.wait_s(0.0) == 0


@given(st.lists(st.floats(0, 10), max_size=50), st.integers(1, 5))
def test_no_period_has_more_starts_than_allowed(gaps: list[float], most: int) -> None:
    rate = RateLimit(RateLimitSettings(limit_type="per_second", max_operations=most))
    now_s, starts = 0.0, list[float]()
    for gap in gaps:
        now_s += gap
        now_s += rate.wait_s(now_s) + 1e-6
        assert rate.wait_s(now_s) == 0
        rate.started(now_s)
        starts.append(now_s)
    for first, after in zip(starts, starts[most:], strict=False):
        assert after - first >= 1.0 - 1e-6


def told(watch: DepthWatch, *depths: int) -> list[tuple[str, str]]:
    return [(alert.level, alert.alert_type) for depth in depths for alert in watch.at(depth)]


def test_alerts_come_once_for_each_crossing() -> None:
    watch = DepthWatch("query", 1000, alerts=True)
    assert told(watch, 49) == []
    assert told(watch, 50, 51, 50, 99) == [("warning", "queue_depth")]
    assert told(watch, 100, 120, 60) == [("critical", "queue_depth")]
    assert told(watch, 0, 50) == [("warning", "queue_depth")]


def test_pressure_and_idle_come_without_alerts() -> None:
    watch = DepthWatch("query", 3, alerts=False)
    assert told(watch, 1, 2, 0) == []
    assert told(watch, 3, 4) == [("info", "queue.lane.pressure")]
    assert told(watch, 1, 0, 0) == [("info", "queue.lane.idle")]
    assert told(watch, 200) == [("info", "queue.lane.pressure")]


def test_an_alert_names_lane_and_depth() -> None:
    (alert,) = DepthWatch("query", 3, alerts=False).at(7)
    assert alert.message == "7 commands wait in lane 'query'"


def test_the_figures_of_a_histogram() -> None:
    histogram = Histogram()
    for value in range(100, 0, -1):
        histogram.add(value)
    assert histogram.to_dict() == {
        "count": 100,
        "sum": 5050.0,
        "min": 1,
        "max": 100,
        "mean": 50.5,
        "p50": 50,
        "p90": 90,
        "p95": 95,
        "p99": 99,
    }
    assert set(Histogram().to_dict().values()) == {0}


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=100))
def test_percentiles_are_samples_in_order(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    told = histogram.to_dict()
    ordered = [told["min"], told["p50"], told["p90"], told["p95"], told["p99"], told["max"]]
    assert ordered == sorted(ordered)
    assert set(ordered) <= set(values)


def test_metrics_have_three_parts() -> None:
    metrics = Metrics()
    metrics.count("a")
    metrics.count("a")
    metrics.measure("b", 2.0)
    figures = metrics.to_dict({"c": 1})
    assert (figures["counters"], figures["gauges"]) == ({"a": 2}, {"c": 1})
    assert figures["histograms"]["b"]["count"] == 1


def letter(number: int) -> DeadLetter:
    return DeadLetter(
        command_id=str(number),
        command_type="read",
        lane="query",
        error="broken",
        attempts=1,
        failed_at="2000-01-01T00:00:00+00:00",
    )


def test_the_oldest_dead_letter_falls_out(tmp_path: Path) -> None:
    letters = DeadLetters(2, tmp_path / "kept", "a/../b")
    for number in range(3):
        letters.add(letter(number))
    assert [each["command_id"] for each in letters.all()] == ["1", "2"]
    (file,) = (tmp_path / "kept").iterdir()
    assert json.loads(file.read_text(encoding="utf-8")) == letters.all()
    if sys.platform != "win32":  # files have the permissions of their folder there
        assert file.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    letters = DeadLetters(2, tmp_path / "file", "s")
    letters.add(letter(1))
    assert len(letters.all()) == 1
    assert "were not written" in caplog.text
