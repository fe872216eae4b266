"""An execution that is planned first: each step is a loop of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from a3s_code.errors import A3SError
from a3s_code.events import AgentEvent
from a3s_code.messages import Message
from a3s_code.planning.branch import BranchEvents
from a3s_code.planning.choice import is_planned
from a3s_code.planning.driver import Answer
from a3s_code.planning.waves import StepCall, StepOutcome
from a3s_code.run.turns import Turns

Emit = Callable[[list[AgentEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Planning:
    """Whether a session plans and follows goals; `mode` wins over `planning`."""

    planning: bool = False
    mode: str | None = None
    goal_tracking: bool = False

    def plans(self, prompt: str) -> bool:
        """Whether this prompt is planned before it is carried out."""
        return is_planned(prompt, planning=self.planning, mode=self.mode)


@dataclass(slots=True)
class PlanSteps:
    """What a plan needs of an execution: questions to the model, events, runs of single steps.

    `fork` makes the rounds of one step, on a copy of a history and with its own way for events.
    """

    turns: Turns
    fork: Callable[[Sequence[Message], Emit], Turns]
    emit_events: Emit
    _running: dict[str, Turns] = field(default_factory=dict, init=False)

    async def ask(self, system: str, messages: Sequence[Message]) -> Answer:
        """Ask the model once, without tools and unheard."""
        asker = self.turns.asker
        reply = await asker.model.call(system, messages, (), self.turns.session_id).run(_unheard)
        asker.account(reply.usage)
        return Answer(text=reply.message.text, usage=reply.usage)

    async def emit(self, events: list[AgentEvent]) -> None:
        """Hand events to the listeners."""
        await self.emit_events(events)

    async def run_step(self, call: StepCall) -> StepOutcome:
        """Work on one step until its answer; a failure is an outcome, too."""
        branch = BranchEvents(self.emit_events) if call.parallel else None
        turns = self.fork(call.history, branch or self.emit_events)
        self._running[call.step.id] = turns
        try:
            await turns.run(turns.loop.begin(call.prompt))
        except A3SError as error:
            return _outcome(turns, turns.loop.history_after_failure(), error)
        finally:
            if branch is not None:
                await branch.close()
        return _outcome(turns, turns.loop.messages)

    def partial(self, call: StepCall) -> StepOutcome | None:
        """What a step that was cancelled had done."""
        turns = self._running.get(call.step.id)
        if turns is None:
            return None
        turns.stop()
        return _outcome(turns, turns.loop.messages)

    def partial_text(self) -> str:
        """The text of the step that was started last, as far as it has arrived."""
        latest = next(reversed(self._running.values()), self.turns)
        return latest.partial_text()


def _outcome(
    turns: Turns, messages: Sequence[Message], error: A3SError | None = None
) -> StepOutcome:
    loop = turns.loop
    return StepOutcome(
        text=loop.text,
        messages=messages,
        usage=loop.usage,
        tool_calls=loop.tool_calls,
        error=error,
    )


async def _unheard(_events: object) -> None:
    """Planning is not part of the answer."""
