"""What an execution needs to know of its children."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Protocol

from a3s_code.events import AgentEvent
from a3s_code.results import TokenUsage


class Offspring(Protocol):
    """The children of an execution; leaving the context ends those that are still running."""

    @property
    def usage(self) -> TokenUsage:
        """Tokens of all children so far."""

    def attach(self, emit: Callable[[list[AgentEvent]], Awaitable[None]]) -> None:
        """Send the events of children there."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
