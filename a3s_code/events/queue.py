"""The lane queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from a3s_code.events.base import AgentEvent, EventType, event


@event
class ExternalTaskPending(AgentEvent):
    """A command waits for somebody to run it elsewhere, or is told of for information.

    `command_type` is the tool, `payload` its arguments, `timeout_ms` the time allowed.
    """

    event_type: ClassVar[str] = EventType.EXTERNAL_TASK_PENDING
    task_id: str
    session_id: str
    lane: str
    command_type: str
    payload: Mapping[str, Any]
    timeout_ms: int


@event
class ExternalTaskCompleted(AgentEvent):
    """A command that was published is done; `success` is false also when nobody did it in time."""

    event_type: ClassVar[str] = EventType.EXTERNAL_TASK_COMPLETED
    task_id: str
    session_id: str
    success: bool


@event
class CommandRetry(AgentEvent):
    """A command failed and runs again: attempt number `attempt` follows after `delay_ms`."""

    event_type: ClassVar[str] = EventType.COMMAND_RETRY
    command_id: str
    command_type: str
    lane: str
    attempt: int
    delay_ms: int


@event
class CommandDeadLettered(AgentEvent):
    """A command failed for good after `attempts` attempts and is kept among the dead letters."""

    event_type: ClassVar[str] = EventType.COMMAND_DEAD_LETTERED
    command_id: str
    command_type: str
    lane: str
    error: str
    attempts: int


@event
class QueueAlert(AgentEvent):
    """Many commands wait in a lane, or none any more; `level` is info, warning or critical."""

    event_type: ClassVar[str] = EventType.QUEUE_ALERT
    level: str
    alert_type: str
    message: str
