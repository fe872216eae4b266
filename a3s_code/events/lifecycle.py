"""The course of an execution: its begin, its turns, the text, and how it ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import repeat
from typing import ClassVar

from a3s_code.events.base import AgentEvent, EventType, event
from a3s_code.results import TokenUsage


@event
class Start(AgentEvent):
    """Execution begins. Always first."""

    event_type: ClassVar[str] = EventType.START
    prompt: str


@event
class TurnStart(AgentEvent):
    """A model call is about to be made; `turn` counts from 1."""

    event_type: ClassVar[str] = EventType.TURN_START
    turn: int


@event
class TextDelta(AgentEvent):
    """A piece of the answer, exactly as the server sent it.

    `task_id` names the child whose words these are, None for the answer itself.
    """

    event_type: ClassVar[str] = EventType.TEXT_DELTA
    _optional: ClassVar[frozenset[str]] = frozenset({"task_id"})
    text: str
    task_id: str | None = None

    @classmethod
    def each(cls, texts: Sequence[str]) -> list[TextDelta]:
        """One event per text: thousands of them, at a quarter of the constructor's price."""
        events = list(map(cls.__new__, repeat(cls, len(texts))))
        for name, values in (("text", texts), ("task_id", repeat(None))):
            put = vars(TextDelta)[name].__set__  # the slot itself, which is not frozen
            deque(map(put, events, values), maxlen=0)
        return events


@event
class ReasoningDelta(AgentEvent):
    """A piece of the model's thinking; never part of the answer. `task_id` as in `TextDelta`."""

    event_type: ClassVar[str] = EventType.REASONING_DELTA
    _optional: ClassVar[frozenset[str]] = frozenset({"task_id"})
    text: str
    task_id: str | None = None


@event
class TurnEnd(AgentEvent):
    """A turn and all its tools are finished; the figures are this turn's."""

    event_type: ClassVar[str] = EventType.TURN_END
    turn: int
    total_tokens: int
    usage: TokenUsage


@event
class End(AgentEvent):
    """Finished, or cancelled (`cancelled` is then true and `text` what had arrived). Last event."""

    event_type: ClassVar[str] = EventType.END
    text: str
    total_tokens: int
    usage: TokenUsage
    cancelled: bool = False


@event
class ErrorEvent(AgentEvent):
    """Fatal failure, last event. `text` is the answer as far as it came, `error_type` the class."""

    event_type: ClassVar[str] = EventType.ERROR
    error: str
    error_type: str = "ExecutionError"
    text: str = ""


@event
class BtwAnswer(AgentEvent):
    """A side question was answered by the `/btw` command."""

    event_type: ClassVar[str] = EventType.BTW_ANSWER
    question: str
    answer: str
    total_tokens: int
