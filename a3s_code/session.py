"""A session: one conversation, bound to one workspace."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from a3s_code.background import runtime
from a3s_code.errors import (
    A3SError,
    BtwFailed,
    InvalidArgument,
    SessionBusy,
    SessionClosed,
    ToolError,
)
from a3s_code.llm.bound import BoundModel
from a3s_code.loop.machine import AgentLoop, LoopLimits, without_open_calls
from a3s_code.messages import Attachment, Message, messages_from
from a3s_code.results import AgentResult, BtwResult, TokenUsage, ToolResult
from a3s_code.run.ask import Asker
from a3s_code.run.calls import Toolbox
from a3s_code.run.channel import EventChannel
from a3s_code.run.compact import AutoCompact
from a3s_code.run.execution import Execution, Outcome
from a3s_code.run.stream import EventStream
from a3s_code.tools.find import find_files
from a3s_code.tools.host_function import function_tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a session's executions go; fixed at its creation.

    `system` gives the system prompt for a model; `breaker_threshold` is the number of model calls
    that may fail in a row; `compact_threshold` the filled part of the context window at which the
    conversation is shortened, None for never.
    """

    system: Callable[[BoundModel], str]
    limits: LoopLimits
    breaker_threshold: int = 3
    compact_threshold: float | None = None


_BTW_SYSTEM = (
    "Answer the side question briefly, from the conversation so far. You have no tools now, and "
    "neither the question nor your answer becomes part of the conversation."
)

T = TypeVar("T")
Attachments = Sequence[Attachment | Mapping[str, Any]]


class Session:
    """One conversation with the agent in one workspace. Made by `Agent.session`.

    Callable from any thread, inside or outside of an event loop. One `send` or `stream` runs at a
    time; a second one raises `SessionBusy` at once. `btw`, `cancel`, `history` and direct tools
    are always allowed.
    """

    def __init__(
        self,
        *,
        session_id: str | None,
        model: BoundModel,
        choose_model: Callable[[str], BoundModel],
        conduct: Conduct,
        toolbox: Toolbox,
    ) -> None:
        self.session_id = session_id or str(uuid.uuid4())
        self._model, self._choose_model = model, choose_model
        self._conduct, self._toolbox = conduct, toolbox
        self._lock = threading.Lock()
        self._history: list[Message] = []
        self._usage = TokenUsage()
        self._cost_usd = 0.0
        self._running: Execution | None = None
        self._closed = False

    def __repr__(self) -> str:
        return (
            f"Session({self.session_id!r}, workspace={self.workspace!r}, model={self.model!r}, "
            f"messages={len(self._history)})"
        )

    # -- facts ---------------------------------------------------------------------------------------

    @property
    def workspace(self) -> str:
        """The real path of the workspace."""
        return str(self._toolbox.context.workspace.root)

    @property
    def model(self) -> str:
        """The model in use, as `provider/model`."""
        return self._model.selector

    def use_model(self, selector: str) -> None:
        """Switch to another configured model, from the next model call on.

        Raises `UnknownModel` naming provider and model; the model is then unchanged.
        """
        self._model = self._choose_model(selector)

    @property
    def busy(self) -> bool:
        """Whether a send or stream is running."""
        return self._running is not None

    @property
    def usage(self) -> TokenUsage:
        """Tokens of all executions and side questions of this session."""
        return self._usage

    @property
    def cost_usd(self) -> float:
        """Cost of all model calls in US dollars, 0 where the configuration names no prices."""
        return self._cost_usd

    def history(self) -> list[dict[str, Any]]:
        """The conversation, as a copy in the documented form."""
        return [message.to_dict() for message in self._history]

    def clear(self) -> int:
        """Empty the conversation; returns the number of messages removed. Totals stay."""
        with self._lock:
            if self._running is not None:
                raise SessionBusy("the conversation cannot be cleared while a prompt is running")
            removed = len(self._history)
            self._history = []
        return removed

    # -- prompts -------------------------------------------------------------------------------------

    def send(self, prompt: str, history: Sequence[Any] | None = None) -> AgentResult:
        """Send a prompt and wait for the final answer.

        With `history` that conversation is used instead, and the session's own stays untouched.
        Ctrl-C cancels the run and keeps the partial answer. Raises `ModelError` when the model
        cannot be used, `SessionBusy`, `InvalidArgument` for a blank prompt.
        """
        return self.send_with_attachments(prompt, (), history)

    def send_with_attachments(
        self, prompt: str, attachments: Attachments, history: Sequence[Any] | None = None
    ) -> AgentResult:
        """`send` with images in front of the text."""
        runtime().check_not_inside()
        execution, message = self._begin(prompt, attachments, history, None)
        future = self._start(execution, message)
        return _result(runtime().wait(future, self.cancel))

    async def asend(
        self, prompt: str, attachments: Attachments = (), history: Sequence[Any] | None = None
    ) -> AgentResult:
        """`send` for a caller with an event loop, which is not blocked; cancelling cancels."""
        execution, message = self._begin(prompt, attachments, history, None)
        future = self._start(execution, message)
        try:
            return _result(await asyncio.wrap_future(future))
        except asyncio.CancelledError:
            self._cancel(execution)
            raise

    def stream(self, prompt: str, history: Sequence[Any] | None = None) -> EventStream:
        """Send a prompt and get its events as they happen; the run starts at once.

        Failures of the run arrive as the last event, `error`; mistakes of the call are raised.
        """
        return self.stream_with_attachments(prompt, (), history)

    def stream_with_attachments(
        self, prompt: str, attachments: Attachments, history: Sequence[Any] | None = None
    ) -> EventStream:
        """`stream` with images in front of the text."""
        channel = EventChannel(runtime().call_soon)
        execution, message = self._begin(prompt, attachments, history, channel)
        self._start(execution, message)
        return EventStream(channel, lambda: self._cancel(execution))

    def cancel(self) -> bool:
        """Stop the running send or stream, which then ends with what it has; any thread.

        Returns False when nothing was running.
        """
        execution = self._running
        if execution is None:
            return False
        self._cancel(execution)
        return True

    def btw(self, question: str) -> BtwResult:
        """Ask a side question, also while a prompt is running; the conversation never sees it."""
        question = question.strip()
        if not question:
            raise InvalidArgument("the side question is empty")
        runtime().check_not_inside()
        future = _submit(self._btw(question))
        try:
            return runtime().wait(future, future.cancel)
        except A3SError as error:
            raise BtwFailed(error.problem) from error

    async def abtw(self, question: str) -> BtwResult:
        """`btw` for a caller with an event loop."""
        future = _submit(self._btw(question.strip()))
        return await asyncio.wrap_future(future)

    async def _btw(self, question: str) -> BtwResult:
        messages = [*without_open_calls(self._history), Message.user(question)]
        reply = await self._model.call(_BTW_SYSTEM, messages, ()).run(_unheard)
        self._account(reply.usage)
        answer = self._toolbox.guard.output(reply.message.text)
        return BtwResult(question=question, answer=answer, usage=reply.usage)

    # -- tools by hand -------------------------------------------------------------------------------

    def tool(self, name: str, args: Mapping[str, Any] | None = None) -> ToolResult:
        """Call a tool directly: no model, no tokens, no events, no change of the history.

        Workspace boundary and deny rules hold. A failure is a result with `exit_code` not 0.
        """
        runtime().check_not_inside()
        self._check_open()
        future = runtime().submit(self._toolbox.direct(name, args or {}))
        return runtime().wait(future, future.cancel)

    call_tool = tool

    async def atool(self, name: str, args: Mapping[str, Any] | None = None) -> ToolResult:
        """`tool` for a caller with an event loop."""
        self._check_open()
        future = runtime().submit(self._toolbox.direct(name, args or {}))
        return await asyncio.wrap_future(future)

    def read_file(self, path: str) -> str:
        """The text that the tool `read` gives. Raises `ToolError` naming the path."""
        return self._succeed("read", {"file_path": path})

    def bash(self, command: str) -> str:
        """The output of a shell command, whatever its exit code."""
        return self.tool("bash", {"command": command}).output

    def glob(self, pattern: str) -> list[str]:
        """Paths that match, relative to the workspace, sorted, complete. Raises `ToolError`."""
        refused = self._toolbox.gate.refuse_direct("glob", {"pattern": pattern})
        if refused is not None:
            raise ToolError(f"glob {pattern!r}: {refused.text}")
        try:
            return find_files(self._toolbox.context.workspace, pattern)
        except A3SError as error:
            raise ToolError(f"glob {pattern!r}: {error.problem}") from error

    def grep(self, pattern: str) -> str:
        """The text that the tool `grep` gives. Raises `ToolError` naming the pattern."""
        return self._succeed("grep", {"pattern": pattern})

    def _succeed(self, name: str, args: Mapping[str, str]) -> str:
        result = self.tool(name, args)
        if result.exit_code != 0:
            raise ToolError(f"{name} {next(iter(args.values()))!r}: {result.output}")
        return result.output

    def tool_names(self) -> list[str]:
        """Names of the tools, as of now."""
        return self._toolbox.registry.names()

    def tool_definitions(self) -> list[dict[str, Any]]:
        """`name`, `description` and `parameters` (JSON Schema) of each tool."""
        return [definition.to_dict() for definition in self._toolbox.registry.definitions()]

    def register_tool(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        read_only: bool = False,
    ) -> None:
        """Offer a typed Python function to the model; its schema comes from signature and docstring.

        `read_only` lets it run beside other read-only calls. Raises `InvalidArgument` for a
        function whose parameters have no usable types, or for the name of a built-in tool.
        """
        self._toolbox.registry.register(function_tool(function, name=name, read_only=read_only))

    # -- confirmation --------------------------------------------------------------------------------

    def pending_confirmations(self) -> list[dict[str, Any]]:
        """Calls that wait for a person: `tool_id`, `tool_name`, `args`, `remaining_ms`."""
        return self._toolbox.gate.pending.pending()

    def confirm_tool_use(self, tool_id: str, approved: bool, reason: str | None = None) -> bool:
        """Approve or reject a waiting call, from any thread; False when it is not waiting."""
        return self._toolbox.gate.pending.answer(tool_id, approved, reason)

    def cancel_confirmations(self) -> int:
        """Reject all waiting calls; returns their number."""
        return self._toolbox.gate.pending.cancel_all()

    # -- end -----------------------------------------------------------------------------------------

    def close(self) -> None:
        """Cancel what is running and refuse further prompts. May be called more than once."""
        if not self._closed:
            self._closed = True
            self.cancel()
            self._toolbox.guard.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- one execution -------------------------------------------------------------------------------

    def _begin(
        self,
        prompt: str,
        attachments: Attachments,
        history: Sequence[Any] | None,
        channel: EventChannel | None,
    ) -> tuple[Execution, Message]:
        """Check the call and take the session's one place for a run."""
        self._check_open()
        if not isinstance(prompt, str):
            raise InvalidArgument(f"the prompt must be a string, not {type(prompt).__name__}")
        images = [Attachment.coerce(attachment) for attachment in attachments]
        if not prompt.strip() and not images:
            raise InvalidArgument("the prompt is empty")
        if images and not self._model.accepts_images:
            raise InvalidArgument(
                f"model {self.model} does not accept images; choose one whose configuration "
                "says attachment = true"
            )
        given = None if history is None else messages_from(history)
        with self._lock:
            if self._running is not None:
                raise SessionBusy(
                    "this session is already answering a prompt; wait for it or cancel it"
                )
            execution = self._execution(
                list(self._history) if given is None else given, channel, own_history=given is None
            )
            self._running = execution
        return execution, Message.user(prompt, images)

    def _execution(
        self, messages: list[Message], channel: EventChannel | None, *, own_history: bool
    ) -> Execution:
        conduct, model = self._conduct, self._model
        threshold = conduct.compact_threshold
        return Execution(
            loop=AgentLoop(messages, conduct.limits),
            asker=Asker(model, conduct.breaker_threshold, heard=channel is not None),
            system=conduct.system(model),
            session_id=self.session_id,
            tools=self._toolbox.registry.definitions,
            toolbox=self._toolbox,
            compact=None if threshold is None else AutoCompact(threshold, self.session_id),
            channel=channel,
            settle=lambda outcome: self._settle(outcome, own_history=own_history),
        )

    def _start(self, execution: Execution, message: Message) -> concurrent.futures.Future[Outcome]:
        return _submit(execution.run(message))

    def _cancel(self, execution: Execution) -> None:
        runtime().call_soon(execution.cancel)

    async def _settle(self, outcome: Outcome, *, own_history: bool) -> None:
        with self._lock:
            if own_history:
                self._history = outcome.messages
            self._running = None
        self._account(outcome.usage)

    def _account(self, usage: TokenUsage) -> None:
        with self._lock:
            self._usage += usage
            self._cost_usd += self._model.cost_usd(usage) or 0.0

    def _check_open(self) -> None:
        if self._closed:
            raise SessionClosed(f"session {self.session_id} is closed")


AgentSession = Session


def _submit(work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Run something that talks to model servers; their connections end with the runtime loop."""
    from a3s_code.llm.http import close_clients  # here, so that importing the library stays light

    runtime().at_end(close_clients)
    return runtime().submit(work)


def _result(outcome: Outcome) -> AgentResult:
    if outcome.error is not None:
        raise outcome.error
    return AgentResult(
        text=outcome.text,
        tool_calls_count=outcome.tool_calls,
        usage=outcome.usage,
        conversation=tuple(outcome.messages),
        cancelled=outcome.cancelled,
    )


async def _unheard(_events: object) -> None:
    """Events of a side question have no listener."""
