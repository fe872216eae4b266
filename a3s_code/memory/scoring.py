"""How remembered things are ranked: by importance, and by freshness that fades."""

from __future__ import annotations

import math
from datetime import datetime

from a3s_code.config.model import RelevanceSettings

_DAY_S = 86_400


def score(
    importance: float, timestamp: datetime, now: datetime, relevance: RelevanceSettings
) -> float:
    """`importance * importance_weight + exp(-age_days / decay_days) * recency_weight`.

    With the default weights the best is 1.0, for a new item of importance 1.0. A timestamp in the
    future counts as new.
    """
    age_days = max(0.0, (now - timestamp).total_seconds() / _DAY_S)
    return importance * relevance.importance_weight + (
        _freshness(age_days, relevance.decay_days) * relevance.recency_weight
    )


def _freshness(age_days: float, decay_days: float) -> float:
    if decay_days <= 0:
        return 0.0 if age_days else 1.0
    return math.exp(-age_days / decay_days)
