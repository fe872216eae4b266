"""The rounds of one agent loop: model call, tools, model call, until it is finished."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from a3s_code.events import AgentEvent, TurnEnd, TurnStart
from a3s_code.llm.model import ModelReply, ToolDefinition
from a3s_code.loop.machine import AgentLoop, CallModel, Finish, RunTools, Step
from a3s_code.messages import Message, TextBlock
from a3s_code.run.ask import Asker
from a3s_code.run.calls import Toolbox, TurnCalls
from a3s_code.run.compact import AutoCompact
from a3s_code.run.redaction import redacted_message, shown_or_nothing
from a3s_code.telemetry import span

Emit = Callable[[list[AgentEvent]], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Turns:
    """Drives one `AgentLoop`. An execution has one, or with a plan one for each step.

    `failed` is told the tool and output of every call that failed. After the run was cancelled or
    failed, `stop` and the loop's `history_after_failure` tell what to keep.
    """

    loop: AgentLoop
    asker: Asker
    system: str
    session_id: str
    tools: Callable[[], Sequence[ToolDefinition]]
    toolbox: Toolbox
    compact: AutoCompact | None
    emit: Emit
    failed: Callable[[str, str], Awaitable[None]] | None = None
    _calls: TurnCalls | None = field(default=None, init=False)

    async def run(self, step: Step) -> None:
        """Go on until the loop is finished."""
        while not isinstance(step, Finish):
            step = await self._round(step)

    async def _round(self, step: Step) -> Step:
        """One round: the model call, then the tools it asked for."""
        assert isinstance(step, CallModel)
        known = {
            "a3s.session.id": self.session_id,
            "a3s.agent.turn_number": self.loop.rounds,
            "a3s.agent.max_turns": self.loop.limits.max_tool_rounds,
        }
        with span("a3s.agent.turn", known):
            return await self._turn(step, self.loop.rounds)

    async def _turn(self, step: CallModel, turn: int) -> Step:
        await self.emit([TurnStart(turn=turn)])
        messages = step.messages
        reply, duration_ms = await self._asked(messages)
        message = redacted_message(reply.message, self.toolbox.guard)
        after: Step = self.loop.on_reply(replace(reply, message=message))
        self.asker.call = None  # from here on its text is part of the conversation
        await self.toolbox.hooks.after_model(messages, message, reply.usage, duration_ms)
        if isinstance(after, RunTools):
            self._calls = TurnCalls(self.toolbox, self.emit, self.failed)
            results = await self._calls.run(after.calls)
            self._calls = None
            after = self.loop.on_results(results)
        usage = reply.usage
        await self.emit([TurnEnd(turn=turn, total_tokens=usage.total_tokens, usage=usage)])
        return await self._compacted(after, usage.prompt_tokens)

    async def _asked(self, messages: Sequence[Message]) -> tuple[ModelReply, int]:
        """The model's answer, and how many milliseconds it took."""
        tools = self.tools()
        names = [tool.name for tool in tools]
        model = self.asker.model.selector
        await self.toolbox.hooks.before_model(messages, self.system, model, names)
        async with self.toolbox.model_place(self.emit):
            began = time.monotonic()
            with span("a3s.llm.completion", _model(model)) as traced:
                reply = await self.asker.ask(
                    self.system, messages, tools, self.session_id, self.emit
                )
                traced.set(_answer(reply))
        return reply, round((time.monotonic() - began) * 1000)

    async def _compacted(self, step: Step, used_tokens: int) -> Step:
        """The step, in a conversation that was shortened if it had grown too long."""
        if self.compact is None:
            return step
        done = await self.compact.check(
            self.loop.messages, used_tokens, self.asker.model, self.emit
        )
        if done is None:
            return step
        self.loop.usage += done.usage
        self.asker.account(done.usage)
        return self.loop.on_compacted(done.messages, step)

    def stop(self) -> None:
        """After a cancellation: keep the partial answer and give every call a result."""
        partial = self.asker.partial()
        if partial is not None and self.toolbox.guard.redacts:
            text = shown_or_nothing(partial.text, self.toolbox.guard)
            partial = Message("assistant", (TextBlock(text),) if text else ())
        results = self._calls.results if self._calls is not None else None
        self.loop.on_cancel(partial, results)

    def so_far(self) -> list[Message]:
        """The conversation as it stands, with the text and the results that have arrived."""
        messages, partial = list(self.loop.messages), self.asker.partial()
        if partial is not None:
            # Half of a secret cannot be recognised: where there are any, only whole answers count.
            if partial.text and not self.toolbox.guard.redacts:
                messages.append(Message("assistant", (TextBlock(partial.text),)))
        elif self._calls is not None:
            results = self._calls.results.values()
            messages += (Message("user", (result,)) for result in results)
        return messages

    def partial_text(self) -> str:
        """The last answer as far as it has arrived."""
        partial = self.asker.partial()
        return self.loop.text if partial is None else partial.text


def _model(selector: str) -> dict[str, str | bool]:
    provider, _, name = selector.partition("/")
    return {"a3s.llm.model": name, "a3s.llm.provider": provider, "a3s.llm.streaming": True}


def _answer(reply: ModelReply) -> dict[str, str | int | None]:
    figures = {f"a3s.llm.{name}": value for name, value in reply.usage.to_dict().items()}
    return {"a3s.llm.stop_reason": reply.stop_reason, **figures}
