"""The events of an execution: one frozen class each, readable as attributes and as a mapping.

A consumer may `match` on the class, compare `event.event_type`, or read `event["type"]`. The set is
open: consumers must let types pass that they do not know, as `UnknownEvent` does here.
"""

from a3s_code.events.base import AgentEvent, EventType
from a3s_code.events.confirmation import (
    ConfirmationReceived,
    ConfirmationRequired,
    ConfirmationTimeout,
    PermissionDenied,
)
from a3s_code.events.context import (
    ContextCompacted,
    ContextCompacting,
    ContextResolved,
    ContextResolving,
    ContextWarning,
)
from a3s_code.events.lifecycle import (
    BtwAnswer,
    End,
    ErrorEvent,
    ReasoningDelta,
    Start,
    TextDelta,
    TurnEnd,
    TurnStart,
)
from a3s_code.events.memory import MemoriesSearched, MemoryCleared, MemoryRecalled, MemoryStored
from a3s_code.events.notices import (
    ModelPreparing,
    PersistenceFailed,
    Retrying,
    SupervisionUnavailable,
)
from a3s_code.events.planning import (
    GoalAchieved,
    GoalExtracted,
    GoalProgress,
    GoalUpdated,
    PlanningEnd,
    PlanningStart,
    PlanReady,
    StepEnd,
    StepStart,
    TaskUpdated,
)
from a3s_code.events.queue import (
    CommandDeadLettered,
    CommandRetry,
    ExternalTaskCompleted,
    ExternalTaskPending,
    QueueAlert,
)
from a3s_code.events.restore import UnknownEvent, event_from_dict
from a3s_code.events.subagents import SubagentEnd, SubagentProgress, SubagentStart
from a3s_code.events.tools import ToolEnd, ToolInputDelta, ToolOutputDelta, ToolStart

__all__ = [
    "AgentEvent",
    "BtwAnswer",
    "CommandDeadLettered",
    "CommandRetry",
    "ConfirmationReceived",
    "ConfirmationRequired",
    "ConfirmationTimeout",
    "ContextCompacted",
    "ContextCompacting",
    "ContextResolved",
    "ContextResolving",
    "ContextWarning",
    "End",
    "ErrorEvent",
    "EventType",
    "ExternalTaskCompleted",
    "ExternalTaskPending",
    "GoalAchieved",
    "GoalExtracted",
    "GoalProgress",
    "GoalUpdated",
    "MemoriesSearched",
    "MemoryCleared",
    "MemoryRecalled",
    "MemoryStored",
    "ModelPreparing",
    "PermissionDenied",
    "PersistenceFailed",
    "PlanReady",
    "PlanningEnd",
    "PlanningStart",
    "QueueAlert",
    "ReasoningDelta",
    "Retrying",
    "Start",
    "StepEnd",
    "StepStart",
    "SubagentEnd",
    "SubagentProgress",
    "SubagentStart",
    "SupervisionUnavailable",
    "TaskUpdated",
    "TextDelta",
    "ToolEnd",
    "ToolInputDelta",
    "ToolOutputDelta",
    "ToolStart",
    "TurnEnd",
    "TurnStart",
    "UnknownEvent",
    "event_from_dict",
]
