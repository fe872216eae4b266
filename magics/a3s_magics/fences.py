"""Keep an unfinished code block from swallowing what follows it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def with_closed_fence(text: str) -> str:
    """The Markdown with its last fenced block closed; a cancelled answer may end inside of one.

    Fences in lists and quotes end with those, so that only outer ones matter.
    """
    if "```" not in text and "~~~" not in text:
        return text
    last = next((token for token in reversed(_parser().parse(text)) if token.level == 0), None)
    if last is None or last.type != "fence":
        return text
    lines = text.rstrip("\n").split("\n")
    first, closing = last.map[0], lines[-1].strip()
    marker = last.markup
    closed = len(closing) >= len(marker) and set(closing) == {marker[0]} and len(lines) - 1 > first
    return text if closed else f"{text.rstrip(chr(10))}\n{marker}"


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt  # costly to import, only needed once a model has answered

    return MarkdownIt("commonmark").disable("inline")
