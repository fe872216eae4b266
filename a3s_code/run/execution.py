"""One send or stream: drives the loop's steps, emits their events, and ends in order."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from a3s_code.errors import A3SError, ExecutionError, ModelError, PromptBlocked
from a3s_code.events import (
    AgentEvent,
    End,
    ErrorEvent,
    Start,
    TextDelta,
    ToolEnd,
    ToolStart,
)
from a3s_code.hooks.bound import ErrorType
from a3s_code.llm.model import ToolDefinition
from a3s_code.loop.machine import AgentLoop, Step
from a3s_code.messages import Message
from a3s_code.planning.driver import GoalWatch, PlanDriver, PlanResult, opening
from a3s_code.results import TokenUsage
from a3s_code.run.ask import Asker
from a3s_code.run.briefing import Briefing
from a3s_code.run.calls import Toolbox, cancelled_end
from a3s_code.run.channel import EventSink
from a3s_code.run.compact import AutoCompact
from a3s_code.run.offspring import Offspring
from a3s_code.run.planned import Planning, PlanSteps
from a3s_code.run.redaction import EventRedactor, shown_or_nothing, without_keys
from a3s_code.run.turns import Turns
from a3s_code.telemetry import span

log = logging.getLogger("a3s_code")

Emit = Callable[[list[AgentEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended. `messages` is the history to keep; `error` is None unless it failed.

    `tasks` are the steps of its plan, empty without one.
    """

    text: str
    messages: list[Message]
    usage: TokenUsage
    tool_calls: int
    cancelled: bool = False
    error: A3SError | None = None
    tasks: Sequence[Mapping[str, Any]] = ()


class Execution:
    """Runs once, on the runtime loop.

    `settle` is called with the outcome before the last event is emitted: a consumer that has seen
    the end finds the history written and the session free. What it returns precedes the end.
    `opening_hooks` is awaited before the prompt is looked at, and gives events. `ended`, and `over`
    for other threads, are set after everything. `leaving` says that somebody cancelled it: its place
    is about to be free.
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
        planning: Planning | None = None,
        max_time_s: float | None = None,
        opening_hooks: Callable[[], Awaitable[list[AgentEvent]]] | None = None,
    ) -> None:
        self._hooks, self._opening_hooks = toolbox.hooks, opening_hooks
        self.ended, self.over, self.leaving = asyncio.Event(), threading.Event(), False
        self._loop, self._briefing, self._planning = loop, briefing, planning or Planning()
        self._channel, self._settle, self._max_time_s = channel, settle, max_time_s
        self._children = children
        if children is not None:
            children.attach(self._emit)
        self._guard = toolbox.guard
        self._redactor = EventRedactor(self._guard) if self._guard.redacts else None
        self._open_calls: dict[str, str] = {}
        self._turns = Turns(
            loop=loop,
            asker=asker,
            system=self._guard.keys.redact(system),
            session_id=session_id,
            tools=tools,
            toolbox=toolbox,
            compact=compact,
            emit=self._emit,
            failed=None if briefing is None else self._tool_failed,
        )
        self._steps = PlanSteps(self._turns, self._fork, self._emit)
        self._driver: PlanDriver | None = None
        self._watch: GoalWatch | None = None
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
        began = time.monotonic()
        first = self._loop.begin(prompt)
        self._inner = asyncio.create_task(self._drive(prompt, first))
        if self._cancelled:
            self._inner.cancel()
        try:
            await asyncio.wait([self._inner], timeout=self._max_time_s)
            if not self._inner.done():  # its time is over
                self.cancel()
                await asyncio.wait([self._inner])
        except asyncio.CancelledError:  # the interpreter is shutting down
            self.cancel()
            await asyncio.wait([self._inner])
        outcome = self._outcome(self._inner)
        # What a hook did not let in is not to be remembered either.
        blocked = isinstance(outcome.error, PromptBlocked)
        if self._briefing is not None and outcome.error is not None and not blocked:
            await self._briefing.failed(prompt.text, str(outcome.error), (), self._emit)
        remarks: list[AgentEvent] = []
        try:
            await self._tell_hooks(prompt.text, outcome, round((time.monotonic() - began) * 1000))
            remarks = await self._settle(outcome)
        finally:  # whatever goes wrong at the end, nobody may wait for it forever
            if self._channel is not None:
                self._channel.put_nowait(self._last_events(outcome, remarks))
                self._channel.close()
            self.ended.set()
            self.over.set()
        return outcome

    async def _tell_hooks(self, prompt: str, outcome: Outcome, duration_ms: int) -> None:
        """Let the hooks hear how it ended; cancelling does not wait for them."""
        hooks, error = self._hooks, outcome.error
        if outcome.cancelled:
            return
        if not hooks.engine.listens_to("post_response" if error is None else "on_error"):
            return
        if error is None:
            told = hooks.after_response(
                outcome.text, outcome.tool_calls, outcome.usage, duration_ms
            )
        else:
            kind: ErrorType = "llm_failure" if isinstance(error, ModelError) else "other"
            context = {"prompt": prompt, "error_class": type(error).__name__}
            told = hooks.failed(kind, str(error), context)
        self._inner = asyncio.create_task(told)
        await asyncio.wait([self._inner])

    # -- the run -------------------------------------------------------------------------------------

    async def _drive(self, request: Message, first: Step) -> None:
        known = {
            "a3s.session.id": self._turns.session_id,
            "a3s.agent.max_turns": self._loop.limits.max_tool_rounds,
        }
        with span("a3s.agent.execute", known) as traced:
            try:
                await self._work(request, first)
            finally:
                done = self._loop if self._driver is None else self._driver.result()
                traced.set({"a3s.agent.tool_calls_count": done.tool_calls})

    async def _work(self, request: Message, first: Step) -> None:
        prompt = request.text
        planned = self._planning.plans(prompt)
        self._guard.look_at_input(prompt)
        await self._emit(opening(prompt) if planned else [Start(prompt=prompt)])
        if self._opening_hooks is not None:
            await self._emit(await self._opening_hooks())
        before = len(self._loop.messages) - 1
        reason = await self._hooks.before_prompt(prompt, self._turns.system, before)
        if reason is not None:
            raise PromptBlocked(reason)
        if self._briefing is not None:
            turns = self._turns
            told = await self._briefing.system(turns.system, prompt, self._emit)
            turns.system = self._guard.keys.redact(told)  # a file of the context may hold one
        async with self._children or nullcontext():  # no child outlives its parent
            if planned:
                await self._run_plan(request)
            else:
                await self._run_turns(request, first)
        if self._briefing is not None:
            await self._briefing.completed(prompt, self._loop.text, self._emit)

    async def _run_turns(self, request: Message, first: Step) -> None:
        if self._planning.goal_tracking:
            self._watch = GoalWatch(self._steps)
            await self._watch.extract(self._loop.messages[:-1], request)
        await self._turns.run(first)
        if self._watch is not None:
            await self._watch.check(self._loop.text)

    async def _run_plan(self, request: Message) -> None:
        driver = self._driver = PlanDriver(
            self._steps,
            history=self._loop.messages[:-1],
            request=request,
            session_id=self._turns.session_id,
            goal_tracking=self._planning.goal_tracking,
        )
        result = await driver.run()
        self._loop.text = result.text
        if result.error is not None:
            raise result.error

    def _fork(self, history: Sequence[Message], emit: Emit) -> Turns:
        """The rounds of one step of a plan, on a copy of a history."""
        turns = self._turns
        loop = AgentLoop(list(history), self._loop.limits)
        asker = replace(turns.asker, call=None)
        return replace(turns, loop=loop, asker=asker, emit=emit)

    async def _tool_failed(self, tool: str, output: str) -> None:
        if self._briefing is not None:
            await self._briefing.failed(f"Call of {tool}", output, (tool,), self._emit)

    async def _emit(self, events: list[AgentEvent]) -> None:
        for event in events:
            if type(event) is TextDelta:
                continue
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
            self._stop()
            return self._ended(self._loop.text, self._loop.messages, cancelled=True)
        error = run.exception()
        if error is None:
            if self._driver is not None:
                self._take_over(self._driver.result())
            return self._ended(self._loop.text, self._loop.messages)
        if not isinstance(error, A3SError):
            log.error("an execution failed unexpectedly", exc_info=error)
            problem = f"{type(error).__name__}: {error}"
            error, cause = ExecutionError(problem, text=self.partial_text()), error
            error.__cause__ = cause
        text = shown_or_nothing(getattr(error, "text", "") or self.partial_text(), self._guard)
        if isinstance(error, ExecutionError):
            error.text = text
        messages = self._loop.history_after_failure()
        if self._driver is not None:
            self._take_over(self._driver.result())
            messages = self._loop.messages
        return self._ended(text, messages, error=without_keys(error, self._guard))

    def _stop(self) -> None:
        """Keep what a cancelled run had reached."""
        if self._driver is None:
            self._turns.stop()
        else:
            self._take_over(self._driver.result())

    def _take_over(self, result: PlanResult) -> None:
        """Make the result of a plan that of this execution."""
        loop = self._loop
        loop.messages, loop.text, loop.usage = result.messages, result.text, result.usage
        loop.tool_calls = result.tool_calls

    def so_far(self) -> list[Message]:
        """The conversation as it stands; the last calls in it may have no results yet."""
        if self._driver is not None:
            return self._driver.result().messages
        return self._turns.so_far()

    def partial_text(self) -> str:
        """The last answer as far as it has arrived."""
        return self._turns.partial_text() if self._driver is None else self._steps.partial_text()

    def _ended(
        self,
        text: str,
        messages: list[Message],
        *,
        cancelled: bool = False,
        error: A3SError | None = None,
    ) -> Outcome:
        loop = self._loop
        usage = loop.usage
        if self._children is not None:
            usage += self._children.usage
        if self._watch is not None:
            usage += self._watch.usage
        plan = self._driver.result().plan if self._driver is not None else None
        tasks = plan.tasks() if plan is not None else []
        return Outcome(text, messages, usage, loop.tool_calls, cancelled, error, tasks)

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
