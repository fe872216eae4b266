"""When a request is repeated, and after how long. Pure: no clock, no chance, no waiting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from a3s_code import checks
from a3s_code.errors import InvalidArgument

RETRYABLE_STATUS_CODES = (408, 429, 500, 502, 503, 504, 529)
MAX_RETRY_AFTER_S = 300.0

_MAX_EXPONENT = 10
_JITTER = 0.25


@dataclass(frozen=True, slots=True)
class RetryConfig:
    """How often and how patiently a failed model request is repeated.

    `max_retries` does not count the first attempt; 0 disables. Delays are in milliseconds: the
    first wait is `base_delay_ms`, each further one twice as long up to `max_delay_ms`. Of the 4xx
    statuses only 408 and 429 may be listed, because repeating any other cannot help.
    Raises `InvalidArgument` on values out of range.
    """

    max_retries: int = 3
    base_delay_ms: int = 1000
    max_delay_ms: int = 30_000
    retryable_status_codes: tuple[int, ...] = RETRYABLE_STATUS_CODES

    def __post_init__(self) -> None:
        for name in ("max_retries", "base_delay_ms", "max_delay_ms"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise InvalidArgument(
                    f"retry_config: {name} must be an integer from 0, not {value!r}"
                )
        codes: Any = self.retryable_status_codes
        if not isinstance(codes, list | tuple | set | frozenset) or not all(
            isinstance(code, int) for code in codes
        ):
            raise InvalidArgument(
                f"retry_config: retryable_status_codes must be a list of integers, not {codes!r}"
            )
        useless = [code for code in codes if code not in (408, 429) and not 500 <= code <= 599]
        if useless:
            raise InvalidArgument(
                f"retry_config: status {useless[0]} cannot be retried; use 408, 429 or 5xx"
            )
        object.__setattr__(self, "retryable_status_codes", tuple(codes))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RetryConfig:
        """The settings named in `values`, defaults for the rest; an unknown name is refused."""
        checks.mapping("retry_config", values)
        known = [field.name for field in fields(cls)]
        unknown = [name for name in values if name not in known]
        if unknown:
            raise InvalidArgument(
                f"retry_config has no setting {unknown[0]!r}; it has {', '.join(known)}"
            )
        return cls(**values)


def retry_delay_s(
    config: RetryConfig, retry: int, rand: float, retry_after_s: float | None = None
) -> float:
    """Seconds to wait before retry number `retry`, which counts from 0.

    `rand` in [0, 1) spreads clients out by a quarter of the delay to either side. What the server
    wishes (`retry_after_s`) replaces the computed delay and is not spread.
    """
    if retry_after_s is not None:
        return retry_after_s
    delay_ms: float = min(
        config.base_delay_ms * 2 ** min(retry, _MAX_EXPONENT), config.max_delay_ms
    )
    return delay_ms / 1000 * (1 + _JITTER * (2 * rand - 1))


def parse_retry_after(value: str | None) -> float | None:
    """Seconds in a `Retry-After` header: a decimal number above 0 and at most 300, else None.

    The header's other form, a date, is ignored: the two clocks need not agree.
    """
    text = (value or "").strip()
    if not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    seconds = float(text)
    return seconds if 0 < seconds <= MAX_RETRY_AFTER_S else None
