"""What a turn looks like so far: a pure fold over its events. Painters only show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

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
    StepEnd,
    StepStart,
    SubagentEnd,
    SubagentProgress,
    SubagentStart,
    SupervisionUnavailable,
    TextDelta,
    ToolEnd,
    ToolInputDelta,
    ToolOutputDelta,
    ToolStart,
    TurnEnd,
    TurnStart,
)
from a3s_magics.pieces import (
    Child,
    Failure,
    Notice,
    Plan,
    Reasoning,
    Segment,
    StepHeading,
    Text,
    ToolCall,
    ToolState,
    Transcript,
)
from a3s_magics.plans import abandoned, after_planning
from a3s_magics.rope import Rope

__all__ = [
    "Child",
    "Failure",
    "Notice",
    "Plan",
    "Reasoning",
    "Segment",
    "StepHeading",
    "Text",
    "ToolCall",
    "Transcript",
    "advance",
]

_OF_TOOLS = (
    ToolStart
    | ToolInputDelta
    | ToolOutputDelta
    | ToolEnd
    | ConfirmationRequired
    | ConfirmationReceived
    | ConfirmationTimeout
    | PermissionDenied
)


# How the result of a call begins that was stopped by Cancel.
CUT_OFF = "Cancelled by the user before it finished."


def advance(view: Transcript, event: AgentEvent) -> Transcript:
    """The transcript after one more event; events of unknown types change nothing."""
    of_children = _advance_children(view, event)
    if of_children is not None:
        return of_children
    match event:
        case TextDelta(text=text):
            return _append(view, Text, text)
        case ReasoningDelta(text=text):
            return _append(view, Reasoning, text)
        case Start(prompt=prompt):
            return replace(view, prompt=prompt)
        case TurnStart(turn=turn):
            segments = _without_progress(view.segments)
            return replace(view, turn=turn, segments=segments, before=len(segments))
        case TurnEnd(usage=usage):
            return replace(view, usage=view.usage + usage)
        case End():
            return _ended(view, event)
        case ErrorEvent(error=error, error_type=kind):
            settled = _settled(_without_progress(view.segments), cut_off=True)
            failed = replace(view, outcome="failed", segments=settled)
            return _add(failed, Failure(kind, error))
        case BtwAnswer(question=question, answer=answer):
            asked = replace(view, prompt=question)
            return asked if _ends_with(asked, answer) else _append(asked, Text, answer)
        case _:
            return (
                _advance_tool(view, event)
                or _advance_plan(view, event)
                or _advance_notice(view, event)
                or view
            )


def _advance_children(view: Transcript, event: AgentEvent) -> Transcript | None:
    """The transcript after an event that is a child's affair, None after one that is not."""
    match event:
        case SubagentStart(parent_session_id=parent):
            if child := _child(view, lambda child: _has_session(child, parent)):
                return _passed_on(view, child, event)
            return _add(replace(view, segments=_without_progress(view.segments)), _born(event))
        case SubagentProgress(task_id=task_id) | SubagentEnd(task_id=task_id):
            if child := _child(view, lambda child: child.task_id == task_id):
                return _replaced(view, child, _reported(child, event))
            if child := _child(view, lambda child: _has_task(child, task_id)):
                return _passed_on(view, child, event)
            return view
        case TextDelta(task_id=str()) | ReasoningDelta(task_id=str()):
            return _spoken(view, event)
        case TextDelta() | ReasoningDelta() | Retrying() | ModelPreparing():
            # These name nobody, and in old records nor do deltas. Where several are at work it
            # would be a guess; what a child says is shown at its end.
            speakers = [child for child in view.children if child.speaks]
            if len(speakers) == 1:
                return _passed_on(view, speakers[0], event)
            return view if speakers else None
        case _ if isinstance(event, _OF_TOOLS) and "/" in event.tool_id:
            scope = event.tool_id.split("/")[:-1]
            if child := _child(view, lambda child: child.task_id in scope):
                return _passed_on(view, child, event)
    return None


def _advance_plan(view: Transcript, event: AgentEvent) -> Transcript | None:
    known = view.plan
    plan = after_planning(known, event)
    if plan is not None and known is None:
        view = _add(view, plan)
    elif plan is not None and plan is not known:
        at = view.segments.index(known)
        view = replace(view, segments=(*view.segments[:at], plan, *view.segments[at + 1 :]))
    match event:
        case StepStart(step_number=number, total_steps=total, description=description):
            last = view.segments[-1] if view.segments else None
            heading = StepHeading((number,), total, description)
            if isinstance(last, StepHeading):
                together = replace(heading, numbers=(*last.numbers, number), description="")
                return replace(view, segments=(*view.segments[:-1], together))
            return _add(view, heading)
        case StepEnd():
            return replace(view, apart=True)
    return view if plan is not None else None


def _advance_tool(view: Transcript, event: AgentEvent) -> Transcript | None:
    match event:
        case ToolStart(tool_id=tool_id, tool_name=name, args=args):
            state: ToolState = "preparing" if args is None else "running"
            if _position(view.segments, tool_id) is not None:
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
            ended = _update(known, event.tool_id, lambda call: _finished(call, event))
            return replace(ended, segments=_without_own_end(ended.segments, event))
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
        case SupervisionUnavailable(error=error):
            return _notice(view, Notice("warning", error))
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
    if isinstance(last, kind) and not view.apart:
        return replace(view, segments=(*view.segments[:-1], kind(last.content + text)))
    begun = replace(view, segments=_without_progress(view.segments), apart=False)
    return _add(begun, kind(Rope(text)))


def _ends_with(view: Transcript, answer: str) -> bool:
    last = view.segments[-1] if view.segments else None
    return isinstance(last, Text) and str(last.content) == answer


def _with_tool(view: Transcript, tool_id: str, name: str) -> Transcript:
    """Servers and resumed sessions may leave out a call's beginning: show the call all the same."""
    if _position(view.segments, tool_id) is not None:
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
    state: ToolState = "refused" if refused else "done"
    if call.state == "asking":  # the question was never answered
        state = "cancelled"
    return replace(
        call,
        state=state,
        not_run=state == "cancelled",
        args=event.args or call.args or {},
        result=event.tool_output,
        exit_code=event.exit_code,
        duration_ms=event.duration_ms,
        metadata=event.metadata,
        images=event.images,
    )


def _without_own_end(segments: tuple[Segment, ...], event: ToolEnd) -> tuple[Segment, ...]:
    """Calls inside another, as of `batch`, end with it: only their questions have events."""
    inside = f"{event.tool_id}."
    if event.tool_output.startswith(CUT_OFF):
        return segments
    return tuple(
        replace(part, state="done" if part.state == "running" else part.state, result="")
        if isinstance(part, ToolCall) and part.tool_id.startswith(inside) and not part.over
        else part
        for part in segments
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


def _settled(segments: tuple[Segment, ...], *, cut_off: bool) -> tuple[Segment, ...]:
    """Nothing runs any more. `cut_off` says that the turn was stopped, and its calls with it."""
    return tuple(_settled_part(part, cut_off) for part in segments)


def _settled_part(part: Segment, cut_off: bool) -> Segment:
    match part:
        case ToolCall(state="asking"):
            return replace(part, state="cancelled", not_run=True)
        case ToolCall(state="preparing" | "running"):
            return replace(part, state="cancelled")
        case ToolCall(state="refused", result=None):
            return replace(part, result="")
        case ToolCall(state="done", exit_code=1, result=str(result)) if cut_off:
            return replace(part, state="cancelled") if result.startswith(CUT_OFF) else part
        case Child(view=view):
            outcome = view.outcome or "cancelled"
            ended = replace(
                view, outcome=outcome, segments=_settled(view.segments, cut_off=cut_off)
            )
            return replace(part, view=ended)
        case Plan():
            return abandoned(part)
    return part


def _child(view: Transcript, matches: Callable[[Child], bool]) -> Child | None:
    return next((child for child in reversed(view.children) if matches(child)), None)


def _has_session(child: Child, session_id: str) -> bool:
    if child.session_id == session_id:
        return True
    return any(_has_session(inner, session_id) for inner in child.view.children)


def _has_task(child: Child, task_id: str) -> bool:
    return any(
        inner.task_id == task_id or _has_task(inner, task_id) for inner in child.view.children
    )


def _born(event: SubagentStart) -> Child:
    return Child(
        task_id=event.task_id,
        session_id=event.session_id,
        agent=event.agent,
        description=event.description,
        background=event.background,
        view=Transcript(),
    )


def _replaced(view: Transcript, child: Child, by: Child) -> Transcript:
    return replace(view, segments=tuple(by if part is child else part for part in view.segments))


def _passed_on(view: Transcript, child: Child, event: AgentEvent) -> Transcript:
    inner = advance(child.view, event)
    return view if inner is child.view else _replaced(view, child, replace(child, view=inner))


def _spoken(view: Transcript, event: TextDelta | ReasoningDelta) -> Transcript:
    """The words of a child, or of a child's child, go to where their speaker stands."""
    if child := _child(view, lambda child: child.task_id == event.task_id):
        kind = Text if isinstance(event, TextDelta) else Reasoning
        return _replaced(view, child, replace(child, view=_append(child.view, kind, event.text)))
    if child := _child(view, lambda child: _has_task(child, event.task_id or "")):
        return _passed_on(view, child, event)
    return view


def _reported(child: Child, event: SubagentProgress | SubagentEnd) -> Child:
    if isinstance(event, SubagentProgress):
        return replace(child, status=event.status)
    view = replace(
        child.view, segments=_settled(_without_progress(child.view.segments), cut_off=False)
    )
    if not event.success:
        view = _add(replace(view, outcome="failed"), Failure("Failed", event.output))
    else:
        view = replace(view, outcome="done")
        if not _ends_with(view, event.output):
            view = _append(replace(view, apart=True), Text, event.output)
    return replace(child, status="", view=view)


_NO_CALL_LEFT = Notice(
    "warning",
    "Stopped before an answer: no more calls of the model were allowed (--max-rounds, max_tool_rounds).",
)


def _ended(view: Transcript, event: End) -> Transcript:
    if event.text and not any(isinstance(part, Text) for part in view.segments):
        view = _append(view, Text, event.text)
    segments = _settled(_without_progress(view.segments), cut_off=event.cancelled)
    if not event.cancelled and any(isinstance(part, ToolCall) for part in segments[view.before :]):
        segments = (*segments, _NO_CALL_LEFT)  # the model was not asked what it makes of its tools
    return replace(
        view,
        segments=segments,
        usage=event.usage,
        outcome="cancelled" if event.cancelled else "done",
        final_text=event.text,
    )
