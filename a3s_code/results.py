"""What the calls of a session return."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from a3s_code.messages import Attachment, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens of one or several model calls; the cache figures are None when no server reported any."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None

    def __add__(self, other: TokenUsage) -> TokenUsage:
        return TokenUsage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            total_tokens=self.total_tokens + other.total_tokens,
            cache_read_tokens=_sum(self.cache_read_tokens, other.cache_read_tokens),
            cache_write_tokens=_sum(self.cache_write_tokens, other.cache_write_tokens),
        )

    def to_dict(self) -> dict[str, int | None]:
        """The five figures under their documented names."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.total_tokens,
            "cache_read_tokens": self.cache_read_tokens,
            "cache_write_tokens": self.cache_write_tokens,
        }


def _sum(a: int | None, b: int | None) -> int | None:
    if a is None and b is None:
        return None
    return (a or 0) + (b or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentResult:
    """The outcome of one `send`: final text, tool calls made (refused ones count), usage, messages.

    `cancelled` tells that the run was stopped early and `text` is what had arrived by then.
    `conversation` is the whole conversation after the execution, `messages` the same as dicts.
    """

    text: str
    tool_calls_count: int = 0
    usage: TokenUsage = field(default_factory=TokenUsage)
    conversation: Sequence[Message] = field(default=(), repr=False)
    cancelled: bool = False

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation after the execution, in the form of `Session.history()`."""
        return [message.to_dict() for message in self.conversation]

    @property
    def prompt_tokens(self) -> int:
        """Input tokens, summed over all model calls."""
        return self.usage.prompt_tokens

    @property
    def completion_tokens(self) -> int:
        """Output tokens, summed over all model calls."""
        return self.usage.completion_tokens

    @property
    def total_tokens(self) -> int:
        """Input and output tokens, summed over all model calls."""
        return self.usage.total_tokens

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class BtwResult:
    """Answer to a side question, which the conversation never sees."""

    question: str
    answer: str
    usage: TokenUsage = field(default_factory=TokenUsage)

    @property
    def prompt_tokens(self) -> int:
        """Input tokens of the side call."""
        return self.usage.prompt_tokens

    @property
    def completion_tokens(self) -> int:
        """Output tokens of the side call."""
        return self.usage.completion_tokens

    @property
    def total_tokens(self) -> int:
        """Input and output tokens of the side call."""
        return self.usage.total_tokens

    def __str__(self) -> str:
        return self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """Outcome of a direct tool call; fields are readable as attributes and as `result["name"]`.

    `exit_code` is 0 for success; `bash` gives the process's own code. `output` is UTF-8 text, at
    most 100 KiB for the built-in tools.
    """

    name: str
    output: str = field(repr=False)
    exit_code: int = 0
    metadata: Mapping[str, Any] | None = field(default=None, repr=False)
    images: tuple[Attachment, ...] = field(default=(), repr=False)

    @property
    def metadata_json(self) -> str | None:
        """`metadata` as JSON text, None without metadata."""
        return None if self.metadata is None else json.dumps(dict(self.metadata))

    def __getitem__(self, key: str) -> Any:
        if key in ("name", "output", "exit_code", "metadata", "metadata_json", "images"):
            return getattr(self, key)
        raise KeyError(key)

    def __str__(self) -> str:
        return self.output
