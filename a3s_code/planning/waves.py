"""Running a plan as a state machine: told how steps ended, it answers which ones run next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from a3s_code.errors import A3SError
from a3s_code.messages import Message
from a3s_code.planning.plan import ExecutionPlan
from a3s_code.planning.prompts import plan_message, step_message, wave_message, wave_text
from a3s_code.planning.task import Task, TaskStatus
from a3s_code.results import TokenUsage

_NOT_FINISHED = "It was cancelled before it said anything."


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCall:
    """One step to run now: append `prompt` to a copy of `history` and work until the answer.

    `number` counts from 1. `parallel` tells that other steps of the same wave run meanwhile, each on
    its own copy of the same history.
    """

    step: Task
    number: int
    total: int
    prompt: Message
    history: tuple[Message, ...]
    parallel: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """How a step ended: its last answer, and the whole conversation it leaves, history included.

    A step with an `error` has failed; `messages` are then its completed rounds.
    """

    text: str
    messages: Sequence[Message]
    usage: TokenUsage = field(default_factory=TokenUsage)
    tool_calls: int = 0
    error: A3SError | None = None

    @property
    def failed(self) -> bool:
        """Whether the step could not be finished."""
        return self.error is not None


@dataclass(frozen=True, slots=True)
class RunWave:
    """Run these steps, concurrently if there are several, and report each outcome."""

    calls: tuple[StepCall, ...]


@dataclass(frozen=True, slots=True)
class PlanFinished:
    """No step can run any more. `text` is what was said last.

    `complete` is False when steps failed or were never reached.
    """

    text: str
    complete: bool


PlanStep = RunWave | PlanFinished


@dataclass(slots=True)
class PlanRun:
    """One plan, from its first wave to its last.

    `before` is the conversation without the `request` that the plan answers. `messages` is the
    shared conversation; it is valid for a next request after every call. Statuses are in `plan`.
    """

    plan: ExecutionPlan
    before: Sequence[Message]
    request: Message
    messages: list[Message] = field(default_factory=list, init=False)
    text: str = field(default="", init=False)
    usage: TokenUsage = field(default_factory=TokenUsage, init=False)
    tool_calls: int = field(default=0, init=False)
    _wave: tuple[StepCall, ...] = field(default=(), init=False)
    _outcomes: dict[str, StepOutcome] = field(default_factory=dict, init=False)
    _first_error: A3SError | None = field(default=None, init=False)
    _left_something: bool = field(default=False, init=False)

    def begin(self) -> PlanStep:
        """Put request and plan into the conversation; start with the steps that wait for none."""
        self.messages = [*self.before, self.request, plan_message(self.plan)]
        return self.next()

    def on_step(self, call: StepCall, outcome: StepOutcome) -> None:
        """A step of the wave has ended."""
        status = TaskStatus.FAILED if outcome.failed else TaskStatus.COMPLETED
        self.plan.mark_status(call.step.id, status)
        self._record(call, outcome)

    def next(self) -> PlanStep:
        """All steps of the wave have ended: take over what they did, go on with the next wave."""
        self._merge()
        ready = self.plan.get_ready_steps()
        if not ready:
            complete = self.plan.completed_count() == len(self.plan.steps)
            return PlanFinished(self.text, complete)
        for step in ready:
            self.plan.mark_status(step.id, TaskStatus.IN_PROGRESS)
        history = tuple(self.messages)
        self._wave = tuple(self._call(step, history, parallel=len(ready) > 1) for step in ready)
        return RunWave(self._wave)

    def in_progress(self) -> tuple[StepCall, ...]:
        """The steps of the wave that have not ended."""
        return tuple(call for call in self._wave if call.step.id not in self._outcomes)

    def on_cancel(self, partial: Mapping[str, StepOutcome]) -> PlanFinished:
        """Stop here and keep what there is.

        `partial` holds, by step id, what the steps in progress have done so far. They count as
        cancelled; those that have not begun stay pending.
        """
        for call in self.in_progress():
            self.plan.mark_status(call.step.id, TaskStatus.CANCELLED)
            if call.step.id in partial:
                self._record(call, partial[call.step.id])
        self._merge()
        return PlanFinished(self.text, complete=False)

    @property
    def error(self) -> A3SError | None:
        """The first failure if no step was completed, so that there is no result; else None."""
        return None if self.plan.completed_count() else self._first_error

    def history(self) -> list[Message]:
        """The conversation to keep; after an `error` that left no completed round, the former one."""
        unchanged = self.error is not None and not self._left_something
        return list(self.before if unchanged else self.messages)

    def _call(self, step: Task, history: tuple[Message, ...], *, parallel: bool) -> StepCall:
        number, total = self.plan.number_of(step.id), len(self.plan.steps)
        prompt = step_message(step, number, total)
        return StepCall(
            step=step,
            number=number,
            total=total,
            prompt=prompt,
            history=history,
            parallel=parallel,
        )

    def _record(self, call: StepCall, outcome: StepOutcome) -> None:
        self._outcomes[call.step.id] = outcome
        self.usage += outcome.usage
        self.tool_calls += outcome.tool_calls
        self._first_error = self._first_error or outcome.error
        self._left_something |= tuple(outcome.messages) != call.history

    def _merge(self) -> None:
        """Take over what the wave did: all of a single step, of several only their results."""
        if len(self._wave) == 1:
            for outcome in self._outcomes.values():
                self.messages = list(outcome.messages)
                self.text = outcome.text or self.text
        elif self._wave:
            results = [
                (call.number, self.plan.step(call.step.id), self._said(call)) for call in self._wave
            ]
            self.messages.append(wave_message(results))
            self.text = wave_text(results)
        self._wave, self._outcomes = (), {}

    def _said(self, call: StepCall) -> str:
        outcome = self._outcomes.get(call.step.id)
        if outcome is None:
            return _NOT_FINISHED
        if outcome.error is None:
            return outcome.text
        return "\n\n".join(filter(None, (outcome.text, f"Failed: {outcome.error.problem}")))
