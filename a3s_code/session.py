"""A session: one conversation, bound to one workspace."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from a3s_code import checks
from a3s_code.background import runtime
from a3s_code.commands.host import CompactReport
from a3s_code.commands.registry import UserHandler
from a3s_code.config.keys import secrets_of_server
from a3s_code.conversation import Conversation, Run
from a3s_code.errors import A3SError, InvalidArgument, SessionClosed, ToolError, WrongType
from a3s_code.hooks.registry import Handler as HookHandler
from a3s_code.mcp.address import server_config
from a3s_code.messages import Attachment, Message, messages_from
from a3s_code.results import AgentResult, BtwResult, TokenUsage, ToolResult
from a3s_code.run.channel import EventChannel
from a3s_code.run.execution import Outcome
from a3s_code.run.stream import EventStream
from a3s_code.session_memory import MemoryCalls
from a3s_code.session_queue import QueueCalls
from a3s_code.tools.find import find_files
from a3s_code.tools.history import FileVersion
from a3s_code.tools.host_function import function_tool
from a3s_code.tools.restore import restore_version

log = logging.getLogger("a3s_code")

T = TypeVar("T")
Attachments = Sequence[Attachment | Mapping[str, Any]]


class Session(MemoryCalls, QueueCalls):
    """One conversation with the agent in one workspace. Made by `Agent.session`.

    Callable from any thread, inside or outside of an event loop. One `send` or `stream` runs at a
    time; a second one raises `SessionBusy` at once, unless the first was cancelled or left: then it
    waits, at most 5 s, for its end. `btw`, `cancel`, `history` and direct tools are always allowed.
    `init_warning` tells why the session has no memory although one was given; every prompt logs it.
    """

    def __init__(self, core: Conversation, *, init_warning: str | None = None) -> None:
        self.init_warning = init_warning
        self._core = core
        self._closed = False

    def __repr__(self) -> str:
        core = self._core
        return (
            f"Session({core.session_id!r}, workspace={core.workspace!r}, model={core.model!r}, "
            f"messages={core.message_count})"
        )

    # -- facts ---------------------------------------------------------------------------------------

    @property
    def session_id(self) -> str:
        """The id under which the session is saved."""
        return self._core.session_id

    @property
    def workspace(self) -> str:
        """The real path of the workspace."""
        return self._core.workspace

    @property
    def model(self) -> str:
        """The model in use, as `provider/model`."""
        return self._core.model

    @property
    def accepts_images(self) -> bool:
        """Whether the model in use takes images, as far as the configuration says."""
        return self._core.accepts_images

    def use_model(self, selector: str) -> None:
        """Switch to another configured model, from the next prompt on.

        Raises `UnknownModel` naming provider and model; the model is then unchanged.
        """
        self._core.use_model(selector)

    @property
    def busy(self) -> bool:
        """Whether a send or stream is running."""
        return self._core.running is not None

    @property
    def usage(self) -> TokenUsage:
        """Tokens of all executions and side questions of this session."""
        return self._core.usage

    @property
    def cost_usd(self) -> float:
        """Cost of all model calls in US dollars, 0 where no prices are known."""
        return self._core.cost_usd

    def cost_records(self) -> list[dict[str, Any]]:
        """One record for each model call: model, provider, `family`, tokens, `cost_usd`, `timestamp`."""
        return [dict(record) for record in self._core.ledger.records]

    @property
    def cut_off(self) -> bool:
        """Whether the session was resumed with a turn whose process was killed.

        The history then ends with what had been kept of it, until about a second before the end.
        """
        return self._core.keeper.cut_off

    def history(self) -> list[dict[str, Any]]:
        """A copy of the conversation: dicts with `role` and `content`, a list of blocks.

        A block has a `type`: `text`, `image`, `tool_use`, `tool_result`. It is what `history=` takes.
        """
        return [message.to_dict() for message in self._core.messages]

    def clear(self) -> int:
        """Empty the conversation; returns the number of messages removed. Totals stay."""
        return self._core.clear()

    def tell(self, text: str) -> None:
        """Add something to the conversation that the model reads with the next prompt.

        Nothing is sent now. Raises `InvalidArgument` for blank text, `SessionBusy`, `SessionClosed`.
        """
        self._check_open()
        self._core.tell(text)

    def compact(self) -> CompactReport | None:
        """Replace the middle of the conversation by a summary now; None when it is too short."""
        return self._wait(self._core.acompact())

    # -- prompts -------------------------------------------------------------------------------------

    def send(self, prompt: str, history: Sequence[Any] | None = None) -> AgentResult:
        """Send a prompt, or a `/command`, and wait for the final answer.

        With `history` that conversation is used instead, and the session's own stays untouched.
        Ctrl-C cancels the run and keeps the partial answer. Raises `ModelError` when the model
        cannot be used, `SessionBusy`, `InvalidArgument` for a blank prompt.
        """
        return self._send(prompt, (), history, commands=True)

    def send_with_attachments(
        self, prompt: str, attachments: Attachments, history: Sequence[Any] | None = None
    ) -> AgentResult:
        """`send` with images in front of the text; a `/command` is not looked for."""
        return self._send(prompt, attachments, history, commands=False)

    def _send(
        self,
        prompt: str,
        attachments: Attachments,
        history: Sequence[Any] | None,
        *,
        commands: bool,
    ) -> AgentResult:
        runtime().check_not_inside()
        run = self._begin(prompt, attachments, history, None, commands=commands)
        future = _submit(self._core.run(run, fire=True))
        return _result(runtime().wait(future, lambda: self._stop(run)))

    async def asend(
        self, prompt: str, attachments: Attachments = (), history: Sequence[Any] | None = None
    ) -> AgentResult:
        """`send` for a caller with an event loop, which is not blocked; cancelling cancels."""
        if self.busy:
            await asyncio.to_thread(self._core.let_leave)
        run = self._begin(prompt, attachments, history, None, commands=not attachments)
        future = _submit(self._core.run(run, fire=True))
        try:
            return _result(await asyncio.shield(asyncio.wrap_future(future)))
        except asyncio.CancelledError:
            self._stop(run)
            raise

    def stream(
        self,
        prompt: str,
        history: Sequence[Any] | None = None,
        *,
        max_rounds: int | None = None,
        plan: bool | None = None,
    ) -> EventStream:
        """Send a prompt and get its events as they happen; the run starts at once.

        For this prompt, `max_rounds` (at least 1) replaces the session's limit of model calls, and
        `plan` its choice whether to plan first.
        Failures of the run arrive as the last event, `error`; mistakes of the call are raised.
        """
        return self._stream(prompt, (), history, commands=True, max_rounds=max_rounds, plan=plan)

    def stream_with_attachments(
        self,
        prompt: str,
        attachments: Attachments,
        history: Sequence[Any] | None = None,
        *,
        max_rounds: int | None = None,
        plan: bool | None = None,
    ) -> EventStream:
        """`stream` with images in front of the text; a `/command` is not looked for."""
        return self._stream(
            prompt, attachments, history, commands=False, max_rounds=max_rounds, plan=plan
        )

    def _stream(
        self,
        prompt: str,
        attachments: Attachments,
        history: Sequence[Any] | None,
        *,
        commands: bool,
        max_rounds: int | None,
        plan: bool | None,
    ) -> EventStream:
        loop = runtime()  # kept: a stream that is dropped while Python ends must not ask for one
        channel = EventChannel(loop.call_soon)
        run = self._begin(
            prompt,
            attachments,
            history,
            channel,
            commands=commands,
            max_rounds=max_rounds,
            plan=plan,
        )
        _submit(self._core.run(run, fire=False))

        def cancel() -> None:
            run.leave()
            loop.call_soon(run.cancel)

        return EventStream(channel, cancel)

    def cancel(self) -> bool:
        """Stop the running send or stream, which then ends with what it has; any thread.

        Returns False when nothing was running.
        """
        execution = self._core.running
        if execution is None:
            return False
        execution.leaving = True
        runtime().call_soon(execution.cancel)
        return True

    def btw(self, question: str) -> BtwResult:
        """Ask a side question, also while a prompt is running; the conversation never sees it."""
        self._check_open()
        return self._wait(self._core.abtw(question))

    async def abtw(self, question: str) -> BtwResult:
        """`btw` for a caller with an event loop."""
        self._check_open()
        return await asyncio.wrap_future(_submit(self._core.abtw(question)))

    # -- commands and scheduled prompts --------------------------------------------------------------

    def list_commands(self) -> list[dict[str, str | None]]:
        """`name`, `description` and `usage` of every slash command, sorted by name."""
        return self._core.commands.entries()

    def register_command(self, name: str, description: str, handler: UserHandler) -> None:
        """Add a slash command, or replace one: `handler(args, ctx) -> str`.

        `ctx` has `session_id`, `model`, `history_len`, `workspace`, `total_tokens`, `total_cost`,
        `tool_names` and `mcp_servers`. The handler runs in a worker thread and may use the session.
        """
        self._core.commands.register(name, description, handler)

    def schedule_task(self, prompt: str, interval_secs: int) -> str:
        """Send a prompt again and again, at least `interval_secs` apart; returns the task's id.

        It is sent after a `send` that ends when it is due. At most 50 tasks; each ends after 3 days.
        """
        return self._core.scheduler.add(prompt, interval_secs)

    def list_scheduled_tasks(self) -> list[dict[str, Any]]:
        """`id`, `prompt`, `interval_secs`, `recurring`, `fire_count`, `next_fire_in_secs` of each."""
        return self._core.scheduler.tasks()

    def cancel_scheduled_task(self, task_id: str) -> bool:
        """Remove a scheduled prompt; False when there is none with this id."""
        return self._core.scheduler.cancel(checks.text("task_id", task_id))

    def take_due_prompts(self) -> list[str]:
        """The scheduled prompts that are due now, in the order they became due; each counts as fired.

        For programs that stream: `send` sends what is due after its answer, a stream does not.
        """
        return [task.prompt for task in self._core.scheduler.take_due()]

    # -- saving --------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save the session now; without a store nothing happens. Raises `SaveFailed`."""
        self._core.keeper.save(self._core.saved(), complete=True)

    # -- tools by hand -------------------------------------------------------------------------------

    def tool(self, name: str, args: Mapping[str, Any] | None = None) -> ToolResult:
        """Call a tool directly: no model, no tokens, no events, no change of the history.

        Workspace boundary and deny rules hold. A failure is a result with `exit_code` not 0.
        """
        return self._wait(self._direct(name, args))

    call_tool = tool

    async def atool(self, name: str, args: Mapping[str, Any] | None = None) -> ToolResult:
        """`tool` for a caller with an event loop."""
        return await asyncio.wrap_future(_submit(self._direct(name, args)))

    def _direct(self, name: str, args: Mapping[str, Any] | None) -> Coroutine[Any, Any, ToolResult]:
        self._check_open()
        given: Any = args if args is not None else {}
        if not (name == "Skill" and isinstance(args, str)):  # a skill may be given by its bare name
            given = checks.mapping("args", given)
        return self._core.direct(checks.text("name", name), given)

    def read_file(self, path: str) -> str:
        """The text that the tool `read` gives. Raises `ToolError` naming the path."""
        return self._succeed("read", {"file_path": path})

    def bash(self, command: str) -> str:
        """The output of a shell command, whatever its exit code.

        Raises `ToolError` when no command has run: it was refused, or could not be started.
        """
        result = self.tool("bash", {"command": command})
        facts = result.metadata or {}
        if "exit_code" not in facts or not facts.get("started", True):
            raise ToolError(f"bash {checks.shown(command)}: {result.output}")
        return result.output

    def glob(self, pattern: str) -> list[str]:
        """Paths that match, relative to the workspace, sorted, complete. Raises `ToolError`."""
        checks.text("pattern", pattern)
        refused = self._core.toolbox.gate.refuse_direct("glob", {"pattern": pattern})
        if refused is not None:
            raise ToolError(f"glob {pattern!r}: {refused.text}")
        try:
            return find_files(self._core.toolbox.context.workspace, pattern)
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
        return self._core.tool_names()

    def tool_definitions(self) -> list[dict[str, Any]]:
        """`name`, `description` and `parameters` (JSON Schema) of each tool."""
        return [definition.to_dict() for definition in self._core.toolbox.registry.definitions()]

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
        self._core.toolbox.registry.register(
            function_tool(function, name=name, read_only=read_only)
        )

    # -- MCP servers ---------------------------------------------------------------------------------

    def add_mcp_server(
        self,
        name: str,
        transport: str = "stdio",
        command: str | None = None,
        args: Sequence[str] | None = None,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        timeout_ms: int | None = None,
    ) -> int:
        """Connect to an MCP server and offer its tools from the next model call; their number.

        `transport` is `stdio` (needs `command`; `env` is added to the inherited environment),
        `http` or `streamable-http` (both need `url`). `timeout_ms` is for each call, 60000 when not
        given. A name that is there already is connected again. Raises `McpError` when there is no
        connection within 30 s, `InvalidArgument` for arguments that do not fit.
        """
        self._check_open()
        config = server_config(name, transport, command, args, url, headers, env, timeout_ms)
        self._core.toolbox.guard.keys.add(secrets_of_server(config))
        return self._wait(self._core.servers.add(config))

    def remove_mcp_server(self, name: str) -> None:
        """Take the tools of an MCP server back and end it; nothing happens when there is none.

        A server of the agent's configuration goes on for the other sessions.
        """
        self._check_open()
        self._wait(self._core.servers.remove(checks.text("name", name)))

    def mcp_status(self) -> dict[str, dict[str, Any]]:
        """`connected`, `tool_count` and `error` (a line, or None) of each MCP server."""
        return self._core.servers.status()

    # -- agents --------------------------------------------------------------------------------------

    def register_agent_dir(self, path: str | Path) -> int:
        """Load the agent definitions in a directory, usable at once; returns their number."""
        return self._core.conduct.agents.load_from_dir(
            os.path.expanduser(checks.path("path", path))
        )

    def run_team(
        self,
        goal: str,
        lead_agent: str = "general",
        worker_agent: str = "general",
        reviewer_agent: str = "general",
        max_steps: int | None = None,
    ) -> ToolResult:
        """Let a lead divide the goal, a worker do the tasks, a reviewer approve the results."""
        args: dict[str, Any] = {
            "goal": goal,
            "lead_agent": lead_agent,
            "worker_agent": worker_agent,
            "reviewer_agent": reviewer_agent,
        }
        return self.tool("run_team", args if max_steps is None else args | {"max_steps": max_steps})

    def unregister_tool(self, name: str) -> bool:
        """Take back a tool that was registered; False when there is none of that name.

        Raises `InvalidArgument` for a built-in tool.
        """
        return self._core.toolbox.registry.unregister(checks.text("name", name))

    # -- hooks ---------------------------------------------------------------------------------------

    def register_hook(
        self,
        hook_id: str,
        event_type: str,
        matcher: Mapping[str, str] | HookHandler | None = None,
        config: Mapping[str, Any] | None = None,
        handler: HookHandler | None = None,
    ) -> None:
        """Have `handler(event)` called at a moment such as `pre_tool_use`; the same id replaces.

        `event` is a dict with `event_type` and `payload`; its return value may be
        `{"action": "block", "reason": ...}`, `skip`, `retry` or nothing. `matcher` limits the calls
        by `tool`, `path_pattern`, `command_pattern`, `session_id` and `skill`; `config` has
        `priority`, `timeout_ms`, `async_execution` and `max_retries`. A handler must not send a
        prompt to this session. Hooks are not saved. Raises `InvalidArgument`, also in a session
        whose option `ahp_transport` puts a supervisor in the place of the hooks.
        """
        registry = self._core.hooks
        if registry is None:
            raise InvalidArgument(
                "this session has a supervisor (ahp_transport) in the place of hooks"
            )
        registry.register(hook_id, event_type, matcher, config, handler)

    def unregister_hook(self, hook_id: str) -> bool:
        """Remove a hook; False when there is none of this id."""
        registry = self._core.hooks
        checks.text("hook_id", hook_id)
        return registry is not None and registry.unregister(hook_id)

    def hook_count(self) -> int:
        """The number of registered hooks."""
        return len(self._core.hooks or ())

    # -- versions of files ---------------------------------------------------------------------------

    def list_tracked_files(self) -> list[str]:
        """Files that this session's tools have changed."""
        return self._core.toolbox.context.history.tracked_files()

    def list_file_versions(self, path: str) -> list[FileVersion]:
        """What the file was before each change: `version`, `timestamp`, `tool_name`, `size`."""
        return self._core.toolbox.context.history.versions(checks.text("path", path))

    def diff_file_versions(self, path: str, a: int, b: int) -> str | None:
        """Unified diff between two versions, None when one of them is not kept.

        The number after the last version stands for the file as it is now.
        """
        checks.text("path", path)
        old, new = checks.integer("a", a, 0), checks.integer("b", b, 0)
        toolbox = self._core.toolbox
        diff = toolbox.context.history.diff(path, old, new)
        return None if diff is None else toolbox.guard.keys.redact(diff)

    def restore_file_version(self, path: str, version: int) -> None:
        """Give the file an earlier content; what it has is kept as a version first.

        Raises `ToolError` naming the path.
        """
        checks.text("path", path)
        checks.integer("version", version, 0)
        try:
            restore_version(self._core.toolbox.context, path, version)
        except A3SError as error:
            raise ToolError(f"{path}: {error.problem}") from error

    # -- confirmation --------------------------------------------------------------------------------

    def pending_confirmations(self) -> list[dict[str, Any]]:
        """Calls that wait for a person: `tool_id`, `tool_name`, `args`, `remaining_ms`."""
        return self._core.toolbox.gate.pending.pending()

    def confirm_tool_use(self, tool_id: str, approved: bool, reason: str | None = None) -> bool:
        """Approve or reject a waiting call, from any thread; False when it is not waiting."""
        checks.text("tool_id", tool_id)
        return self._core.toolbox.gate.pending.answer(tool_id, approved, reason)

    def cancel_confirmations(self) -> int:
        """Reject all waiting calls; returns their number."""
        return self._core.toolbox.gate.pending.cancel_all()

    # -- end -----------------------------------------------------------------------------------------

    def close(self) -> None:
        """Cancel what is running and refuse further prompts. May be called more than once."""
        if self._closed:
            return
        self._closed = True
        self.cancel()
        self._core.close()
        self._end_servers()

    def _end_servers(self) -> None:
        servers = self._core.servers
        if servers.has_own:
            runtime().see_through(servers.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- asking the core -----------------------------------------------------------------------------

    def _begin(
        self,
        prompt: str,
        attachments: Attachments,
        history: Sequence[Any] | None,
        channel: EventChannel | None,
        *,
        commands: bool,
        max_rounds: int | None = None,
        plan: bool | None = None,
    ) -> Run:
        """Check what was given and take the session's one place for a run."""
        self._check_open()
        if not isinstance(prompt, str):
            raise WrongType(f"the prompt must be a string, not {type(prompt).__name__}")
        given = checks.items("attachments", attachments)
        images = [Attachment.coerce(attachment) for attachment in given]
        messages: list[Message] | None = None if history is None else messages_from(history)
        self._core.let_leave()
        run = self._core.begin(
            prompt, images, messages, channel, commands=commands, max_rounds=max_rounds, plan=plan
        )
        if self.init_warning is not None:
            log.warning("%s", self.init_warning)
        return run

    def _stop(self, run: Run) -> None:
        """Stop a run, and a scheduled one that followed it."""
        run.leave()
        runtime().call_soon(run.cancel)
        self.cancel()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of something that does not take the session's place."""
        try:
            runtime().check_not_inside()
        except A3SError:
            work.close()
            raise
        future = _submit(work)
        return runtime().wait(future, future.cancel)

    def _check_open(self) -> None:
        if self._closed:
            raise SessionClosed(f"session {self.session_id} is closed")


AgentSession = Session


def _submit(work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Run something that may talk to model servers; their connections end with the loop."""
    from a3s_code.llm.network import (
        close_clients,
    )  # here, so that importing the library stays light

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
