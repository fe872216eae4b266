"""What a user should know although the execution goes on."""

from __future__ import annotations

from typing import ClassVar

from a3s_code.events.base import AgentEvent, EventType, event


@event
class Retrying(AgentEvent):
    """The model's server refused or failed; attempt number `attempt` follows after `delay_ms`."""

    event_type: ClassVar[str] = EventType.RETRYING
    attempt: int
    delay_ms: int
    status: int | None
    reason: str


@event
class ModelPreparing(AgentEvent):
    """The embedded model is being fetched or loaded; byte counts are None when unknown."""

    event_type: ClassVar[str] = EventType.MODEL_PREPARING
    text: str
    received_bytes: int | None = None
    total_bytes: int | None = None


@event
class PersistenceFailed(AgentEvent):
    """The session could not be saved; the conversation itself is unharmed."""

    event_type: ClassVar[str] = EventType.PERSISTENCE_FAILED
    session_id: str
    operation: str
    error: str


@event
class SupervisionUnavailable(AgentEvent):
    """The harness of `ahp_transport` could not be reached: the session goes on unsupervised."""

    event_type: ClassVar[str] = EventType.SUPERVISION_UNAVAILABLE
    session_id: str
    error: str
