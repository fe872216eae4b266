"""What a turn looks like so far: a pure fold over its events. Painters only show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from a3s_code import (
    AgentEvent,
    BtwAnswer,
    ConfirmationReceived,
    ConfirmationRequired,
    ConfirmationTimeout,
    ContextCompacted,
    End,
    ErrorEvent,
    ModelPreparing,
    PermissionDenied,
    PersistenceFailed,
    ReasoningDelta,
    Retrying,
    Start,
    TextDelta,
    TokenUsage,
    ToolEnd,
    ToolInputDelta,
    ToolOutputDelta,
    ToolStart,
    TurnEnd,
    TurnStart,
)
from a3s_magics.rope import Rope

ToolState = Literal["preparing", "asking", "running", "done", "refused", "cancelled"]
Outcome = Literal["done", "cancelled", "failed"]
NoticeKind = Literal["preparing", "retrying", "compacted", "warning", "remark"]


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
    person or the policy decided; `approved` is None when nobody was asked.
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
    approved: bool | None = None
    reason: str | None = None

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


Segment = Text | Reasoning | ToolCall | Notice | Failure


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that is to be seen of one turn, in the order in which it happened.

    `outcome` is None while the turn runs. Elapsed time and model are facts of the surroundings and
    are given to painters beside it.
    """

    segments: tuple[Segment, ...] = ()
    turn: int = 0
    usage: TokenUsage = field(default_factory=TokenUsage)
    outcome: Outcome | None = None
    prompt: str = ""
    final_text: str | None = None

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
    def questions(self) -> tuple[ToolCall, ...]:
        """The calls that wait for a person, oldest first."""
        return tuple(
            part for part in self.segments if isinstance(part, ToolCall) and part.state == "asking"
        )

    def tool(self, tool_id: str) -> ToolCall | None:
        """The call with this id."""
        at = _position(self.segments, tool_id)
        found = None if at is None else self.segments[at]
        return found if isinstance(found, ToolCall) else None


def advance(view: Transcript, event: AgentEvent) -> Transcript:
    """The transcript after one more event; events of unknown types change nothing."""
    match event:
        case TextDelta(text=text):
            return _append(view, Text, text)
        case ReasoningDelta(text=text):
            return _append(view, Reasoning, text)
        case Start(prompt=prompt):
            return replace(view, prompt=prompt)
        case TurnStart(turn=turn):
            return replace(view, turn=turn, segments=_without_progress(view.segments))
        case TurnEnd(usage=usage):
            return replace(view, usage=view.usage + usage)
        case End():
            return _ended(view, event)
        case ErrorEvent(error=error, error_type=kind):
            settled = _settled(_without_progress(view.segments))
            failed = replace(view, outcome="failed", segments=settled)
            return _add(failed, Failure(kind, error))
        case BtwAnswer(answer=answer):
            return view if _ends_with(view, answer) else _append(view, Text, answer)
        case _:
            return _advance_tool(view, event) or _advance_notice(view, event) or view


def _advance_tool(view: Transcript, event: AgentEvent) -> Transcript | None:
    match event:
        case ToolStart(tool_id=tool_id, tool_name=name, args=args):
            state: ToolState = "preparing" if args is None else "running"
            if view.tool(tool_id):
                return _update(view, tool_id, lambda call: replace(call, args=args, state=state))
            started = ToolCall(tool_id=tool_id, name=name, state=state, args=args)
            return _add(replace(view, segments=_without_progress(view.segments)), started)
        case ToolInputDelta(tool_id=tool_id, text=text):
            return _update(
                view, tool_id, lambda call: replace(call, args_text=call.args_text + text)
            )
        case ToolOutputDelta(tool_id=tool_id, text=text):
            return _update(
                view,
                tool_id,
                lambda call: replace(call, state="running", output=call.output + text),
            )
        case ToolEnd():
            known = _with_tool(view, event.tool_id, event.tool_name)
            return _update(known, event.tool_id, lambda call: _finished(call, event))
        case ConfirmationRequired(tool_id=tool_id, tool_name=name, args=args):
            known = _with_tool(view, tool_id, name)
            return _update(known, tool_id, lambda call: replace(call, state="asking", args=args))
        case ConfirmationReceived(tool_id=tool_id, approved=approved, reason=reason):
            return _decided(view, tool_id, approved, reason)
        case ConfirmationTimeout(tool_id=tool_id, action_taken=action):
            return _decided(view, tool_id, action == "auto_approved", "nobody answered in time")
        case PermissionDenied(tool_id=tool_id, tool_name=name, args=args, reason=reason):
            known = _with_tool(view, tool_id, name)
            return _update(
                known,
                tool_id,
                lambda call: replace(
                    call, state="refused", args=args, approved=False, reason=reason
                ),
            )
    return None


def _advance_notice(view: Transcript, event: AgentEvent) -> Transcript | None:
    match event:
        case ModelPreparing(text=text, received_bytes=received, total_bytes=total):
            known = received is not None and total
            fraction = min(1.0, (received or 0) / (total or 1)) if known else None
            return _notice(view, Notice("preparing", text, fraction))
        case Retrying(attempt=attempt, delay_ms=delay, reason=reason):
            wait = f"attempt {attempt} follows in {delay / 1000:.1f} s"
            return _notice(view, Notice("retrying", f"{reason}; {wait}"))
        case ContextCompacted(messages_before=before, messages_after=after):
            text = f"The conversation was shortened from {before} to {after} messages."
            return _notice(view, Notice("compacted", text))
        case PersistenceFailed(operation=operation, error=error):
            return _notice(view, Notice("warning", f"Not saved ({operation}): {error}"))
    return None


def _position(segments: tuple[Segment, ...], tool_id: str) -> int | None:
    for at in range(len(segments) - 1, -1, -1):
        part = segments[at]
        if isinstance(part, ToolCall) and part.tool_id == tool_id:
            return at
    return None


def _add(view: Transcript, part: Segment) -> Transcript:
    return replace(view, segments=(*view.segments, part))


def _append(view: Transcript, kind: type[Text | Reasoning], text: str) -> Transcript:
    if not text:
        return view
    last = view.segments[-1] if view.segments else None
    if isinstance(last, kind):
        return replace(view, segments=(*view.segments[:-1], kind(last.content + text)))
    return _add(replace(view, segments=_without_progress(view.segments)), kind(Rope(text)))


def _ends_with(view: Transcript, answer: str) -> bool:
    last = view.segments[-1] if view.segments else None
    return isinstance(last, Text) and str(last.content) == answer


def _with_tool(view: Transcript, tool_id: str, name: str) -> Transcript:
    """Servers and resumed sessions may leave out a call's beginning: show the call all the same."""
    if view.tool(tool_id):
        return view
    return _add(view, ToolCall(tool_id=tool_id, name=name, state="running"))


def _update(view: Transcript, tool_id: str, change: Callable[[ToolCall], ToolCall]) -> Transcript:
    at = _position(view.segments, tool_id)
    if at is None:
        return view
    call = view.segments[at]
    assert isinstance(call, ToolCall)
    segments = (*view.segments[:at], change(call), *view.segments[at + 1 :])
    return replace(view, segments=segments)


def _finished(call: ToolCall, event: ToolEnd) -> ToolCall:
    refused = call.state == "refused" or call.approved is False
    return replace(
        call,
        state="refused" if refused else "done",
        args=event.args or call.args or {},
        result=event.tool_output,
        exit_code=event.exit_code,
        duration_ms=event.duration_ms,
        metadata=event.metadata,
    )


def _decided(view: Transcript, tool_id: str, approved: bool, reason: str | None) -> Transcript:
    state: ToolState = "running" if approved else "refused"
    return _update(
        view, tool_id, lambda call: replace(call, state=state, approved=approved, reason=reason)
    )


def _notice(view: Transcript, notice: Notice) -> Transcript:
    """News of the same kind replaces the news before it instead of piling up."""
    last = view.segments[-1] if view.segments else None
    if isinstance(last, Notice) and last.kind == notice.kind:
        return replace(view, segments=(*view.segments[:-1], notice))
    return _add(view, notice)


def _without_progress(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """A download's progress or a retry is of no interest once the model has answered."""
    last = segments[-1] if segments else None
    if isinstance(last, Notice) and last.kind in ("preparing", "retrying"):
        return segments[:-1]
    return segments


def _settled(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    return tuple(
        replace(part, state="cancelled") if isinstance(part, ToolCall) and not part.over else part
        for part in segments
    )


def _ended(view: Transcript, event: End) -> Transcript:
    if event.text and not any(isinstance(part, Text) for part in view.segments):
        view = _append(view, Text, event.text)
    return replace(
        view,
        segments=_settled(_without_progress(view.segments)),
        usage=event.usage,
        outcome="cancelled" if event.cancelled else "done",
        final_text=event.text,
    )
