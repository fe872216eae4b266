"""A number and what it counts: `1 message`, `2 messages`."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """The number with the noun, which gets its s unless there is one; for regular nouns only."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
