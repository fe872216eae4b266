"""Drives a plan: asks for it, runs its waves, follows the goal, and tells what happens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from a3s_code.errors import A3SError
from a3s_code.events import (
    AgentEvent,
    GoalAchieved,
    GoalExtracted,
    GoalProgress,
    GoalUpdated,
    PlanningEnd,
    PlanningStart,
    PlanReady,
    Start,
    StepEnd,
    StepStart,
    TaskUpdated,
)
from a3s_code.messages import Message
from a3s_code.planning.goal import Goal, parse_check, parse_goal
from a3s_code.planning.parse import parse_plan
from a3s_code.planning.plan import ExecutionPlan, fallback_plan
from a3s_code.planning.prompts import (
    CHECK_SYSTEM,
    GOAL_SYSTEM,
    PLAN_SYSTEM,
    check_message,
    conversation_for_planning,
)
from a3s_code.planning.waves import PlanRun, RunWave, StepCall, StepOutcome
from a3s_code.results import TokenUsage

log = logging.getLogger("a3s_code")

MAX_PARALLEL_STEPS = 8
"""Steps of a wave that run at the same time; the others of the wave wait for a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A model's answer to a question without tools."""

    text: str
    usage: TokenUsage = field(default_factory=TokenUsage)


class QuestionHost(Protocol):
    """What following a goal needs of the one who owns model and listeners."""

    async def ask(self, system: str, messages: Sequence[Message]) -> Answer:
        """Ask the model once, without tools and unheard. Raises an `A3SError` when it cannot."""
        ...

    async def emit(self, events: list[AgentEvent]) -> None:
        """Hand events to the listeners, in this order."""
        ...


class PlanHost(QuestionHost, Protocol):
    """What running a plan needs besides."""

    async def run_step(self, call: StepCall) -> StepOutcome:
        """Work on a step until its answer, emitting its events but neither `start` nor `end`.

        A failure is an outcome with an error, or a raised `A3SError`. Several of these run at once
        if `call.parallel`; `planning.branch.BranchEvents` keeps their texts apart. Cancelling the
        task that awaits this must stop the step and pass through.
        """
        ...

    def partial(self, call: StepCall) -> StepOutcome | None:
        """What a step that was cancelled had done; None when it had not begun."""
        ...


def opening(prompt: str) -> list[AgentEvent]:
    """The first events of a planned execution, in place of a lone `start`."""
    return [PlanningStart(prompt=prompt), Start(prompt=prompt)]


@dataclass(slots=True)
class GoalWatch:
    """Follows one goal: extracts it, reports progress, judges it. `usage` is what asking cost."""

    host: QuestionHost
    goal: Goal | None = None
    usage: TokenUsage = field(default_factory=TokenUsage)
    _started_s: float = 0.0

    async def extract(self, history: Sequence[Message], request: Message) -> None:
        """Ask for the goal of a request; without an answer the request itself is the goal."""
        self._started_s = time.monotonic()
        answer = await self._ask(GOAL_SYSTEM, [*conversation_for_planning(history), request])
        self.goal = goal = parse_goal(answer, request.text, int(time.time()))
        await self.host.emit(
            [
                GoalExtracted(goal=goal.to_dict()),
                GoalUpdated(goal=goal.description, status="active"),
            ]
        )

    async def advance(self, plan: ExecutionPlan) -> None:
        """Report how far the plan is, after a wave."""
        if self.goal is None:
            return
        self.goal = self.goal.advanced(plan.progress())
        await self.host.emit(
            [
                GoalProgress(
                    goal=self.goal.description,
                    progress=self.goal.progress,
                    completed_steps=plan.completed_count(),
                    total_steps=len(plan.steps),
                ),
                GoalUpdated(goal=self.goal.description, status="in_progress"),
            ]
        )

    async def check(self, final_text: str, plan: ExecutionPlan | None = None) -> None:
        """Judge the goal by the final text and, with a plan, by its steps."""
        if self.goal is None:
            return
        answer = await self._ask(CHECK_SYSTEM, [check_message(self.goal, plan, final_text)])
        verdict = parse_check(answer, final_text, self.goal.progress)
        self.goal = goal = self.goal.judged(verdict, int(time.time()))
        events: list[AgentEvent] = []
        if goal.achieved:
            steps = len(plan.steps) if plan is not None else 0
            duration_ms = round((time.monotonic() - self._started_s) * 1000)
            events.append(
                GoalAchieved(goal=goal.description, total_steps=steps, duration_ms=duration_ms)
            )
        status = "achieved" if goal.achieved else "not_achieved"
        await self.host.emit([*events, GoalUpdated(goal=goal.description, status=status)])

    async def _ask(self, system: str, messages: Sequence[Message]) -> str | None:
        answer = await ask_or_none(self.host, system, messages)
        if answer is None:
            return None
        self.usage += answer.usage
        return answer.text


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What a planned execution came to. `messages` is the history to keep.

    `usage` includes planning and judging. `error` is set when no step at all was completed.
    """

    text: str
    messages: list[Message]
    usage: TokenUsage
    tool_calls: int
    plan: ExecutionPlan | None
    goal: Goal | None
    cancelled: bool = False
    error: A3SError | None = None


class PlanDriver:
    """Runs one request by a plan; use it once.

    `history` is the conversation before the request. `opening` was emitted before.
    """

    def __init__(
        self,
        host: PlanHost,
        *,
        history: Sequence[Message],
        request: Message,
        session_id: str,
        goal_tracking: bool = False,
    ) -> None:
        self._host, self._history, self._request = host, tuple(history), request
        self._session_id, self._goal_tracking = session_id, goal_tracking
        self._watch = GoalWatch(host)
        self._run: PlanRun | None = None
        self._planning_usage = TokenUsage()
        self._places = asyncio.Semaphore(MAX_PARALLEL_STEPS)
        self._stopped = False

    async def run(self) -> PlanResult:
        """The result, also when steps failed. Passes cancellation on; see `result` then."""
        if self._goal_tracking:
            await self._watch.extract(self._history, self._request)
        plan = await self._plan()
        await self._announce(plan)
        run = self._run = PlanRun(plan, self._history, self._request)
        try:
            await self._waves(run)
        except BaseException:  # cancelled above all: what was reached is kept
            self._stopped = True
            run.on_cancel(self._partial(run))
            raise
        if run.error is None:
            await self._watch.check(run.text, plan)
        return self.result()

    def result(self) -> PlanResult:
        """Where things stand: the result after the end, what was reached after a cancellation."""
        run, usage = self._run, self._planning_usage + self._watch.usage
        return PlanResult(
            text=run.text if run else "",
            messages=run.history() if run else [*self._history, self._request],
            usage=usage + run.usage if run else usage,
            tool_calls=run.tool_calls if run else 0,
            plan=run.plan if run else None,
            goal=self._watch.goal,
            cancelled=self._stopped or run is None,
            error=run.error if run and not self._stopped else None,
        )

    # -- the plan ------------------------------------------------------------------------------------

    async def _plan(self) -> ExecutionPlan:
        messages = [*conversation_for_planning(self._history), self._request]
        answer = await ask_or_none(self._host, PLAN_SYSTEM, messages)
        goal = self._watch.goal.description if self._watch.goal else self._request.text
        plan = None
        if answer is not None:
            self._planning_usage += answer.usage
            plan = parse_plan(answer.text, goal)
            if plan is None:
                log.warning("the model's answer is no plan; three general steps are used instead")
        return plan or fallback_plan(goal)

    async def _announce(self, plan: ExecutionPlan) -> None:
        await self._host.emit(
            [
                PlanningEnd(plan=plan.to_dict(), estimated_steps=plan.estimated_steps),
                PlanReady(steps=plan.tasks(), wave_count=plan.wave_count()),
                self._tasks(plan),
            ]
        )

    def _tasks(self, plan: ExecutionPlan) -> TaskUpdated:
        return TaskUpdated(session_id=self._session_id, tasks=plan.tasks())

    # -- waves ---------------------------------------------------------------------------------------

    async def _waves(self, run: PlanRun) -> None:
        step = run.begin()
        while isinstance(step, RunWave):
            await self._host.emit([*map(_step_start, step.calls), self._tasks(run.plan)])
            await _all_of([self._step(run, call) for call in step.calls])
            await self._watch.advance(run.plan)
            step = run.next()

    async def _step(self, run: PlanRun, call: StepCall) -> None:
        async with self._places:
            try:
                outcome = await self._host.run_step(call)
            except A3SError as error:
                text = getattr(error, "text", "")
                outcome = StepOutcome(text=text, messages=call.history, error=error)
        run.on_step(call, outcome)
        await self._host.emit([_step_end(call, outcome), self._tasks(run.plan)])

    def _partial(self, run: PlanRun) -> dict[str, StepOutcome]:
        found = {call.step.id: self._host.partial(call) for call in run.in_progress()}
        return {id_: outcome for id_, outcome in found.items() if outcome is not None}


async def ask_or_none(
    host: QuestionHost, system: str, messages: Sequence[Message]
) -> Answer | None:
    """The model's answer, None (and a log entry) when there is none: planning must not end a turn."""
    try:
        return await host.ask(system, messages)
    except A3SError as error:
        log.warning("a question of planning was not answered: %s", error.problem)
        return None


async def _all_of(steps: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run them at the same time. When one breaks or this is cancelled, all are stopped and awaited.

    Unlike a task group this raises what the step raised, not a group of it.
    """
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _step_start(call: StepCall) -> AgentEvent:
    return StepStart(
        step_id=call.step.id,
        description=call.step.content,
        step_number=call.number,
        total_steps=call.total,
        step=call.step.content,
        index=call.number - 1,
    )


def _step_end(call: StepCall, outcome: StepOutcome) -> AgentEvent:
    return StepEnd(
        step_id=call.step.id,
        status="failed" if outcome.failed else "completed",
        step_number=call.number,
        total_steps=call.total,
        step=call.step.content,
        index=call.number - 1,
        success=not outcome.failed,
    )
