"""What a call costs: prices per million tokens, cached tokens at their own prices."""

from __future__ import annotations

import pytest

from a3s_code.config.model import CostConfig, ProviderKind
from a3s_code.llm.cost import cost_usd, prices_of
from a3s_code.results import TokenUsage

ALL = CostConfig(input=2.0, output=8.0, cache_read=0.5, cache_write=4.0)
NO_CACHE = CostConfig(input=2.0, output=8.0)
USAGE = TokenUsage(
    prompt_tokens=1_000_000,
    completion_tokens=500_000,
    total_tokens=1_500_000,
    cache_read_tokens=400_000,
    cache_write_tokens=100_000,
)


@pytest.mark.parametrize(
    ("prices", "kind", "dollars"),
    [
        # Anthropic counts cached tokens beside the prompt tokens, others count read ones among them.
        (ALL, "anthropic", 2.0 + 4.0 + 0.2 + 0.4),
        (ALL, "openai", 0.6 * 2.0 + 4.0 + 0.2 + 0.4),
        (NO_CACHE, "anthropic", 2.0 + 4.0 + 0.8 + 0.2),
        (NO_CACHE, "openai", 0.6 * 2.0 + 4.0 + 0.8 + 0.2),
    ],
)
def test_cached_tokens_have_their_own_price(
    prices: CostConfig, kind: ProviderKind, dollars: float
) -> None:
    """Without one they cost what other prompt tokens cost."""
    assert cost_usd(USAGE, prices, kind) == pytest.approx(dollars)


def test_a_plain_call() -> None:
    """Prompt and completion, each times its price by a million."""
    usage = TokenUsage(prompt_tokens=1000, completion_tokens=100, total_tokens=1100)
    assert cost_usd(usage, ALL, "openai") == pytest.approx(0.0028)
    assert cost_usd(TokenUsage(), ALL, "openai") == 0.0


@pytest.mark.parametrize(
    ("model", "dollars_in", "dollars_out"),
    [
        ("claude-sonnet-4-20250514", 3, 15),
        ("claude-3-5-sonnet-20241022", 3, 15),
        ("claude-3-haiku-20240307", 0.25, 1.25),
        ("claude-3-opus-20240229", 15, 75),
        ("gpt-4o", 2.5, 10),
        ("gpt-4o-mini", 0.15, 0.6),
        ("gpt-4-turbo", 10, 30),
    ],
)
def test_prices_of_common_models(model: str, dollars_in: float, dollars_out: float) -> None:
    """A million tokens each way."""
    prices = prices_of(model, CostConfig())
    assert prices is not None
    for usage, dollars in [
        (TokenUsage(prompt_tokens=10**6), dollars_in),
        (TokenUsage(completion_tokens=10**6), dollars_out),
    ]:
        assert cost_usd(usage, prices, "openai") == pytest.approx(dollars)


def test_where_prices_come_from() -> None:
    """The configuration wins over the table of common models; other models have none."""
    assert prices_of("gpt-4o", NO_CACHE) is NO_CACHE
    assert prices_of("gpt-4o", CostConfig()) == CostConfig(input=2.5, output=10)
    assert prices_of("llama3.2", CostConfig()) is None
