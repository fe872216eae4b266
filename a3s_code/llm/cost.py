"""What a model call costs, from its token figures and the model's prices."""

from __future__ import annotations

from a3s_code.config.model import CostConfig, ProviderKind
from a3s_code.results import TokenUsage

_PER_MILLION = 1e-6

# USD per million tokens of models that users configure without a `cost` block.
_KNOWN = {
    "claude-sonnet-4-20250514": CostConfig(input=3, output=15),
    "claude-3-5-sonnet-20241022": CostConfig(input=3, output=15),
    "claude-3-haiku-20240307": CostConfig(input=0.25, output=1.25),
    "claude-3-opus-20240229": CostConfig(input=15, output=75),
    "gpt-4o": CostConfig(input=2.5, output=10),
    "gpt-4o-mini": CostConfig(input=0.15, output=0.6),
    "gpt-4-turbo": CostConfig(input=10, output=30),
}


def prices_of(model: str, configured: CostConfig) -> CostConfig | None:
    """The configured prices, else those of a well-known model, else None: unknown."""
    return configured if configured != CostConfig() else _KNOWN.get(model)


def cost_usd(usage: TokenUsage, prices: CostConfig, kind: ProviderKind) -> float:
    """US dollars of one call; cached tokens at their own prices where the configuration has them.

    OpenAI-compatible servers count cached tokens within the prompt tokens, Anthropic's beside
    them. Source: the usage sections of the two providers' API references.
    """
    read, written = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    read_price = prices.cache_read or prices.input
    write_price = prices.cache_write or prices.input
    plain = usage.prompt_tokens if kind == "anthropic" else usage.prompt_tokens - read
    total = (
        plain * prices.input
        + usage.completion_tokens * prices.output
        + read * read_price
        + written * write_price
    )
    return total * _PER_MILLION
