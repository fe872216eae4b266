"""Keeping an answer within the limits of its question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from a3s_code.context.model import ContextItem, ContextQuery, ContextResult


def limited(items: Iterable[ContextItem], query: ContextQuery, provider: str) -> ContextResult:
    """The items that `max_results` and `max_tokens` leave, in their order.

    One that does not fit is left out for a smaller one after it; only the first is cut instead, so
    that something is there.
    """
    result = ContextResult(provider=provider)
    for item in items:
        if len(result.items) >= query.max_results:
            result.truncated = True
            break
        room = query.max_tokens - result.total_tokens
        if item.token_count <= room:
            result.add_item(item)
            continue
        result.truncated = True
        if not result.items and room > 0:
            result.add_item(_cut(item, room))
    return result


def _cut(item: ContextItem, tokens: int) -> ContextItem:
    """The beginning of an item, by the share of its own token count."""
    content = item.content[: len(item.content) * tokens // item.token_count]
    return replace(item, content=content, token_count=tokens)
