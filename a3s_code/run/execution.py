"""One send or stream: drives the loop's steps, emits their events, and ends in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from a3s_code.errors import A3SError, ExecutionError
from a3s_code.events import (
    AgentEvent,
    End,
    ErrorEvent,
    Start,
    ToolEnd,
    ToolStart,
    TurnEnd,
    TurnStart,
)
from a3s_code.llm.model import ToolDefinition
from a3s_code.loop.machine import AgentLoop, CallModel, Finish, RunTools, Step
from a3s_code.messages import Message, TextBlock
from a3s_code.results import TokenUsage
from a3s_code.run.ask import Asker
from a3s_code.run.briefing import Briefing
from a3s_code.run.calls import Toolbox, TurnCalls, cancelled_end
from a3s_code.run.channel import EventSink
from a3s_code.run.compact import AutoCompact
from a3s_code.run.offspring import Offspring
from a3s_code.run.redaction import EventRedactor, redacted_message, shown_or_nothing

log = logging.getLogger("a3s_code")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended. `messages` is the history to keep; `error` is None unless it failed."""

    text: str
    messages: list[Message]
    usage: TokenUsage
    tool_calls: int
    cancelled: bool = False
    error: A3SError | None = None


class Execution:
    """Runs once, on the runtime loop.

    `settle` is called with the outcome before the last event is emitted: a consumer that has seen
    the end finds the history written and the session free. What it returns precedes the end.
    """

    def __init__(
        self,
        *,
        loop: AgentLoop,
        asker: Asker,
        system: str,
        session_id: str,
        tools: Callable[[], Sequence[ToolDefinition]],
        toolbox: Toolbox,
        compact: AutoCompact | None,
        briefing: Briefing | None = None,
        channel: EventSink | None,
        settle: Callable[[Outcome], Awaitable[list[AgentEvent]]],
        children: Offspring | None = None,
    ) -> None:
        self._loop, self._asker, self._system, self._tools = loop, asker, system, tools
        self._session_id, self._compact, self._briefing = session_id, compact, briefing
        self._toolbox, self._channel, self._settle = toolbox, channel, settle
        self._children = children
        if children is not None:
            children.attach(self._emit)
        self._guard = toolbox.guard
        self._redactor = EventRedactor(self._guard) if self._guard.redacts else None
        self._open_calls: dict[str, str] = {}
        self._turn: TurnCalls | None = None
        self._inner: asyncio.Task[None] | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Stop at the next await. On the runtime loop's thread only; more than once is harmless."""
        self._cancelled = True
        if self._inner is not None:
            self._inner.cancel()

    def tell(self, event: AgentEvent) -> None:
        """Put an event from outside into the stream, while there is one. On the loop's thread."""
        if self._channel is not None and self._inner is not None and not self._inner.done():
            self._channel.put_nowait([event])

    async def run(self, prompt: Message) -> Outcome:
        """Drive the prompt to its end, whatever happens; never raises what the run raised."""
        first = self._loop.begin(prompt)
        self._inner = asyncio.create_task(self._drive(prompt.text, first))
        if self._cancelled:
            self._inner.cancel()
        try:
            await asyncio.wait([self._inner])
        except asyncio.CancelledError:  # the interpreter is shutting down
            self.cancel()
            await asyncio.wait([self._inner])
        outcome = self._outcome(self._inner)
        if self._briefing is not None and outcome.error is not None:
            await self._briefing.failed(prompt.text, str(outcome.error), (), self._emit)
        remarks: list[AgentEvent] = []
        try:
            remarks = await self._settle(outcome)
        finally:  # whatever goes wrong at the end, nobody may wait for it forever
            if self._channel is not None:
                self._channel.put_nowait(self._last_events(outcome, remarks))
                self._channel.close()
        return outcome

    # -- the run -------------------------------------------------------------------------------------

    async def _drive(self, prompt: str, first: Step) -> None:
        self._guard.look_at_input(prompt)
        await self._emit([Start(prompt=prompt)])
        if self._briefing is not None:
            self._system = await self._briefing.system(self._system, prompt, self._emit)
        step = first
        async with self._children or nullcontext():  # no child outlives its parent
            while not isinstance(step, Finish):
                step = await self._turn_of(step)
        if self._briefing is not None:
            await self._briefing.completed(prompt, self._loop.text, self._emit)

    async def _turn_of(self, step: Step) -> Step:
        """One round: the model call, then the tools it asked for."""
        assert isinstance(step, CallModel)
        turn = self._loop.rounds
        await self._emit([TurnStart(turn=turn)])
        reply = await self._asker.ask(
            self._system, step.messages, self._tools(), self._session_id, self._emit
        )
        message = redacted_message(reply.message, self._guard)
        step = self._loop.on_reply(replace(reply, message=message))
        self._asker.call = None  # from here on its text is part of the conversation
        if isinstance(step, RunTools):
            self._turn = TurnCalls(self._toolbox, self._emit, self._tool_failed)
            results = await self._turn.run(step.calls)
            self._turn = None
            step = self._loop.on_results(results)
        usage = reply.usage
        await self._emit([TurnEnd(turn=turn, total_tokens=usage.total_tokens, usage=usage)])
        return await self._compacted(step, usage.prompt_tokens)

    async def _tool_failed(self, tool: str, output: str) -> None:
        if self._briefing is not None:
            await self._briefing.failed(f"Call of {tool}", output, (tool,), self._emit)

    async def _compacted(self, step: Step, used_tokens: int) -> Step:
        """The step, in a conversation that was shortened if it had grown too long."""
        if self._compact is None:
            return step
        done = await self._compact.check(
            self._loop.messages, used_tokens, self._asker.model, self._emit
        )
        if done is None:
            return step
        self._loop.usage += done.usage
        self._asker.account(done.usage)
        return self._loop.on_compacted(done.messages, step)

    async def _emit(self, events: list[AgentEvent]) -> None:
        for event in events:
            if isinstance(event, ToolStart):
                self._open_calls[event.tool_id] = event.tool_name
            elif isinstance(event, ToolEnd):
                self._open_calls.pop(event.tool_id, None)
        if self._channel is not None:
            shown = events if self._redactor is None else self._redactor.feed(events)
            await self._channel.put(shown)

    # -- the end -------------------------------------------------------------------------------------

    def _outcome(self, run: asyncio.Task[None]) -> Outcome:
        if run.cancelled():
            return self._cancelled_outcome()
        error = run.exception()
        if error is None:
            return self._ended(self._loop.text, self._loop.messages)
        if not isinstance(error, A3SError):
            log.error("an execution failed unexpectedly", exc_info=error)
            problem = f"{type(error).__name__}: {error}"
            error, cause = ExecutionError(problem, text=self.partial_text()), error
            error.__cause__ = cause
        text = shown_or_nothing(getattr(error, "text", "") or self.partial_text(), self._guard)
        if isinstance(error, ExecutionError):
            error.text = text
        return self._ended(text, self._loop.history_after_failure(), error=error)

    def _cancelled_outcome(self) -> Outcome:
        partial = self._asker.partial()
        if partial is not None and self._redactor is not None:
            text = shown_or_nothing(partial.text, self._guard)
            partial = Message("assistant", (TextBlock(text),) if text else ())
        results = self._turn.results if self._turn is not None else None
        finish = self._loop.on_cancel(partial, results)
        return self._ended(finish.text, self._loop.messages, cancelled=True)

    def partial_text(self) -> str:
        """The last answer as far as it has arrived."""
        partial = self._asker.partial()
        return self._loop.text if partial is None else partial.text

    def _ended(
        self,
        text: str,
        messages: list[Message],
        *,
        cancelled: bool = False,
        error: A3SError | None = None,
    ) -> Outcome:
        loop = self._loop
        usage = loop.usage if self._children is None else loop.usage + self._children.usage
        return Outcome(text, messages, usage, loop.tool_calls, cancelled, error)

    def _last_events(self, outcome: Outcome, remarks: list[AgentEvent]) -> list[AgentEvent]:
        """What was held back, the ends of calls that were left open, remarks, the end itself."""
        last: list[AgentEvent] = [] if self._redactor is None else self._redactor.rest_or_nothing()
        last += [cancelled_end(*call) for call in self._open_calls.items()]
        last += remarks
        if outcome.error is not None:
            kind = type(outcome.error).__name__
            last.append(ErrorEvent(error=str(outcome.error), error_type=kind, text=outcome.text))
            return last
        usage = outcome.usage
        end = End(
            text=outcome.text,
            total_tokens=usage.total_tokens,
            usage=usage,
            cancelled=outcome.cancelled,
        )
        return [*last, end]
