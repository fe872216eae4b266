"""Permission: questions to a person, their answers, and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from a3s_code.events.base import AgentEvent, EventType, event


@event
class ConfirmationRequired(AgentEvent):
    """A tool call waits for a person; `timeout_ms` is None when it waits for as long as it takes."""

    event_type: ClassVar[str] = EventType.CONFIRMATION_REQUIRED
    tool_id: str
    tool_name: str
    args: Mapping[str, Any]
    timeout_ms: int | None = None


@event
class ConfirmationReceived(AgentEvent):
    """A person (or a callable) decided."""

    event_type: ClassVar[str] = EventType.CONFIRMATION_RECEIVED
    tool_id: str
    approved: bool
    reason: str | None = None


@event
class ConfirmationTimeout(AgentEvent):
    """Nobody decided in time; `action_taken` is `rejected` or `auto_approved`."""

    event_type: ClassVar[str] = EventType.CONFIRMATION_TIMEOUT
    tool_id: str
    action_taken: str


@event
class PermissionDenied(AgentEvent):
    """A rule refused the call; a `tool_end` with exit code 1 follows."""

    event_type: ClassVar[str] = EventType.PERMISSION_DENIED
    tool_id: str
    tool_name: str
    args: Mapping[str, Any]
    reason: str
