"""Delays between attempts, and what may be configured."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.errors import InvalidArgument
from a3s_code.llm.retry import RetryConfig, parse_retry_after, retry_delay_s

MIDDLE = 0.5  # the value of `rand` that leaves a delay as it is


@pytest.mark.parametrize(("retry", "seconds"), [(0, 1), (1, 2), (2, 4), (4, 16), (5, 30), (99, 30)])
def test_delays_double_up_to_the_limit(retry: int, seconds: float) -> None:
    """1 s, 2 s, 4 s and so on, 30 s at most."""
    assert retry_delay_s(RetryConfig(), retry, MIDDLE) == seconds


def test_the_exponent_stops_at_ten() -> None:
    """Without a limit worth the name the delay stops growing, too."""
    patient = RetryConfig(base_delay_ms=1, max_delay_ms=10**9)
    assert retry_delay_s(patient, 10, MIDDLE) == retry_delay_s(patient, 50, MIDDLE) == 1.024


@given(st.integers(0, 40), st.floats(0, 1, exclude_max=True))
def test_jitter_is_a_quarter_to_either_side(retry: int, rand: float) -> None:
    """Also beyond the limit."""
    plain = retry_delay_s(RetryConfig(), retry, MIDDLE)
    assert 0.75 * plain <= retry_delay_s(RetryConfig(), retry, rand) <= 1.25 * plain


def test_the_servers_wish_replaces_the_computed_delay() -> None:
    """Unspread, whatever the attempt."""
    assert retry_delay_s(RetryConfig(), 3, 0.9, retry_after_s=0.2) == 0.2


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1", 1.0),
        ("0.25", 0.25),
        (" 300 ", 300.0),
        ("301", None),
        ("0", None),
        ("-1", None),
        ("1e2", None),
        ("nan", None),
        ("٣", None),
        (".", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        (None, None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    """Seconds above 0 and up to 300; anything else is ignored."""
    assert parse_retry_after(value) == seconds


def test_defaults() -> None:
    """Three retries, from one second up to thirty."""
    config = RetryConfig()
    assert (config.max_retries, config.base_delay_ms, config.max_delay_ms) == (3, 1000, 30_000)


def test_settings_from_a_dict() -> None:
    """A subset is enough; lists become tuples."""
    config = RetryConfig.from_dict({"max_retries": 0, "retryable_status_codes": [503]})
    assert config == RetryConfig(max_retries=0, retryable_status_codes=(503,))
    assert RetryConfig().retryable_status_codes == (408, 429, 500, 502, 503, 504, 529)


@pytest.mark.parametrize(
    ("values", "culprit"),
    [
        ({"max_retries": -1}, "max_retries"),
        ({"max_retries": True}, "max_retries"),
        ({"base_delay_ms": "1"}, "base_delay_ms"),
        ({"max_delay_ms": 1.5}, "max_delay_ms"),
        ({"retryable_status_codes": "429"}, "retryable_status_codes"),
        ({"retryable_status_codes": [401]}, "401"),
        ({"retries": 1}, "retries"),
    ],
)
def test_settings_that_cannot_be_honoured_are_refused(values: dict[str, Any], culprit: str) -> None:
    """The message names the setting, at construction."""
    with pytest.raises(InvalidArgument, match=culprit):
        RetryConfig.from_dict(values)
