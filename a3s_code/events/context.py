"""What goes into a prompt besides the conversation, and what is taken out of it."""

from __future__ import annotations

from typing import ClassVar

from a3s_code.events.base import AgentEvent, EventType, event


@event
class ContextResolving(AgentEvent):
    """Context providers are being asked."""

    event_type: ClassVar[str] = EventType.CONTEXT_RESOLVING
    providers: tuple[str, ...]


@event
class ContextResolved(AgentEvent):
    """Context providers have answered."""

    event_type: ClassVar[str] = EventType.CONTEXT_RESOLVED
    total_items: int
    total_tokens: int


@event
class ContextWarning(AgentEvent):
    """The conversation fills more of the context window than the threshold (0.0 to 1.0) allows."""

    event_type: ClassVar[str] = EventType.CONTEXT_WARNING
    used_tokens: int
    max_tokens: int
    threshold: float


@event
class ContextCompacting(AgentEvent):
    """Compaction begins."""

    event_type: ClassVar[str] = EventType.CONTEXT_COMPACTING
    messages_before: int


@event
class ContextCompacted(AgentEvent):
    """The history was shortened. Both documented spellings of the counts are present."""

    event_type: ClassVar[str] = EventType.CONTEXT_COMPACTED
    session_id: str
    messages_before: int
    messages_after: int
    before_messages: int
    after_messages: int
    tokens_saved: int
    percent_before: float
