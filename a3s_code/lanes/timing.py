"""When commands may start, and start again: delays and rates, without a clock."""

from __future__ import annotations

from collections import deque

from a3s_code.config.model import RateLimitSettings, RetryPolicySettings

_MAX_DELAY_MS = 60_000
_PERIODS_S = {"per_second": 1.0, "per_minute": 60.0, "per_hour": 3600.0}


def retry_delay_ms(policy: RetryPolicySettings | None, attempts: int) -> int | None:
    """How long to wait after `attempts` attempts have failed, None to give up.

    An exponential delay doubles each time, up to 60 s.
    """
    if policy is None or policy.strategy == "none" or attempts > policy.max_retries:
        return None
    if policy.strategy == "fixed":
        return policy.fixed_delay_ms
    return int(min(policy.initial_delay_ms * 2 ** min(attempts - 1, 32), _MAX_DELAY_MS))


class RateLimit:
    """At most so many starts within any period of the configured length."""

    def __init__(self, settings: RateLimitSettings | None) -> None:
        period_s = None if settings is None else _PERIODS_S.get(settings.limit_type)
        self._most = None if settings is None or period_s is None else settings.max_operations
        self._period_s = period_s or 0.0
        self._starts: deque[float] = deque()

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next start is allowed, 0 for at once."""
        if self._most is None:
            return 0.0
        while self._starts and self._starts[0] <= now_s - self._period_s:
            self._starts.popleft()
        if len(self._starts) < self._most:
            return 0.0
        return self._starts[0] + self._period_s - now_s

    def started(self, now_s: float) -> None:
        """A command has started."""
        if self._most is not None:
            self._starts.append(now_s)
