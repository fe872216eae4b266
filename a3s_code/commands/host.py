"""What commands need of a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from a3s_code.results import BtwResult, TokenUsage
from a3s_code.schedule.scheduler import Scheduler


@dataclass(frozen=True, slots=True)
class McpServer:
    """A connected MCP server and the names of its tools, without any prefix."""

    name: str
    tools: Sequence[str]


@dataclass(frozen=True, slots=True)
class CompactReport:
    """A conversation that was shortened: messages and estimated tokens, and what that cost."""

    messages_before: int
    messages_after: int
    tokens_before: int
    tokens_after: int
    usage: TokenUsage = field(default_factory=TokenUsage)


class CommandHost(Protocol):
    """A session as commands see it. Its methods may raise `A3SError`, which becomes the answer."""

    @property
    def session_id(self) -> str:
        """The whole id."""

    @property
    def workspace(self) -> str:
        """The real path of the workspace."""

    @property
    def model(self) -> str:
        """`provider/model`."""

    @property
    def usage(self) -> TokenUsage:
        """Tokens of the session so far; they survive `clear`."""

    @property
    def cost_usd(self) -> float:
        """US dollars of the session so far."""

    @property
    def message_count(self) -> int:
        """Messages in the conversation."""

    @property
    def turn_count(self) -> int:
        """Prompts of the user in the conversation."""

    @property
    def scheduler(self) -> Scheduler:
        """The scheduled prompts."""

    def use_model(self, selector: str) -> None:
        """Switch to `provider/model`. Raises `A3SError` when there is none; nothing has changed."""

    def clear(self) -> int:
        """Empty the conversation; returns the number of messages removed."""

    async def acompact(self) -> CompactReport | None:
        """Shorten the conversation now; None when there was nothing to do."""

    async def abtw(self, question: str) -> BtwResult:
        """Ask beside the conversation."""

    def tool_names(self) -> Sequence[str]:
        """Names of all tools, those of MCP servers with the prefix `mcp__`."""

    def mcp_servers(self) -> Sequence[McpServer]:
        """The connected MCP servers."""
