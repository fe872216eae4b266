"""Settings of the queue: every way to give them, defaults, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from a3s_code import A3SError, SessionOptions, SessionQueueConfig
from a3s_code.config.model import QueueSettings, RetryPolicySettings


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("control_max_concurrency", 2),
        ("query_max_concurrency", 4),
        ("execute_max_concurrency", 2),
        ("generate_max_concurrency", 1),
        ("lane_handlers", {}),
        ("dlq_enabled", False),
        ("dlq_max_size", 1000),
        ("metrics_enabled", False),
        ("alerts_enabled", False),
        ("default_timeout_ms", None),
        ("storage_path", None),
        ("retry_policy", None),
        ("rate_limit", None),
        ("priority_boost", None),
        ("pressure_threshold", 50),
        ("lane_timeouts", {}),
    ],
)
def test_defaults(name: str, default: Any) -> None:
    assert getattr(SessionQueueConfig(), name) == default


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ({"query_max_concurrency": 9}, "query_max_concurrency", 9),
        ({"query_concurrency": 9}, "query_max_concurrency", 9),
        ({"execute_concurrency": 9}, "execute_max_concurrency", 9),
        ({"generate_concurrency": 9}, "generate_max_concurrency", 9),
        ({"control_concurrency": 9}, "control_max_concurrency", 9),
        ({"enable_metrics": True}, "metrics_enabled", True),
        ({"enable_dlq": True}, "dlq_enabled", True),
        ({"enable_alerts": True}, "alerts_enabled", True),
        ({"dlq_max_size": 3}, "dlq_max_size", 3),
        ({"default_timeout_ms": 5}, "default_timeout_ms", 5),
        ({"pressure_threshold": 5}, "pressure_threshold", 5),
        ({"lane_timeouts": {"query": 5}}, "lane_timeouts", {"query": 5}),
        ({"storage_path": "/q"}, "storage_path", Path("/q")),
        ({"default_timeout_ms": None}, "default_timeout_ms", None),
        ({"enable_all_features": True}, "metrics_enabled", True),
        (
            {"retry_policy": {"strategy": "fixed", "fixed_delay_ms": 7}},
            "retry_policy",
            RetryPolicySettings(strategy="fixed", fixed_delay_ms=7),
        ),
        (
            {"lane_handlers": {"execute": {"mode": "external"}}},
            "lane_handlers",
            {"execute": {"mode": "external", "timeout_ms": 60000}},
        ),
    ],
)
def test_keywords_attributes_and_dicts(given: dict[str, Any], name: str, value: Any) -> None:
    assert getattr(SessionQueueConfig(**given), name) == value
    config = SessionQueueConfig()
    for key, setting in given.items():
        setattr(config, key, setting)
    assert getattr(config, name) == value
    assert getattr(SessionQueueConfig.of(given), name) == value


@pytest.mark.parametrize(
    ("call", "name", "value"),
    [
        (lambda c: c.set_query_concurrency(7), "query_max_concurrency", 7),
        (lambda c: c.set_execute_concurrency(7), "execute_max_concurrency", 7),
        (lambda c: c.set_generate_concurrency(7), "generate_max_concurrency", 7),
        (lambda c: c.enable_dlq(), "dlq_enabled", True),
        (lambda c: c.enable_dlq(max_size=7), "dlq_max_size", 7),
        (lambda c: c.enable_metrics(), "metrics_enabled", True),
        (lambda c: c.enable_alerts(), "alerts_enabled", True),
        (lambda c: c.set_timeout(7), "default_timeout_ms", 7),
        (lambda c: c.set_default_timeout(7), "default_timeout_ms", 7),
        (
            lambda c: c.set_lane_handler("query", "hybrid", 7),
            "lane_handlers",
            {"query": {"mode": "hybrid", "timeout_ms": 7}},
        ),
    ],
)
def test_methods_can_be_chained(
    call: Callable[[SessionQueueConfig], SessionQueueConfig], name: str, value: Any
) -> None:
    config = SessionQueueConfig()
    assert call(config) is config
    assert getattr(config, name) == value


@pytest.mark.parametrize("by_attribute", [True, False])
def test_all_features(by_attribute: bool) -> None:
    config = SessionQueueConfig(dlq_max_size=3)
    if by_attribute:
        config.enable_all_features = True
    else:
        config.with_lane_features()
    assert (config.dlq_enabled, config.dlq_max_size) == (True, 1000)
    assert (config.metrics_enabled, config.alerts_enabled) == (True, True)
    assert config.default_timeout_ms == 60000


def test_the_switches_stay_methods() -> None:
    config = SessionQueueConfig(enable_metrics=True)
    config.enable_dlq = True  # type: ignore[method-assign, assignment]
    assert (config.metrics_enabled, config.dlq_enabled) == (True, True)
    assert config.enable_metrics().enable_dlq(5) is config
    config.enable_metrics = False  # type: ignore[method-assign, assignment]
    assert config.metrics_enabled is False


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            {"query_max_concurrency": 0},
            "query_max_concurrency must be a whole number of at least 1",
        ),
        ({"generate_concurrency": 1.5}, "generate_max_concurrency must be a whole number"),
        ({"execute_concurrency": True}, "execute_max_concurrency must be a whole number"),
        ({"dlq_max_size": 0}, "dlq_max_size"),
        ({"default_timeout_ms": 0}, "default_timeout_ms"),
        ({"pressure_threshold": 0}, "pressure_threshold"),
        ({"lane_timeouts": {"query": 0}}, "lane_timeouts"),
        ({"lane_timeouts": {"fast": 1}}, "Invalid lane 'fast'"),
        ({"lane_timeouts": 5}, "lane_timeouts must be a dict"),
        ({"enable_metrics": 1}, "enable_metrics must be True or False"),
        ({"storage_path": 5}, "storage_path must be a path"),
        ({"retry_policy": {"strategy": "random"}}, "strategy must be one of exponential"),
        ({"retry_policy": {"strategy": "fixed"}}, "needs fixed_delay_ms"),
        ({"retry_policy": {"max_retries": -1}}, "max_retries"),
        ({"retry_policy": {"tries": 1}}, "retry_policy has no key 'tries'"),
        ({"retry_policy": "fixed"}, "retry_policy must be a dict"),
        ({"rate_limit": {"limit_type": "per_day"}}, "limit_type must be one of per_second"),
        ({"rate_limit": {"limit_type": "per_hour"}}, "needs max_operations"),
        ({"rate_limit": {"limit_type": "per_hour", "max_operations": 0}}, "max_operations"),
        ({"priority_boost": {"strategy": "fixed"}}, "strategy must be one of standard"),
        ({"priority_boost": {"deadline_ms": 0}}, "deadline_ms"),
        ({"lane_handlers": {"fast": {}}}, "Invalid lane 'fast'"),
        ({"lane_handlers": {"query": {"mode": "remote"}}}, "Invalid handler mode 'remote'"),
        ({"lane_handlers": {"query": {"timeout_ms": 0}}}, "timeout_ms"),
        ({"lane_handlers": {"query": {"time": 1}}}, "no 'time'"),
    ],
)
def test_what_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as raised:
        SessionQueueConfig(**given)
    assert isinstance(raised.value, A3SError)


@pytest.mark.parametrize(
    "method",
    ["set_query_concurrency", "set_execute_concurrency", "set_generate_concurrency", "set_timeout"],
)
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2"])
def test_methods_refuse_what_the_settings_refuse(method: str, value: Any) -> None:
    with pytest.raises(ValueError, match="must be a whole number of at least 1"):
        getattr(SessionQueueConfig(), method)(value)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(TypeError, match="no setting 'querys'"):
        SessionQueueConfig(querys=1)
    with pytest.raises(AttributeError, match="no setting 'querys'"):
        SessionQueueConfig().querys = 1
    with pytest.raises(AttributeError, match="no setting 'querys'"):
        _ = SessionQueueConfig().querys
    with pytest.raises(ValueError, match="queue_config must be"):
        SessionOptions(queue_config=5).queue(None)  # type: ignore[arg-type]


def test_what_is_set_wins_over_the_block_of_the_configuration() -> None:
    block = QueueSettings(query_max_concurrency=9, execute_max_concurrency=8, enable_dlq=True)
    config = SessionQueueConfig(query_concurrency=4, enable_dlq=False)
    queue = config.settings(block).queue
    assert (queue.query_max_concurrency, queue.execute_max_concurrency) == (4, 8)
    assert queue.enable_dlq is False
    assert SessionOptions().queue(block) is None


def test_a_queue_does_not_see_later_changes() -> None:
    config = SessionQueueConfig()
    settings = config.settings()
    config.set_query_concurrency(9).set_lane_handler("query", "external")
    assert settings.queue.query_max_concurrency == 4
    assert settings.handlers == {}


def test_repr_shows_what_was_set() -> None:
    config = SessionQueueConfig(query_concurrency=2).set_lane_handler("execute", "external")
    assert repr(config) == (
        "SessionQueueConfig(query_max_concurrency=2, "
        "lane_handlers={'execute': {'mode': 'external', 'timeout_ms': 60000}})"
    )
