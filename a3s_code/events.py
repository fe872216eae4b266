"""The events of an execution: one frozen class each, readable as attributes and as a mapping.

A consumer may `match` on the class, compare `event.event_type`, or read `event["type"]`. The set is
open: consumers must let types pass that they do not know, as `UnknownEvent` does here.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from itertools import repeat
from typing import Any, ClassVar

from a3s_code import checks
from a3s_code.errors import InvalidArgument
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
    event_type: ClassVar[str]
    # Other documented names of fields: readable like these, but not part of `to_dict`.
    _aliases: ClassVar[frozenset[str]] = frozenset()
    # Fields that most events of this class have no value for: as a mapping only the others have them.
    _optional: ClassVar[frozenset[str]] = frozenset()

    def __getattr__(self, name: str) -> Any:
        if name in _DOCUMENTED_FIELDS:
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
            for entry in fields(self)  # type: ignore[arg-type]  # every subclass is a dataclass
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


# -- lifecycle -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(AgentEvent):
    """Execution begins. Always first."""

    event_type: ClassVar[str] = EventType.START
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStart(AgentEvent):
    """A model call is about to be made; `turn` counts from 1."""

    event_type: ClassVar[str] = EventType.TURN_START
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningDelta(AgentEvent):
    """A piece of the model's thinking; never part of the answer. `task_id` as in `TextDelta`."""

    event_type: ClassVar[str] = EventType.REASONING_DELTA
    _optional: ClassVar[frozenset[str]] = frozenset({"task_id"})
    text: str
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnd(AgentEvent):
    """A turn and all its tools are finished; the figures are this turn's."""

    event_type: ClassVar[str] = EventType.TURN_END
    turn: int
    total_tokens: int
    usage: TokenUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class End(AgentEvent):
    """Finished, or cancelled (`cancelled` is then true and `text` what had arrived). Last event."""

    event_type: ClassVar[str] = EventType.END
    text: str
    total_tokens: int
    usage: TokenUsage
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvent(AgentEvent):
    """Fatal failure, last event. `text` is the answer as far as it came, `error_type` the class."""

    event_type: ClassVar[str] = EventType.ERROR
    error: str
    error_type: str = "ExecutionError"
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BtwAnswer(AgentEvent):
    """A side question was answered by the `/btw` command."""

    event_type: ClassVar[str] = EventType.BTW_ANSWER
    question: str
    answer: str
    total_tokens: int


# -- tools -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStart(AgentEvent):
    """The model began a tool call; `args` is None while its arguments are still being streamed."""

    event_type: ClassVar[str] = EventType.TOOL_START
    tool_id: str
    tool_name: str
    args: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolInputDelta(AgentEvent):
    """A piece of the arguments' JSON text."""

    event_type: ClassVar[str] = EventType.TOOL_INPUT_DELTA
    tool_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOutputDelta(AgentEvent):
    """A piece of a running tool's output; at most about 20 per second and tool."""

    event_type: ClassVar[str] = EventType.TOOL_OUTPUT_DELTA
    tool_id: str
    tool_name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolEnd(AgentEvent):
    """A tool call is over: run, refused, timed out, cancelled or malformed.

    `args` are the arguments that were judged and run, `metadata` what the tool tells beside its
    text (a diff's two sides, an exit code), `duration_ms` its wall time, `images` what it returned
    beside its text; in JSON each is an object with `media_type` and base64 `data`.
    """

    event_type: ClassVar[str] = EventType.TOOL_END
    _optional: ClassVar[frozenset[str]] = frozenset({"images"})
    tool_id: str
    tool_name: str
    tool_output: str
    exit_code: int
    args: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] | None = None
    duration_ms: int = 0
    images: tuple[Attachment, ...] = ()


# -- confirmation and permissions ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationRequired(AgentEvent):
    """A tool call waits for a person; `timeout_ms` is None when it waits for as long as it takes."""

    event_type: ClassVar[str] = EventType.CONFIRMATION_REQUIRED
    tool_id: str
    tool_name: str
    args: Mapping[str, Any]
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationReceived(AgentEvent):
    """A person (or a callable) decided."""

    event_type: ClassVar[str] = EventType.CONFIRMATION_RECEIVED
    tool_id: str
    approved: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationTimeout(AgentEvent):
    """Nobody decided in time; `action_taken` is `rejected` or `auto_approved`."""

    event_type: ClassVar[str] = EventType.CONFIRMATION_TIMEOUT
    tool_id: str
    action_taken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionDenied(AgentEvent):
    """A rule refused the call; a `tool_end` with exit code 1 follows."""

    event_type: ClassVar[str] = EventType.PERMISSION_DENIED
    tool_id: str
    tool_name: str
    args: Mapping[str, Any]
    reason: str


# -- waiting ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying(AgentEvent):
    """The model's server refused or failed; attempt number `attempt` follows after `delay_ms`."""

    event_type: ClassVar[str] = EventType.RETRYING
    attempt: int
    delay_ms: int
    status: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPreparing(AgentEvent):
    """The embedded model is being fetched or loaded; byte counts are None when unknown."""

    event_type: ClassVar[str] = EventType.MODEL_PREPARING
    text: str
    received_bytes: int | None = None
    total_bytes: int | None = None


# -- context and persistence -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextResolving(AgentEvent):
    """Context providers are being asked."""

    event_type: ClassVar[str] = EventType.CONTEXT_RESOLVING
    providers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextResolved(AgentEvent):
    """Context providers have answered."""

    event_type: ClassVar[str] = EventType.CONTEXT_RESOLVED
    total_items: int
    total_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextWarning(AgentEvent):
    """The conversation fills more of the context window than the threshold (0.0 to 1.0) allows."""

    event_type: ClassVar[str] = EventType.CONTEXT_WARNING
    used_tokens: int
    max_tokens: int
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextCompacting(AgentEvent):
    """Compaction begins."""

    event_type: ClassVar[str] = EventType.CONTEXT_COMPACTING
    messages_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryStored(AgentEvent):
    """Something was remembered of its own accord. `importance` is from 0.0 to 1.0."""

    event_type: ClassVar[str] = EventType.MEMORY_STORED
    memory_id: str
    memory_type: str
    importance: float
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRecalled(AgentEvent):
    """A memory goes to the model with the prompt. `relevance` is from 0.0 to 1.0."""

    event_type: ClassVar[str] = EventType.MEMORY_RECALLED
    memory_id: str
    content: str
    relevance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoriesSearched(AgentEvent):
    """The memory was searched for the prompt, and something was found."""

    event_type: ClassVar[str] = EventType.MEMORIES_SEARCHED
    query: str
    tags: tuple[str, ...]
    result_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryCleared(AgentEvent):
    """A tier (`long_term`, `short_term`, `working`) was emptied while a prompt was running."""

    event_type: ClassVar[str] = EventType.MEMORY_CLEARED
    tier: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistenceFailed(AgentEvent):
    """The session could not be saved; the conversation itself is unharmed."""

    event_type: ClassVar[str] = EventType.PERSISTENCE_FAILED
    session_id: str
    operation: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionUnavailable(AgentEvent):
    """The harness of `ahp_transport` could not be reached: the session goes on unsupervised."""

    event_type: ClassVar[str] = EventType.SUPERVISION_UNAVAILABLE
    session_id: str
    error: str


# -- planning and goals ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningStart(AgentEvent):
    """A plan is about to be made; comes even before `start`."""

    event_type: ClassVar[str] = EventType.PLANNING_START
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningEnd(AgentEvent):
    """The plan as one object, ready for JSON; a `plan_ready` follows."""

    event_type: ClassVar[str] = EventType.PLANNING_END
    plan: Mapping[str, Any]
    estimated_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReady(AgentEvent):
    """The plan's steps, each as an object, and how many waves they need if none fails."""

    event_type: ClassVar[str] = EventType.PLAN_READY
    steps: tuple[Mapping[str, Any], ...]
    wave_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStart(AgentEvent):
    """A step of the plan begins: `step_number` counts from 1, `index` from 0.

    `step` repeats the description under the name that other documents use.
    """

    event_type: ClassVar[str] = EventType.STEP_START
    step_id: str
    description: str
    step_number: int
    total_steps: int
    step: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnd(AgentEvent):
    """A step is over; `status` is `completed` or `failed`, and `success` says the same."""

    event_type: ClassVar[str] = EventType.STEP_END
    step_id: str
    status: str
    step_number: int
    total_steps: int
    step: str
    index: int
    success: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalExtracted(AgentEvent):
    """What the request is meant to achieve, as an object with its criteria of success."""

    event_type: ClassVar[str] = EventType.GOAL_EXTRACTED
    goal: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalProgress(AgentEvent):
    """A wave of steps is over; `progress` is from 0.0 to 1.0, `goal` the goal's description."""

    event_type: ClassVar[str] = EventType.GOAL_PROGRESS
    goal: str
    progress: float
    completed_steps: int
    total_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalAchieved(AgentEvent):
    """The final check found the goal reached; `duration_ms` counts from its extraction."""

    event_type: ClassVar[str] = EventType.GOAL_ACHIEVED
    goal: str
    total_steps: int
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalUpdated(AgentEvent):
    """The goal's new state: `active`, `in_progress`, `achieved` or `not_achieved`."""

    event_type: ClassVar[str] = EventType.GOAL_UPDATED
    goal: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUpdated(AgentEvent):
    """Some step changed its status; `tasks` are all steps of the plan, as objects."""

    event_type: ClassVar[str] = EventType.TASK_UPDATED
    session_id: str
    tasks: tuple[Mapping[str, Any], ...]


# -- subagents -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SubagentStart(AgentEvent):
    """A child run begins: a task, a member of a team, or a skill (`agent` is then `skill:<name>`).

    Up to its `subagent_end` text and tool events are the child's, unless it runs in the
    `background`: then only its tool events are shown. Ids of its tool calls begin with `task_id`.
    """

    event_type: ClassVar[str] = EventType.SUBAGENT_START
    _aliases: ClassVar[frozenset[str]] = frozenset({"tool_id", "text", "tool_name", "prompt"})
    task_id: str
    session_id: str
    agent: str
    description: str
    parent_session_id: str
    background: bool = False

    @property
    def tool_id(self) -> str:
        """The task's id."""
        return self.task_id

    @property
    def text(self) -> str:
        """The child's session id."""
        return self.session_id

    @property
    def tool_name(self) -> str:
        """The agent."""
        return self.agent

    @property
    def prompt(self) -> str:
        """The description."""
        return self.description


@dataclass(frozen=True, slots=True, kw_only=True)
class SubagentProgress(AgentEvent):
    """What a child run is doing now, in a few words."""

    event_type: ClassVar[str] = EventType.SUBAGENT_PROGRESS
    _aliases: ClassVar[frozenset[str]] = frozenset({"tool_id", "text"})
    task_id: str
    session_id: str
    status: str

    @property
    def tool_id(self) -> str:
        """The task's id."""
        return self.task_id

    @property
    def text(self) -> str:
        """Session id and status."""
        return f"{self.session_id}: {self.status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubagentEnd(AgentEvent):
    """A child run is over; `output` is its last text, or what went wrong."""

    event_type: ClassVar[str] = EventType.SUBAGENT_END
    _aliases: ClassVar[frozenset[str]] = frozenset(
        {"tool_id", "text", "tool_name", "tool_output", "exit_code"}
    )
    task_id: str
    session_id: str
    agent: str
    output: str
    success: bool

    @property
    def tool_id(self) -> str:
        """The task's id."""
        return self.task_id

    @property
    def text(self) -> str:
        """The child's session id."""
        return self.session_id

    @property
    def tool_name(self) -> str:
        """The agent."""
        return self.agent

    @property
    def tool_output(self) -> str:
        """The output."""
        return self.output

    @property
    def exit_code(self) -> int:
        """0 for success, else 1."""
        return 0 if self.success else 1


# -- the lane queue --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalTaskCompleted(AgentEvent):
    """A command that was published is done; `success` is false also when nobody did it in time."""

    event_type: ClassVar[str] = EventType.EXTERNAL_TASK_COMPLETED
    task_id: str
    session_id: str
    success: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRetry(AgentEvent):
    """A command failed and runs again: attempt number `attempt` follows after `delay_ms`."""

    event_type: ClassVar[str] = EventType.COMMAND_RETRY
    command_id: str
    command_type: str
    lane: str
    attempt: int
    delay_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDeadLettered(AgentEvent):
    """A command failed for good after `attempts` attempts and is kept among the dead letters."""

    event_type: ClassVar[str] = EventType.COMMAND_DEAD_LETTERED
    command_id: str
    command_type: str
    lane: str
    error: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAlert(AgentEvent):
    """Many commands wait in a lane, or none any more; `level` is info, warning or critical."""

    event_type: ClassVar[str] = EventType.QUEUE_ALERT
    level: str
    alert_type: str
    message: str


class UnknownEvent(AgentEvent):
    """An event of a type this version does not know, kept as it came."""

    __slots__ = ("_values", "event_type")

    def __init__(self, event_type: str, values: Mapping[str, Any]) -> None:
        self.event_type = event_type  # type: ignore[misc]  # the one event whose name is its own
        self._values = dict(values)

    def _names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def __getattr__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        return super().__getattr__(name)

    def __repr__(self) -> str:
        return f"UnknownEvent({self.event_type!r}, {self._values!r})"


_CLASSES: dict[str, type[AgentEvent]] = {
    str(value.event_type): value
    for value in list(globals().values())
    if isinstance(value, type) and issubclass(value, AgentEvent) and is_dataclass(value)
}
_DOCUMENTED_FIELDS = frozenset(
    entry.name
    for cls in _CLASSES.values()
    for entry in fields(cls)  # type: ignore[arg-type]  # every event but UnknownEvent is a dataclass
)


def event_from_dict(values: Mapping[str, Any]) -> AgentEvent:
    """The event that `to_dict` described; one of an unknown type or shape is an `UnknownEvent`."""
    rest = dict(checks.mapping("values", values))
    name = str(rest.pop("type", ""))
    cls = _CLASSES.get(name)
    if cls is None:
        return UnknownEvent(name, rest)
    known = {entry.name for entry in fields(cls)}  # type: ignore[arg-type]
    usage = rest.get("usage")
    try:
        if isinstance(usage, Mapping):
            rest["usage"] = TokenUsage(**usage)
        if "images" in rest and "images" in known:
            rest["images"] = tuple(map(_image_from_dict, rest["images"]))
        return cls(**{key: value for key, value in rest.items() if key in known})
    except (TypeError, KeyError, ValueError, InvalidArgument):
        return UnknownEvent(name, dict(values))


def _image_to_dict(image: Attachment) -> dict[str, str]:
    return {
        "media_type": image.media_type,
        "data": base64.b64encode(image.data).decode("ascii"),
    }


def _image_from_dict(values: Mapping[str, Any]) -> Attachment:
    return Attachment(base64.b64decode(values["data"]), values["media_type"])
