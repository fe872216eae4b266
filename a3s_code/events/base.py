"""What all events have in common: their names, their two ways of access, and the list of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, TypeVar, dataclass_transform

from a3s_code.messages import Attachment
from a3s_code.results import TokenUsage


class EventType(StrEnum):
    """The names on the wire; each member equals its string."""

    START = "start"
    TURN_START = "turn_start"
    TEXT_DELTA = "text_delta"
    REASONING_DELTA = "reasoning_delta"
    TURN_END = "turn_end"
    END = "end"
    ERROR = "error"
    BTW_ANSWER = "btw_answer"
    TOOL_START = "tool_start"
    TOOL_INPUT_DELTA = "tool_input_delta"
    TOOL_OUTPUT_DELTA = "tool_output_delta"
    TOOL_END = "tool_end"
    CONFIRMATION_REQUIRED = "confirmation_required"
    CONFIRMATION_RECEIVED = "confirmation_received"
    CONFIRMATION_TIMEOUT = "confirmation_timeout"
    PERMISSION_DENIED = "permission_denied"
    RETRYING = "retrying"
    MODEL_PREPARING = "model_preparing"
    CONTEXT_RESOLVING = "context_resolving"
    CONTEXT_RESOLVED = "context_resolved"
    CONTEXT_WARNING = "context_warning"
    CONTEXT_COMPACTING = "context_compacting"
    CONTEXT_COMPACTED = "context_compacted"
    PERSISTENCE_FAILED = "persistence_failed"
    SUPERVISION_UNAVAILABLE = "supervision_unavailable"
    MEMORY_STORED = "memory_stored"
    MEMORY_RECALLED = "memory_recalled"
    MEMORIES_SEARCHED = "memories_searched"
    MEMORY_CLEARED = "memory_cleared"
    PLANNING_START = "planning_start"
    PLANNING_END = "planning_end"
    PLAN_READY = "plan_ready"
    STEP_START = "step_start"
    STEP_END = "step_end"
    GOAL_EXTRACTED = "goal_extracted"
    GOAL_PROGRESS = "goal_progress"
    GOAL_ACHIEVED = "goal_achieved"
    GOAL_UPDATED = "goal_updated"
    TASK_UPDATED = "task_updated"
    SUBAGENT_START = "subagent_start"
    SUBAGENT_PROGRESS = "subagent_progress"
    SUBAGENT_END = "subagent_end"
    EXTERNAL_TASK_PENDING = "external_task_pending"
    EXTERNAL_TASK_COMPLETED = "external_task_completed"
    COMMAND_RETRY = "command_retry"
    COMMAND_DEAD_LETTERED = "command_dead_lettered"
    QUEUE_ALERT = "queue_alert"


class AgentEvent:
    """Base of all events.

    A documented field that this event does not have reads as None. As a mapping an event has
    `type` and its own fields; `data` is the fields as JSON text.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    event_type: ClassVar[str]
    # Other documented names of fields: readable like these, but not part of `to_dict`.
    _aliases: ClassVar[frozenset[str]] = frozenset()
    # Fields that most events of this class have no value for: as a mapping only the others have them.
    _optional: ClassVar[frozenset[str]] = frozenset()

    def __getattr__(self, name: str) -> Any:
        if name in DOCUMENTED_FIELDS:
            return None
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """`type` and the event's own fields, ready for JSON."""
        values: dict[str, Any] = {"type": str(self.event_type)}
        for name in self._names():
            value = getattr(self, name)
            if isinstance(value, TokenUsage):
                value = value.to_dict()
            elif name == "images":
                value = [_image_to_dict(image) for image in value]
            values[name] = value
        return values

    def _names(self) -> tuple[str, ...]:
        return tuple(
            entry.name
            for entry in fields(self)
            if entry.name not in self._optional or getattr(self, entry.name)
        )

    @property
    def type(self) -> str:
        """The same as `event_type`, under the name of the mapping form."""
        return self.event_type

    @property
    def data(self) -> str:
        """The fields other than the type as JSON text."""
        values = self.to_dict()
        del values["type"]
        return json.dumps(values, ensure_ascii=False, default=str)

    def __getitem__(self, name: str) -> Any:
        if name in ("type", "event_type"):
            return self.event_type
        if name in self._names() or name in self._aliases:
            return getattr(self, name)
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Mapping access: the field's value, or `default` when this event has no such field."""
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return name == "type" or name in self._names() or name in self._aliases

    def keys(self) -> Iterator[str]:
        """`type` and the names of the fields."""
        yield "type"
        yield from self._names()


def _image_to_dict(image: Attachment) -> dict[str, str]:
    return {
        "media_type": image.media_type,
        "data": base64.b64encode(image.data).decode("ascii"),
    }


E = TypeVar("E", bound=AgentEvent)

CLASSES: dict[str, type[AgentEvent]] = {}
DOCUMENTED_FIELDS: set[str] = set()


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(cls: type[E]) -> type[E]:
    """Make a class of the catalogue: a frozen data class, known by the name of its type."""
    made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    CLASSES[str(made.event_type)] = made
    DOCUMENTED_FIELDS.update(entry.name for entry in fields(made))
    return made
