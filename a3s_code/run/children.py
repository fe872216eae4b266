"""Child runs: each its own loop over an empty history, inside the run of its parent."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

from a3s_code.errors import A3SError
from a3s_code.events import AgentEvent, SubagentEnd, SubagentStart
from a3s_code.llm.bound import BoundModel
from a3s_code.llm.model import ToolDefinition
from a3s_code.loop.machine import AgentLoop, LoopLimits
from a3s_code.messages import Message
from a3s_code.results import TokenUsage
from a3s_code.run.ask import Asker
from a3s_code.run.calls import Toolbox
from a3s_code.run.child_rules import agent_is_denied, child_gate
from a3s_code.run.compact import AutoCompact
from a3s_code.run.execution import Execution, Outcome
from a3s_code.run.forward import Emit, Forward
from a3s_code.tools.delegate import DELEGATION_TOOLS, ChildResult, ChildSpec
from a3s_code.tools.history import FileHistory
from a3s_code.tools.registry import ToolRegistry
from a3s_code.tools.workspace import Workspace

log = logging.getLogger("a3s_code")

CANCELLED = "Cancelled before it finished."

ChildSystem = Callable[[BoundModel, ChildSpec, Path, Sequence[ToolDefinition]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """What children take over from the run that starts them.

    `system` makes a child's system prompt, `account` is told the tokens of each of their model
    calls, with the model and the child's session id. `heard` says whether somebody listens.
    """

    toolbox: Toolbox
    model: BoundModel
    choose_model: Callable[[str], BoundModel]
    limits: LoopLimits
    breaker_threshold: int
    compact_threshold: float | None
    system: ChildSystem
    account: Callable[[TokenUsage, BoundModel, str], None]
    session_id: str
    heard: bool
    skills: tuple[str, ...] = field(default=())


class Children:
    """The children of one run; as a context it waits for those in the background.

    Whoever leaves the context by an exception, a cancellation above all, ends them. `usage` is what
    all of them have used. Only for the runtime loop.
    """

    def __init__(self, household: Household) -> None:
        self._house = household
        self._emit: Emit = _unheard
        self._background: set[asyncio.Task[ChildResult]] = set()
        self.usage = TokenUsage()

    def attach(self, emit: Emit) -> None:
        """Send the events of children there."""
        self._emit = emit

    @property
    def skills(self) -> tuple[str, ...]:
        """Names of the skills that are being run, the outermost first."""
        return self._house.skills

    # -- background ---------------------------------------------------------------------------------

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            while kind is None and self._background:
                await asyncio.wait(self._background)
        finally:
            running = set(self._background)
            self.cancel()
            if running:
                await asyncio.wait(running)

    def cancel(self) -> None:
        """End the children in the background soon."""
        for task in self._background:
            task.cancel()

    @property
    def busy(self) -> bool:
        """Whether a child is running in the background."""
        return bool(self._background)

    def start_child(self, spec: ChildSpec) -> str:
        """Start a child in the background; returns its task id."""
        task_id = _new_id()
        task = asyncio.create_task(self._announced(spec, task_id, background=True))
        self._background.add(task)
        task.add_done_callback(self._background_ended)
        return task_id

    def _background_ended(self, task: asyncio.Task[ChildResult]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a background task failed unexpectedly", exc_info=task.exception())

    # -- one child ----------------------------------------------------------------------------------

    async def run_child(self, spec: ChildSpec) -> ChildResult:
        """Run a child to its end; cancelling this cancels it and waits for its end."""
        return await self._announced(spec, _new_id(), background=False)

    async def _announced(self, spec: ChildSpec, task_id: str, *, background: bool) -> ChildResult:
        """Run a child between its first and its last event."""
        session_id = f"subagent-{task_id}"
        start = SubagentStart(
            task_id=task_id,
            session_id=session_id,
            agent=spec.name,
            description=spec.description,
            parent_session_id=self._house.session_id,
            background=background,
        )
        forward = Forward(
            self._emit,
            scope=f"{self._house.toolbox.gate.scope}{task_id}/",
            task_id=task_id,
            session_id=session_id,
            quiet=background,
        )
        result = ChildResult(task_id=task_id, session_id=session_id, error=CANCELLED)
        try:
            await self._emit([start])
            result = await self._run(spec, result, forward)
        finally:
            end = SubagentEnd(
                task_id=task_id,
                session_id=session_id,
                agent=spec.name,
                output=result.text if result.error is None else result.error,
                success=result.error is None,
            )
            await _emit_at_once(self._emit, [*forward.last, end])
        return result

    async def _run(self, spec: ChildSpec, blank: ChildResult, forward: Forward) -> ChildResult:
        house = self._house
        if spec.skill is None and agent_is_denied(house.toolbox.gate, spec.name):
            return replace(blank, error=f"agent '{spec.name}' is blocked by permission policy")
        try:
            model = house.model if spec.model is None else house.choose_model(spec.model)
            toolbox = self._toolbox(spec, forward.scope, blank.session_id)
        except A3SError as error:
            return replace(blank, error=error.problem)
        outcome = await _finished(
            self._execution(spec, model, toolbox, blank.session_id, forward),
            Message.user(spec.prompt),
        )
        problem = CANCELLED if outcome.cancelled else None
        return ChildResult(
            task_id=blank.task_id,
            session_id=blank.session_id,
            text=outcome.text,
            error=problem if outcome.error is None else outcome.error.problem,
            usage=outcome.usage,
            tool_calls=outcome.tool_calls,
        )

    def _execution(
        self,
        spec: ChildSpec,
        model: BoundModel,
        toolbox: Toolbox,
        session_id: str,
        forward: Forward,
    ) -> Execution:
        house = self._house
        skills = house.skills if spec.skill is None else (*house.skills, spec.skill)
        children = Children(
            replace(house, toolbox=toolbox, model=model, session_id=session_id, skills=skills)
        )
        toolbox = toolbox.delegating_to(children)
        rounds = spec.max_steps or house.limits.max_tool_rounds
        threshold = house.compact_threshold

        def offered() -> list[ToolDefinition]:
            return [tool for tool in toolbox.registry.definitions() if spec.offers(tool.name)]

        return Execution(
            loop=AgentLoop([], replace(house.limits, max_tool_rounds=rounds)),
            asker=Asker(
                model,
                house.breaker_threshold,
                heard=house.heard,
                account=lambda usage: house.account(usage, model, session_id),
            ),
            system=house.system(model, spec, toolbox.context.workspace.root, offered()),
            session_id=session_id,
            tools=offered,
            toolbox=toolbox,
            compact=None if threshold is None else AutoCompact(threshold, session_id),
            channel=forward,
            settle=self._settle,
            children=children,
        )

    async def _settle(self, outcome: Outcome) -> list[AgentEvent]:
        """A child's history is forgotten; what it used counts, however it ended."""
        self.usage += outcome.usage
        return []

    def _toolbox(self, spec: ChildSpec, scope: str, session_id: str) -> Toolbox:
        """The parent's tools, in the child's workspace, behind the child's gate."""
        toolbox = self._house.toolbox
        context = toolbox.context
        if spec.workspace is not None and spec.workspace != context.workspace.root:
            place = Workspace(spec.workspace)
            context = replace(context, workspace=place, history=FileHistory())
        registry = toolbox.registry
        if spec.skill is None:  # no nested delegation
            registry = ToolRegistry(t for t in registry if t.name not in DELEGATION_TOOLS)
        gate = child_gate(toolbox.gate, spec, context.workspace.root, scope)
        hooks = toolbox.hooks.of_child(session_id, context.workspace.root)
        return replace(toolbox, registry=registry, context=context, gate=gate, hooks=hooks)


async def _finished(execution: Execution, prompt: Message) -> Outcome:
    """The outcome; a cancelled caller cancels the execution and waits for its end."""
    task = asyncio.create_task(execution.run(prompt))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        execution.cancel()
        await asyncio.wait([task])
        raise


async def _emit_at_once(emit: Emit, events: list[AgentEvent]) -> None:
    """Queue events without waiting for room: a stream that nobody reads must not hold up an end."""
    try:
        async with asyncio.timeout(0):
            await emit(events)
    except TimeoutError:
        pass  # they are queued; only the room behind them is missing


def _new_id() -> str:
    return f"task-{uuid.uuid4()}"


async def _unheard(_events: list[AgentEvent]) -> None:
    """Nobody listens."""
