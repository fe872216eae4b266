"""The asynchronous core of a session: its state, and everything that happens to it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from a3s_code import checks
from a3s_code.agents.registry import AgentRegistry
from a3s_code.background import runtime
from a3s_code.commands.builtin import command_registry
from a3s_code.commands.host import CompactReport, McpServer
from a3s_code.commands.outcome import CommandOutcome
from a3s_code.commands.parse import parse_command
from a3s_code.context.provider import ContextProvider
from a3s_code.drafting import Drafting
from a3s_code.errors import (
    BtwFailed,
    InvalidArgument,
    ModelError,
    QueueError,
    SaveFailed,
    SessionBusy,
    WrongType,
)
from a3s_code.events import (
    AgentEvent,
    MemoryCleared,
    PersistenceFailed,
    SupervisionUnavailable,
)
from a3s_code.hooks.life import SessionLife
from a3s_code.hooks.registry import HookRegistry
from a3s_code.keeping import Keeper, log
from a3s_code.lanes.queue import LaneQueue
from a3s_code.lanes.tool_commands import run_function_in, tool_named_by
from a3s_code.ledger import Ledger
from a3s_code.llm.bound import BoundModel
from a3s_code.loop.compaction import DEFAULT_CONTEXT_TOKENS, as_text, estimated_tokens
from a3s_code.loop.machine import AgentLoop, LoopLimits, without_open_calls
from a3s_code.mcp.servers import SessionServers
from a3s_code.memory.session_memory import SessionMemory
from a3s_code.messages import Attachment, Message, TextBlock
from a3s_code.results import BtwResult, TokenUsage, ToolResult
from a3s_code.run.ask import Asker
from a3s_code.run.briefing import Briefing
from a3s_code.run.calls import Toolbox
from a3s_code.run.channel import EventChannel
from a3s_code.run.children import Children, ChildSystem, Household
from a3s_code.run.command import CommandRun
from a3s_code.run.compact import AutoCompact, summarise
from a3s_code.run.execution import Execution, Outcome
from a3s_code.run.planned import Planning
from a3s_code.schedule.firing import Firing
from a3s_code.schedule.scheduler import Scheduler
from a3s_code.skills.skill import Skill
from a3s_code.store.saved import ContextUsage, SavedConfig, SavedSession
from a3s_code.tools.threads import in_thread

_BTW_SYSTEM = (
    "Answer the side question briefly, from the conversation so far. You have no tools now, and "
    "neither the question nor your answer becomes part of the conversation."
)
_ORDERLY_END_S = 5.0  # how long the end of a session waits for the end of its run


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a session's executions go; fixed at its creation.

    `system` gives the system prompt for a model and a prompt, `child_system` that of a child run;
    `agents` are those that work can be handed to. `breaker_threshold` is the number of model calls
    that may fail in a row; `compact_threshold` the filled part of the context window at which the
    conversation is shortened, None for never. `providers` are asked for context before each
    prompt. `saved_config` gives what a saved session tells of it.
    """

    system: Callable[[BoundModel, str], str]
    child_system: ChildSystem
    agents: AgentRegistry
    limits: LoopLimits
    breaker_threshold: int = 3
    compact_threshold: float | None = None
    max_time_s: float | None = None
    planning: Planning = field(default_factory=Planning)
    providers: Sequence[ContextProvider] = ()
    skills: Sequence[Skill] = ()
    saved_config: Callable[[], SavedConfig] = SavedConfig


class Run(Protocol):
    """Something that was asked of the session: it runs once, on the runtime loop."""

    def leave(self) -> None:
        """Note, from any thread, that it is about to be cancelled."""

    def cancel(self) -> None:
        """Stop early. On the runtime loop's thread only."""

    async def run(self) -> Outcome:
        """Do it; failures are part of the outcome."""
        ...


class _PromptRun:
    """An execution together with its prompt, written down while it runs."""

    def __init__(
        self, execution: Execution, prompt: Message, drafting: Drafting | None = None
    ) -> None:
        self.execution, self._prompt, self._drafting = execution, prompt, drafting

    def leave(self) -> None:
        self.execution.leaving = True

    def cancel(self) -> None:
        self.execution.cancel()

    async def run(self) -> Outcome:
        if self._drafting is not None:
            self._drafting.start()
        return await self.execution.run(self._prompt)


class Conversation:
    """State of one session. Coroutines run on the runtime loop; the rest is callable anywhere.

    Implements what slash commands need of a session.
    """

    def __init__(
        self,
        *,
        session_id: str,
        model: BoundModel,
        choose_model: Callable[[str], BoundModel],
        conduct: Conduct,
        toolbox: Toolbox,
        keeper: Keeper,
        memory: SessionMemory | None = None,
        saved: SavedSession | None = None,
        servers: SessionServers | None = None,
    ) -> None:
        self.session_id, self.memory = session_id, memory
        if memory is not None:
            memory.on_cleared = self._memory_cleared
        self.conduct, self.toolbox, self.keeper = conduct, toolbox, keeper
        self.servers = servers or SessionServers(toolbox.registry)
        self.commands = command_registry()
        self.scheduler = Scheduler(time.monotonic)
        self._firing = Firing(self.scheduler, self._fire)
        self._bound, self._choose_model = model, choose_model
        self._lock = threading.Lock()
        self._messages: list[Message] = list(saved.messages) if saved else []
        self._created_at = saved.created_at if saved else int(time.time())
        self.ledger = Ledger()
        if saved is not None:
            records = [dict(record) for record in saved.cost_records]
            context = saved.context_usage
            self.ledger = Ledger(
                usage=saved.total_usage,
                cost_usd=saved.total_cost,
                used_tokens=context.used_tokens,
                turns=context.turns,
                records=records,
            )
        self._tasks = tuple(saved.tasks) if saved else ()
        self._life = SessionLife(toolbox.hooks, conduct.skills)
        self._tool_calls = 0
        self._running: Execution | None = None
        self._started_by_hand: list[Children] = []

    # -- facts ---------------------------------------------------------------------------------------

    @property
    def workspace(self) -> str:
        """The real path of the workspace."""
        return str(self.toolbox.context.workspace.root)

    @property
    def model(self) -> str:
        """`provider/model`."""
        return self._bound.selector

    @property
    def accepts_images(self) -> bool:
        """Whether the model in use takes images, as far as the configuration says."""
        return self._bound.accepts_images

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation as of now."""
        return tuple(self._messages)

    @property
    def message_count(self) -> int:
        """Messages in the conversation."""
        return len(self._messages)

    @property
    def turn_count(self) -> int:
        """Prompts of the user in the conversation."""
        return sum(
            message.role == "user"
            and any(isinstance(block, TextBlock) for block in message.content)
            for message in self._messages
        )

    @property
    def usage(self) -> TokenUsage:
        """Tokens of the session so far."""
        return self.ledger.usage

    @property
    def cost_usd(self) -> float:
        """US dollars of the session so far."""
        return self.ledger.cost_usd

    @property
    def running(self) -> Execution | None:
        """The execution that has the session's one place, if any."""
        return self._running

    @property
    def hooks(self) -> HookRegistry | None:
        """The registered hooks, None when a supervisor has their place."""
        return self.toolbox.hooks.engine.registry

    def tool_names(self) -> list[str]:
        """Names of all tools."""
        return self.toolbox.registry.names()

    def mcp_servers(self) -> Sequence[McpServer]:
        """The connected MCP servers."""
        return [McpServer(name, tools) for name, tools in self.servers.connected()]

    # -- changes -------------------------------------------------------------------------------------

    def use_model(self, selector: str) -> None:
        """Switch to another configured model. Raises `UnknownModel`; nothing has changed then."""
        self._bound = self._choose_model(checks.text("selector", selector))

    def _memory_cleared(self, tier: str, count: int) -> None:
        """Tell whoever follows the running prompt that a tier of the memory was emptied."""
        running = self._running
        if running is not None:
            runtime().call_soon(lambda: running.tell(MemoryCleared(tier=tier, count=count)))

    def clear(self) -> int:
        """Empty the conversation; returns the number of messages removed. Totals stay."""
        with self._lock:
            self._check_free("the conversation cannot be cleared while a prompt is running")
            removed = len(self._messages)
            self._messages = []
        return removed

    def tell(self, text: str) -> None:
        """Add a message of the user that waits for no answer.

        Raises `InvalidArgument` for blank text and `SessionBusy` while a prompt is running.
        """
        checks.filled("text", text)
        with self._lock:
            self._check_free("the conversation cannot be added to while a prompt is running")
            self._messages = [*self._messages, Message.user(text)]

    async def acompact(self) -> CompactReport | None:
        """Replace the middle of the conversation by a summary; None when it is too short for that.

        Raises `SessionBusy` while a prompt is running.
        """
        self._check_free("the conversation cannot be compacted while a prompt is running")
        before = self._messages
        done = await summarise(before, self._bound)
        self._account(done.usage)
        if len(done.messages) == len(before):
            return None
        with self._lock:
            self._check_free("a prompt has been sent meanwhile")
            if self._messages is not before:
                raise SessionBusy("the conversation has changed meanwhile")
            self._messages = done.messages
        return CompactReport(
            messages_before=len(before),
            messages_after=len(done.messages),
            tokens_before=estimated_tokens(before),
            tokens_after=estimated_tokens(done.messages),
            usage=done.usage,
        )

    async def abtw(self, question: str) -> BtwResult:
        """Ask beside the conversation. Raises `BtwFailed`, `InvalidArgument` for a blank question."""
        question = checks.filled("question", question).strip()
        messages = [*as_text(without_open_calls(self._messages)), Message.user(question)]
        try:
            reply = await self._bound.call(_BTW_SYSTEM, messages, ()).run(_unheard)
        except ModelError as error:
            raise BtwFailed(error.problem) from error
        self._account(reply.usage)
        answer = self.toolbox.guard.output(reply.message.text)
        return BtwResult(question=question, answer=answer, usage=reply.usage)

    # -- prompts -------------------------------------------------------------------------------------

    def begin(
        self,
        prompt: str,
        images: Sequence[Attachment] = (),
        history: list[Message] | None = None,
        channel: EventChannel | None = None,
        *,
        commands: bool = True,
        max_rounds: int | None = None,
        plan: bool | None = None,
    ) -> Run:
        """What a prompt starts: a command, or an execution that takes the session's one place.

        For this execution `max_rounds` replaces the session's limit of model calls, and `plan` its
        choice whether to plan first. Raises `SessionBusy`, and `InvalidArgument` for a blank prompt
        or for images that the model does not accept; nothing has changed then.
        """
        if commands and parse_command(prompt) is not None:
            return CommandRun(
                text=prompt,
                registry=self.commands,
                host=self,
                channel=channel,
                settle=self._settle_command,
            )
        if not images and checks.is_blank(prompt):
            raise InvalidArgument("the prompt is empty")
        if images and not self._bound.accepts_images:
            raise InvalidArgument(
                f"model {self.model} does not accept images; choose one whose configuration "
                "says attachment = true"
            )
        limits = _limits(self.conduct.limits, max_rounds)
        planning = self.conduct.planning
        if plan is not None:
            if type(plan) is not bool:
                raise WrongType(f"plan must be True or False, not {checks.shown(plan)}")
            planning = replace(planning, planning=plan, mode=None)
        with self._lock:
            if self.toolbox.hooks.engine.is_calling:
                raise SessionBusy("a hook's handler cannot send a prompt to its own session")
            self._check_free("this session is already answering a prompt; wait for it or cancel it")
            own = history is None
            messages = list(self._messages) if history is None else history
            drafting = self._drafting() if own else None
            execution = self._execution(prompt, messages, channel, limits, planning, drafting)
            self._running = execution
        return _PromptRun(execution, Message.user(prompt, images), drafting)

    def let_leave(self) -> None:
        """Wait, for up to 5 s, until a prompt that was cancelled has left its place."""
        running = self._running
        if running is None or not running.leaving:
            return
        # Where the end waits for the caller, waiting for it would only take time.
        if not runtime().is_inside and not self.toolbox.hooks.engine.is_calling:
            running.over.wait(_ORDERLY_END_S)

    async def run(self, run: Run, *, fire: bool) -> Outcome:
        """Run what was begun; afterwards, with `fire`, the scheduled prompts that are due."""
        outcome = await run.run()
        if fire and isinstance(run, _PromptRun):
            await self._firing.run()
        return outcome

    def _execution(
        self,
        prompt: str,
        messages: list[Message],
        channel: EventChannel | None,
        limits: LoopLimits,
        planning: Planning,
        drafting: Drafting | None,
    ) -> Execution:
        """What runs a prompt; without `drafting` the conversation is not changed by it."""
        conduct, model = self.conduct, self._bound
        children = self._children(heard=channel is not None)
        threshold, system = conduct.compact_threshold, conduct.system(model, prompt)

        async def settle(outcome: Outcome) -> list[AgentEvent]:
            if drafting is None:
                return await self._settle(outcome, own_history=False)
            await drafting.stop()
            try:
                return await self._settle(outcome, own_history=True)
            finally:
                await drafting.remove()

        async def opening_hooks() -> list[AgentEvent]:
            problem = await self._life.start(system, model.selector)
            if problem is None:
                return []
            return [SupervisionUnavailable(session_id=self.session_id, error=problem)]

        def account(usage: TokenUsage) -> None:
            self._account(usage)
            self.ledger.used_tokens = usage.prompt_tokens

        if not model.calls_tools:
            # It cannot act, so asking it to go on only makes it repeat itself.
            limits = replace(limits, continuation_enabled=False)
        return Execution(
            loop=AgentLoop(messages, limits),
            asker=Asker(
                model, conduct.breaker_threshold, heard=channel is not None, account=account
            ),
            system=system,
            session_id=self.session_id,
            tools=self.toolbox.registry.definitions,
            toolbox=self.toolbox.delegating_to(children),
            compact=None if threshold is None else AutoCompact(threshold, self.session_id),
            briefing=Briefing(conduct.providers, self.memory, self.session_id),
            channel=channel,
            settle=settle,
            planning=planning,
            max_time_s=conduct.max_time_s,
            children=children,
            opening_hooks=opening_hooks,
        )

    def _drafting(self) -> Drafting:
        """Whoever writes the next turn down while it runs."""
        return Drafting(
            self.keeper,
            before=self.saved,
            so_far=lambda: self._running.so_far() if self._running else list(self._messages),
            costs=lambda: self.ledger.records,
        )

    def _children(self, *, heard: bool) -> Children:
        """Whoever runs the children of one execution, or of one direct call."""
        conduct = self.conduct
        return Children(
            Household(
                toolbox=self.toolbox,
                model=self._bound,
                choose_model=self._choose_model,
                limits=conduct.limits,
                breaker_threshold=conduct.breaker_threshold,
                compact_threshold=conduct.compact_threshold,
                system=conduct.child_system,
                account=self._account_child,
                session_id=self.session_id,
                heard=heard,
            )
        )

    async def direct(self, name: str, args: Mapping[str, Any]) -> ToolResult:
        """A tool call by hand; what it starts in the background ends with the session."""
        return await self._by_hand(lambda toolbox: toolbox.direct(name, args))

    async def submit(self, lane: str, given: Any) -> Any:
        """The value of a callable, or the result of a tool named by a dict, run in a lane."""
        queue = self.queue
        if callable(given):
            return await run_function_in(queue, lane, given, self._tell)
        name, args = tool_named_by(lane, given)
        return await self._by_hand(lambda toolbox: toolbox.submitted(lane, name, args, self._tell))

    @property
    def queue(self) -> LaneQueue:
        """The lane queue. Raises `QueueError` when the session has none."""
        if self.toolbox.queue is None:
            raise QueueError("this session has no queue: it was made without queue_config")
        return self.toolbox.queue

    async def _tell(self, events: list[AgentEvent]) -> None:
        """Let whoever follows the running prompt see what a submitted command does."""
        if self._running is not None:
            for event in events:
                self._running.tell(event)

    async def _by_hand(self, call: Callable[[Toolbox], Awaitable[ToolResult]]) -> ToolResult:
        children = self._children(heard=False)
        result = await call(self.toolbox.delegating_to(children))
        self._started_by_hand = [*(left for left in self._started_by_hand if left.busy)]
        if children.busy:
            self._started_by_hand.append(children)
        return result

    def _end_what_was_started_by_hand(self) -> None:
        for children in self._started_by_hand:
            children.cancel()

    async def _settle(self, outcome: Outcome, *, own_history: bool) -> list[AgentEvent]:
        """Write the history, save it if that is wanted, and free the session's place."""
        self._tool_calls += outcome.tool_calls
        try:
            if not own_history:
                return []
            self._messages = outcome.messages
            self.ledger.turns += 1
            self._tasks = tuple(outcome.tasks) or self._tasks
            if outcome.error is not None:
                return []
            return await self._auto_save()
        finally:
            self._running = None

    async def _settle_command(self, outcome: CommandOutcome) -> list[Message]:
        if outcome.changed_history:
            await self._auto_save()
        return list(self._messages)

    async def _fire(self, prompt: str) -> None:
        """Send a scheduled prompt. Raises what a send would raise."""
        outcome = await self.begin(prompt).run()
        if outcome.error is not None:
            raise outcome.error

    def _account(self, usage: TokenUsage) -> None:
        if usage != TokenUsage():
            self.ledger.account(usage, self._bound, self.session_id)

    def _account_child(self, usage: TokenUsage, model: BoundModel, session_id: str) -> None:
        if usage != TokenUsage():
            self.ledger.account(usage, model, session_id)

    def _check_free(self, problem: str) -> None:
        if self._running is not None:
            raise SessionBusy(problem)

    def close(self) -> None:
        """Forget scheduled prompts, tell the hooks, save what is left, end provider and sandbox."""
        self.scheduler.clear()
        try:
            if self._life.end_is_heard:
                runtime().see_through(self._end())
        finally:
            self._release()

    async def _end(self) -> None:
        running = self._running
        # A handler that closes its session would wait for the run that waits for the handler.
        if running is not None and not self.toolbox.hooks.engine.is_calling:
            with suppress(TimeoutError):
                await asyncio.wait_for(running.ended.wait(), _ORDERLY_END_S)
        await self._life.end(self.ledger.usage.total_tokens, self._tool_calls)

    def _release(self) -> None:
        if self._started_by_hand:
            runtime().call_soon(self._end_what_was_started_by_hand)
        self.toolbox.gate.pending.cancel_all()
        if self.toolbox.queue is not None:
            runtime().call_soon(self.toolbox.queue.close)
        self.toolbox.guard.close()
        self.keeper.close()
        if self.toolbox.sandbox is not None:
            runtime().see_through(self.toolbox.sandbox.shutdown())

    # -- saving --------------------------------------------------------------------------------------

    async def _auto_save(self) -> list[AgentEvent]:
        """Save after a turn; a failure is an event and a warning, never the loss of the turn."""
        if not self.keeper.auto_save:
            return []
        data = self.saved()
        try:
            await in_thread(lambda _stop: self.keeper.save(data))
        except SaveFailed as error:
            log.warning("session %s: %s", self.session_id, error)
            return [
                PersistenceFailed(session_id=self.session_id, operation="save", error=error.problem)
            ]
        return []

    def saved(self) -> SavedSession:
        """The state as of now, as it is saved. Never holds a key."""
        conduct, bound, ledger = self.conduct, self._bound, self.ledger
        window = bound.context_tokens or DEFAULT_CONTEXT_TOKENS
        provider, _, name = bound.selector.partition("/")
        llm: dict[str, Any] = {"provider": provider, "model": name}
        if bound.base_url:
            llm["base_url"] = bound.base_url
        return SavedSession(
            id=self.session_id,
            config=conduct.saved_config(),
            messages=self._messages,
            context_usage=ContextUsage(
                used_tokens=ledger.used_tokens,
                max_tokens=window,
                percent=ledger.used_tokens / window,
                turns=ledger.turns,
            ),
            total_usage=ledger.usage,
            total_cost=ledger.cost_usd,
            model_name=name,
            cost_records=ledger.records,
            tool_names=self.tool_names(),
            thinking_enabled=bound.thinking_budget is not None,
            thinking_budget=bound.thinking_budget,
            tasks=self._tasks,
            created_at=self._created_at,
            updated_at=int(time.time()),
            llm_config=llm,
        )


def _limits(limits: LoopLimits, max_rounds: int | None) -> LoopLimits:
    if max_rounds is None:
        return limits
    if type(max_rounds) is not int or max_rounds < 1:
        raise InvalidArgument(f"max_rounds must be an integer of at least 1, not {max_rounds!r}")
    return replace(limits, max_tool_rounds=max_rounds)


async def _unheard(_events: object) -> None:
    """Events of a side question have no listener."""
