"""A prompt that is a slash command: the same life as an execution, without a model's turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from a3s_code.commands.host import CommandHost
from a3s_code.commands.outcome import CommandOutcome, outcome_events
from a3s_code.commands.registry import CommandRegistry
from a3s_code.commands.run import run_command
from a3s_code.events import AgentEvent, End
from a3s_code.messages import Message
from a3s_code.results import TokenUsage
from a3s_code.run.channel import EventChannel
from a3s_code.run.execution import Outcome


class CommandRun:
    """Runs once, on the runtime loop. It does not take the session's place for a run, so that a
    handler may use the session as anybody else.

    `settle` is called with the command's outcome and gives the messages of the conversation.
    """

    def __init__(
        self,
        *,
        text: str,
        registry: CommandRegistry,
        host: CommandHost,
        channel: EventChannel | None,
        settle: Callable[[CommandOutcome], Awaitable[list[Message]]],
    ) -> None:
        self._text, self._registry, self._host = text, registry, host
        self._channel, self._settle = channel, settle
        self._inner: asyncio.Task[CommandOutcome] | None = None
        self._cancelled = False

    def leave(self) -> None:
        """A command has no place that the next prompt would wait for."""

    def cancel(self) -> None:
        """Give up a command that waits for a model. On the runtime loop's thread only."""
        self._cancelled = True
        if self._inner is not None:
            self._inner.cancel()

    async def run(self) -> Outcome:
        """Answer the command; what goes wrong is part of the answer."""
        self._inner = asyncio.create_task(run_command(self._text, self._registry, self._host))
        if self._cancelled:
            self._inner.cancel()
        await asyncio.wait([self._inner])
        cancelled = self._inner.cancelled()
        events: list[AgentEvent] = []
        try:
            answer = CommandOutcome("") if cancelled else self._inner.result()
            messages = await self._settle(answer)
            events = outcome_events(answer)
        finally:  # nobody may wait for a command forever
            if cancelled:
                events = [End(text="", total_tokens=0, usage=TokenUsage(), cancelled=True)]
            if self._channel is not None:
                self._channel.put_nowait(events)
                self._channel.close()
        return Outcome(answer.text, messages, answer.usage, 0, cancelled)
