"""A host whose model is a script: it answers questions, and steps end when they are let go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from a3s_code.errors import A3SError, ModelError
from a3s_code.events import AgentEvent, TextDelta
from a3s_code.messages import Message, TextBlock
from a3s_code.planning.driver import Answer
from a3s_code.planning.waves import StepCall, StepOutcome
from a3s_code.results import TokenUsage

Script = Callable[[StepCall], Awaitable[StepOutcome]]


def answered(call: StepCall, text: str) -> StepOutcome:
    answer = Message("assistant", (TextBlock(text),))
    return StepOutcome(
        text=text,
        messages=[*call.history, call.prompt, answer],
        usage=TokenUsage(total_tokens=10),
        tool_calls=1,
    )


class ScriptedHost:
    """Answers by a part of the system prompt; a question without an answer is a server's failure.

    `steps` says by id how a step goes; without an entry it answers at once.
    """

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.asked: list[tuple[str, list[Message]]] = []
        self.events: list[AgentEvent] = []
        self.steps: dict[str, Script] = {}
        self.began: list[str] = []
        self.running = self.most_running = 0
        self.all_began = asyncio.Event()

    async def ask(self, system: str, messages: Sequence[Message]) -> Answer:
        kind = {"You plan": "plan", "Say what": "goal", "Judge fr": "check"}[system[:8]]
        self.asked.append((kind, list(messages)))
        if kind not in self.answers:
            raise ModelError("the server is down")
        return Answer(text=self.answers[kind], usage=TokenUsage(total_tokens=100))

    async def emit(self, events: list[AgentEvent]) -> None:
        await asyncio.sleep(0)  # as a full channel does
        self.events += events

    async def run_step(self, call: StepCall) -> StepOutcome:
        self.began.append(call.step.id)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.emit([TextDelta(text=f"did {call.step.id}")])
            script = self.steps.get(call.step.id)
            return answered(call, f"did {call.step.id}") if script is None else await script(call)
        finally:
            self.running -= 1

    def partial(self, call: StepCall) -> StepOutcome | None:
        return answered(call, f"half of {call.step.id}") if call.step.id in self.began else None

    # -- scripts -------------------------------------------------------------------------------------

    def fails(self, *ids: str, error: A3SError | None = None) -> None:
        async def fail(call: StepCall) -> StepOutcome:
            raise error or ModelError(f"{call.step.id} broke")

        self.steps |= dict.fromkeys(ids, fail)

    def hangs(self, *ids: str) -> None:
        """These never end; `all_began` is set when the last one has begun."""
        waiting = set(ids)

        async def hang(call: StepCall) -> StepOutcome:
            waiting.discard(call.step.id)
            if not waiting:
                self.all_began.set()
            await asyncio.Event().wait()
            raise AssertionError("unreachable")

        self.steps |= dict.fromkeys(ids, hang)

    # -- what was seen -------------------------------------------------------------------------------

    def names(self, *ignored: str) -> list[str]:
        return [str(event.event_type) for event in self.events if event.event_type not in ignored]

    def of(self, event_type: str) -> list[AgentEvent]:
        return [event for event in self.events if event.event_type == event_type]
