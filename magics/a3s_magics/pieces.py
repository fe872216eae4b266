"""The pieces of a turn as it is shown: text, thinking, tool calls, plans, children, notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from a3s_code import Attachment, TokenUsage
from a3s_magics.rope import Rope

ToolState = Literal["preparing", "asking", "running", "done", "refused", "cancelled"]
Outcome = Literal["done", "cancelled", "failed"]
NoticeKind = Literal["preparing", "retrying", "compacted", "warning", "remark"]
StepState = Literal["pending", "in_progress", "completed", "failed", "skipped", "cancelled"]


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of the answer between two tool calls."""

    content: Rope


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A stretch of the model's thinking."""

    content: Rope


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One tool call, from the model's first word about it to its result.

    `args_text` is the arguments' JSON as far as it was streamed, `output` what the running tool
    printed, `result` the text the model got back (None before). `approved` and `reason` tell what a
    person or the policy decided; `approved` is None when nobody was asked. `not_run` is true of a
    cancelled call that never began.
    """

    tool_id: str
    name: str
    state: ToolState
    args: Mapping[str, Any] | None = None
    args_text: Rope = field(default_factory=Rope)
    output: Rope = field(default_factory=Rope)
    result: str | None = None
    exit_code: int | None = None
    duration_ms: int = 0
    metadata: Mapping[str, Any] | None = None
    images: tuple[Attachment, ...] = ()
    approved: bool | None = None
    reason: str | None = None
    not_run: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more can happen to this call."""
        return self.state in ("done", "refused", "cancelled") and self.result is not None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader should know that is neither answer nor tool: a retry, a download.

    `fraction` is between 0 and 1 when progress is known.
    """

    kind: NoticeKind
    text: str
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The error that ended the turn; `kind` is the name of the error's class."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan; `step_id` is the plan's own name for it."""

    step_id: str
    description: str
    state: StepState = "pending"


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan and how far it is, or only a goal when one is followed without a plan.

    `steps` is empty while the plan is being made. `achieved` is None before the goal was judged.
    """

    steps: tuple[Step, ...] = ()
    goal: str = ""
    achieved: bool | None = None

    @property
    def completed(self) -> int:
        """How many steps were completed."""
        return sum(step.state == "completed" for step in self.steps)


@dataclass(frozen=True, slots=True)
class StepHeading:
    """Which steps of the plan begin here, counted from 1; several when they run side by side."""

    numbers: tuple[int, ...]
    total: int
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """The run of another agent within the turn, with a transcript of its own.

    `status` says in a few words what it is doing now. `view.outcome` is None while it runs.
    """

    task_id: str
    session_id: str
    agent: str
    description: str
    background: bool
    view: Transcript
    status: str = ""

    @property
    def speaks(self) -> bool:
        """Whether text that comes now may be this child's."""
        return self.view.outcome is None and not self.background


Segment = Text | Reasoning | ToolCall | Notice | Failure | Plan | StepHeading | Child


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that is to be seen of one turn, in the order in which it happened.

    `outcome` is None while the turn runs. Elapsed time and model are facts of the surroundings and
    are given to painters beside it. `apart` says that text to come is a stretch of its own. `before`
    segments stood there when the latest call of the model began.
    """

    segments: tuple[Segment, ...] = ()
    turn: int = 0
    before: int = 0
    usage: TokenUsage = field(default_factory=TokenUsage)
    outcome: Outcome | None = None
    prompt: str = ""
    final_text: str | None = None
    apart: bool = False

    @property
    def text(self) -> str:
        """The answer: the final text once there is one, until then everything said so far."""
        if self.final_text is not None:
            return self.final_text
        return self.said

    @property
    def said(self) -> str:
        """Every stretch of text of the turn, those between tool calls included."""
        parts = (str(part.content) for part in self.segments if isinstance(part, Text))
        return "\n\n".join(parts)

    @property
    def of_command(self) -> bool:
        """Whether a slash command has answered, and no model: the text is no Markdown."""
        return self.outcome == "done" and not self.prompt and not self.turn

    @property
    def plan(self) -> Plan | None:
        """The turn's plan, if it has one."""
        return next((part for part in self.segments if isinstance(part, Plan)), None)

    @property
    def children(self) -> tuple[Child, ...]:
        """The runs of other agents that this one began, oldest first."""
        return tuple(part for part in self.segments if isinstance(part, Child))

    @property
    def questions(self) -> tuple[ToolCall, ...]:
        """The calls that wait for a person, those of children included, in reading order."""
        return tuple(call for call in self._calls() if call.state == "asking")

    def tool(self, tool_id: str) -> ToolCall | None:
        """The call with this id, whoever made it."""
        found = [call for call in self._calls() if call.tool_id == tool_id]
        return found[-1] if found else None

    def _calls(self) -> Iterator[ToolCall]:
        for part in self.segments:
            if isinstance(part, ToolCall):
                yield part
            elif isinstance(part, Child):
                yield from part.view._calls()
