"""Agents that work for this one."""

from __future__ import annotations

from typing import ClassVar

from a3s_code.events.base import AgentEvent, EventType, event


@event
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


@event
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


@event
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
