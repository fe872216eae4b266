"""What a run asks at its marked points: the hooks of the session, or a supervisor outside of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from a3s_code.hooks.registry import HookRegistry

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HookVerdict:
    """What was decided about an event.

    `reason` is None unless the operation must not happen. `args` are other arguments for a tool
    call, None for its own. `escalated` is why a person has to agree first, None when none has to.
    """

    reason: str | None = None
    args: Mapping[str, Any] | None = None
    escalated: str | None = None

    @property
    def blocked(self) -> bool:
        """Whether the operation must not happen."""
        return self.reason is not None


class HookExecutor(Protocol):
    """Is told what a session does; only on the runtime loop."""

    @property
    def registry(self) -> HookRegistry | None:
        """The registered hooks; None where hooks are not called."""

    @property
    def is_calling(self) -> bool:
        """Whether the caller is a handler of this session, or was started by one."""

    def of_child(self) -> Self:
        """The one for a run that this run starts."""

    def listens_to(self, event: str) -> bool:
        """Whether `fire` would tell anybody of this event."""

    async def open(self) -> str | None:
        """Called before the first prompt; returns what its user has to know, or None."""

    async def fire(
        self, event: str, payload: Payload, *, workspace: Path | None = None
    ) -> HookVerdict:
        """Tell of an event, and wait for the verdict where one is wanted.

        `workspace` is where the relative paths of a tool call start.
        """
        ...

    async def close(self) -> None:
        """The end of the session; `session_end` has been told."""
