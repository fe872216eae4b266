"""The long-term memory."""

from __future__ import annotations

from typing import ClassVar

from a3s_code.events.base import AgentEvent, EventType, event


@event
class MemoryStored(AgentEvent):
    """Something was remembered of its own accord. `importance` is from 0.0 to 1.0."""

    event_type: ClassVar[str] = EventType.MEMORY_STORED
    memory_id: str
    memory_type: str
    importance: float
    tags: tuple[str, ...]


@event
class MemoryRecalled(AgentEvent):
    """A memory goes to the model with the prompt. `relevance` is from 0.0 to 1.0."""

    event_type: ClassVar[str] = EventType.MEMORY_RECALLED
    memory_id: str
    content: str
    relevance: float


@event
class MemoriesSearched(AgentEvent):
    """The memory was searched for the prompt, and something was found."""

    event_type: ClassVar[str] = EventType.MEMORIES_SEARCHED
    query: str
    tags: tuple[str, ...]
    result_count: int


@event
class MemoryCleared(AgentEvent):
    """A tier (`long_term`, `short_term`, `working`) was emptied while a prompt was running."""

    event_type: ClassVar[str] = EventType.MEMORY_CLEARED
    tier: str
    count: int
