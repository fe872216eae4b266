"""Redacting what leaves an execution, whatever pieces it comes in."""

from __future__ import annotations

import logging
from dataclasses import replace

from a3s_code.errors import A3SError
from a3s_code.events import (
    AgentEvent,
    ReasoningDelta,
    TextDelta,
    ToolEnd,
    ToolInputDelta,
    ToolOutputDelta,
)
from a3s_code.messages import Block, Message, TextBlock
from a3s_code.security.guard import SecurityGuard
from a3s_code.security.stream import StreamRedactor

log = logging.getLogger("a3s_code")


_Said = TextDelta | ReasoningDelta


class EventRedactor:
    """Rewrites the deltas of one execution; a held-back tail comes out before what follows it."""

    def __init__(self, guard: SecurityGuard) -> None:
        self._guard = guard
        # Of the answer and of each child: their words come in turns.
        self._said: dict[tuple[type[_Said], str | None], StreamRedactor] = {}
        self._outputs: dict[str, StreamRedactor] = {}

    def feed(self, events: list[AgentEvent]) -> list[AgentEvent]:
        """The events as they may be shown now."""
        shown: list[AgentEvent] = []
        for event in events:
            match event:
                case (
                    TextDelta(text=text, task_id=speaker)
                    | ReasoningDelta(text=text, task_id=speaker)
                ):
                    key = (type(event), speaker)
                    redactor = self._said.setdefault(key, self._guard.stream())
                    shown += _delta(*key, redactor.feed(text))
                case ToolInputDelta():
                    shown.append(event)
                case ToolOutputDelta(tool_id=tool_id, text=text):
                    redactor = self._outputs.setdefault(tool_id, self._guard.stream())
                    shown += _output(event, redactor.feed(text))
                case ToolEnd(tool_id=tool_id, tool_name=name):
                    rest = self._outputs.pop(tool_id, None)
                    if rest is not None:
                        tail = ToolOutputDelta(tool_id=tool_id, tool_name=name, text="")
                        shown += _output(tail, rest.close())
                    shown.append(event)
                case _:
                    shown += [*self.rest(), event]
        return shown

    def rest(self) -> list[AgentEvent]:
        """What was held back of text and reasoning."""
        held, self._said = self._said, {}
        return [event for key, redactor in held.items() for event in _delta(*key, redactor.close())]

    def rest_or_nothing(self) -> list[AgentEvent]:
        """`rest` at the end of an execution, which a provider that fails must not hold up."""
        try:
            return self.rest()
        except Exception:  # foreign code, as below
            log.warning("the security provider failed; a text is left out", exc_info=True)
            return []


def redacted_message(message: Message, guard: SecurityGuard) -> Message:
    """An assistant's message with its text redacted; calls, thinking and images as they were."""
    if not guard.redacts:
        return message
    blocks: list[Block] = [
        TextBlock(guard.output(block.text)) if isinstance(block, TextBlock) else block
        for block in message.content
    ]
    return replace(message, content=tuple(blocks))


def without_keys(error: A3SError, guard: SecurityGuard) -> A3SError:
    """The same error; where its sentence held a known key, that is out, and its causes are, too."""
    shown = guard.keys.redact(error.problem)
    if shown != error.problem:
        error.problem, error.args = shown, (f"{error.prefix}{shown}",)
        error.__cause__, error.__context__ = None, None
    return error


def shown_or_nothing(text: str, guard: SecurityGuard) -> str:
    """The redacted text; "" when redacting fails, because a failure must show nothing."""
    try:
        return guard.output(text)
    except Exception:  # foreign code; it must neither show the text nor stop the end
        log.warning("the security provider failed; a text is left out", exc_info=True)
        return ""


def _delta(kind: type[_Said], speaker: str | None, text: str) -> list[AgentEvent]:
    return [kind(text=text, task_id=speaker)] if text else []


def _output(event: ToolOutputDelta, text: str) -> list[AgentEvent]:
    return [replace(event, text=text)] if text else []
