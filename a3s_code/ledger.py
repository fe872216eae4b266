"""What a session has used: tokens, money, and one record for each model call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from a3s_code.llm.bound import BoundModel
from a3s_code.results import TokenUsage


@dataclass(slots=True)
class Ledger:
    """Totals of a session; they survive clearing the conversation and resuming it.

    `cost_usd` counts calls without known prices as 0. `used_tokens` is the prompt of the last
    call of the conversation, which tells how full the context window is; `turns` counts prompts.
    """

    usage: TokenUsage = field(default_factory=TokenUsage)
    cost_usd: float = 0.0
    used_tokens: int = 0
    turns: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)

    def account(self, usage: TokenUsage, model: BoundModel, session_id: str) -> None:
        """Enter one model call."""
        cost = model.cost_usd(usage)
        provider, _, name = model.selector.partition("/")
        self.usage += usage
        self.cost_usd += cost or 0.0
        self.records.append(
            {
                "model": name,
                "provider": provider,
                "family": model.family,
                "session_id": session_id,
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": usage.completion_tokens,
                "total_tokens": usage.total_tokens,
                "cost_usd": cost,
                "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            }
        )
