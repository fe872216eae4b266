"""The ways to send a prompt, behind one signature, so that one case runs through all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from a3s_code import A3SError, AgentEvent, End, ErrorEvent, Session
from tests.deadlines import DEADLINE_S


@dataclass
class Answer:
    """What a caller got: text, or the failure's class name and message; events where there are any."""

    text: str = ""
    error: str = ""
    error_type: str = ""
    cancelled: bool = False
    total_tokens: int = 0
    events: list[AgentEvent] = field(default_factory=list)

    def types(self, *leaving_out: str) -> list[str]:
        """The event types in order."""
        return [event.event_type for event in self.events if event.event_type not in leaving_out]


Caller = Callable[[Session, str], Answer]


def by_send(session: Session, prompt: str) -> Answer:
    """`session.send`"""
    try:
        result = session.send(prompt)
    except A3SError as error:
        return Answer(getattr(error, "text", ""), str(error), type(error).__name__)
    return Answer(result.text, cancelled=result.cancelled, total_tokens=result.total_tokens)


def by_asend(session: Session, prompt: str) -> Answer:
    """`await session.asend`"""

    async def ask() -> Answer:
        try:
            result = await session.asend(prompt)
        except A3SError as error:
            return Answer(getattr(error, "text", ""), str(error), type(error).__name__)
        return Answer(result.text, cancelled=result.cancelled, total_tokens=result.total_tokens)

    return asyncio.run(ask())


def by_stream(session: Session, prompt: str) -> Answer:
    """`for event in session.stream`"""
    return _answer(list(session.stream(prompt)))


def by_async_stream(session: Session, prompt: str) -> Answer:
    """`async for event in session.stream`"""

    async def collect() -> list[AgentEvent]:
        return [event async for event in session.stream(prompt)]

    return _answer(asyncio.run(collect()))


def by_poll(session: Session, prompt: str) -> Answer:
    """`stream.poll`, as a notebook's view does"""
    stream = session.stream(prompt)
    events: list[AgentEvent] = []
    while (batch := stream.poll(DEADLINE_S)) is not None:
        events += batch
    return _answer(events)


def _answer(events: list[AgentEvent]) -> Answer:
    last = events[-1]
    if isinstance(last, ErrorEvent):
        return Answer(last.text, last.error, last.error_type, events=events)
    assert isinstance(last, End)
    return Answer(
        last.text, cancelled=last.cancelled, total_tokens=last.total_tokens, events=events
    )


CALLERS: list[Caller] = [by_send, by_asend, by_stream, by_async_stream, by_poll]
STREAMS: list[Caller] = [by_stream, by_async_stream, by_poll]
