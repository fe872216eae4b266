"""A child's events on their way into the parent's stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from a3s_code.events import (
    AgentEvent,
    CommandDeadLettered,
    CommandRetry,
    ConfirmationReceived,
    ConfirmationRequired,
    ConfirmationTimeout,
    ExternalTaskCompleted,
    ExternalTaskPending,
    ModelPreparing,
    PermissionDenied,
    QueueAlert,
    ReasoningDelta,
    Retrying,
    SubagentEnd,
    SubagentProgress,
    SubagentStart,
    TextDelta,
    ToolEnd,
    ToolInputDelta,
    ToolOutputDelta,
    ToolStart,
    TurnStart,
)

_ToolEvent = (
    ToolStart
    | ToolInputDelta
    | ToolOutputDelta
    | ToolEnd
    | ConfirmationRequired
    | ConfirmationReceived
    | ConfirmationTimeout
    | PermissionDenied
)

Emit = Callable[[list[AgentEvent]], Awaitable[None]]


class Forward:
    """Takes what an execution emits, gives the parent what concerns it.

    Ids of tool calls get `scope` in front, since another model may use the same ones. The child's
    own beginning and end are left out: they would end the parent's stream. A `quiet` child's text
    is left out too. `last` is what could only be queued, for the one who started the child.
    """

    def __init__(
        self, emit: Emit, *, scope: str, task_id: str, session_id: str, quiet: bool
    ) -> None:
        self._emit, self.scope, self._quiet = emit, scope, quiet
        self._task_id, self._session_id = task_id, session_id
        self.last: list[AgentEvent] = []

    async def put(self, events: list[AgentEvent]) -> None:
        """Pass events on; waits as long as the parent's stream does."""
        shown = [shown for event in events for shown in self._shown(event)]
        if shown:
            await self._emit(shown)

    def put_nowait(self, events: list[AgentEvent]) -> None:
        """Keep events in `last`."""
        self.last += [shown for event in events for shown in self._shown(event)]

    def close(self) -> None:
        """The parent's stream goes on."""

    def _shown(self, event: AgentEvent) -> list[AgentEvent]:
        match event:
            case TextDelta(task_id=speaker) | ReasoningDelta(task_id=speaker):
                if self._quiet:
                    return []
                return [event if speaker else replace(event, task_id=self._task_id)]
            case TurnStart(turn=turn):
                return [self._progress(f"turn {turn}")]
            case ToolStart(tool_name=name):
                return [self._progress(f"tool {name}"), self._scoped(event)]
            case (
                ToolInputDelta()
                | ToolOutputDelta()
                | ToolEnd()
                | ConfirmationRequired()
                | ConfirmationReceived()
                | ConfirmationTimeout()
                | PermissionDenied()
            ):
                return [self._scoped(event)]
            case SubagentStart() | SubagentProgress() | SubagentEnd():
                return [event]
            case Retrying() | ModelPreparing():
                return [event]
            case (
                ExternalTaskPending()
                | ExternalTaskCompleted()
                | CommandRetry()
                | CommandDeadLettered()
                | QueueAlert()
            ):
                return [event]
            case _:
                return []

    def _progress(self, status: str) -> SubagentProgress:
        return SubagentProgress(task_id=self._task_id, session_id=self._session_id, status=status)

    def _scoped(self, event: _ToolEvent) -> AgentEvent:
        # What the gate emits, and what comes from a child's child, has the whole scope already.
        if event.tool_id.startswith(self.scope):
            return event
        return replace(event, tool_id=self.scope + event.tool_id)
