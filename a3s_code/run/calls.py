"""The tool calls of one turn: judged, run, answered, each with its events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from itertools import count, groupby
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.events import AgentEvent, ToolEnd, ToolOutputDelta
from a3s_code.hooks.bound import BoundHooks, ErrorType
from a3s_code.lanes.queue import LaneQueue
from a3s_code.lanes.tool_commands import run_tool_in
from a3s_code.loop.machine import CANCELLED_RESULT
from a3s_code.messages import ImageBlock, TextBlock, ToolResultBlock, ToolUseBlock
from a3s_code.permissions.lanes import lane_of
from a3s_code.results import ToolResult
from a3s_code.run.gate import Admitted, Gate
from a3s_code.run.progress import ProgressRelay
from a3s_code.run.redaction import shown_or_nothing
from a3s_code.run.traced import tool_span
from a3s_code.security.guard import SecurityGuard
from a3s_code.security.known_keys import PLACEHOLDER
from a3s_code.tools.arguments import checked_arguments, normalise_arguments, translated_call
from a3s_code.tools.delegate import Delegate
from a3s_code.tools.output import HeadAndTail
from a3s_code.tools.protocol import Tool, ToolContext, ToolOutput, reads_only
from a3s_code.tools.registry import ToolRegistry
from a3s_code.tools.run import run_tool
from a3s_code.tools.sandbox import Sandbox

Emit = Callable[[list[AgentEvent]], Awaitable[None]]

_LAST_WORDS_S = 0.5
_PATH_TOOLS = frozenset({"read", "write", "edit", "patch", "glob", "grep", "ls"})
_PATH_ARGUMENTS = ("file_path", "path")
_WRITING = frozenset({"write", "edit", "patch"})
_WOULD_DESTROY = (
    f"The text holds {PLACEHOLDER}, which stands for a key that is not shown: written, it would "
    "destroy the key. Change only the other lines."
)


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What a session's calls run with: tools, their surroundings, gate, hooks, time limit, queue.

    `sandbox` is what `bash` uses, for whoever ends the session.
    """

    registry: ToolRegistry
    context: ToolContext
    gate: Gate
    hooks: BoundHooks
    guard: SecurityGuard = field(default_factory=lambda: SecurityGuard(None))
    timeout_ms: int | None = None
    queue: LaneQueue | None = None
    sandbox: Sandbox | None = None

    def delegating_to(self, delegate: Delegate) -> Toolbox:
        """The same, for a run whose children `delegate` runs."""
        return replace(self, context=replace(self.context, delegate=delegate))

    def arguments(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments under their documented names, before anything judges them."""
        return normalise_arguments(name, args)

    async def direct(self, name: str, args: Mapping[str, Any]) -> ToolResult:
        """A call by hand: deny rules hold, nothing is asked, failures are results."""
        refusal = self._refused_by_its_older_name(name, args)
        name, args = translated_call(name, args)
        output = refusal or await self._run_direct(name, args)
        return _result(name, self._without_keys(output))

    def _refused_by_its_older_name(self, name: str, args: Mapping[str, Any]) -> ToolOutput | None:
        """A rule may have been written for a name that `translated_call` takes away."""
        if translated_call(name, args)[0] == name:
            return None
        return self.gate.refuse_direct(name, args)

    async def submitted(
        self, lane: str, name: str, args: Mapping[str, Any], emit: Emit
    ) -> ToolResult:
        """A call by hand in a lane of the queue."""
        refusal = self._refused_by_its_older_name(name, args)
        name, args = translated_call(name, args)
        args = self.arguments(name, args)
        context = replace(self.context, invoke=self._run_direct)
        refusal = refusal or self.gate.refuse_direct(name, args)
        output = refusal or await self._in_lane(lane, name, args, context, emit)
        return _result(name, self._without_keys(output))

    async def _run_direct(self, name: str, args: Mapping[str, Any]) -> ToolOutput:
        args = self.arguments(name, args)
        refusal = self.gate.refuse_direct(name, args)
        if refusal is not None:
            return refusal
        return await self._run(name, args, replace(self.context, invoke=self._run_direct))

    async def _run(self, name: str, args: Mapping[str, Any], context: ToolContext) -> ToolOutput:
        tool = self.registry.get(name)
        if tool is None:
            return self.unknown(name)
        if name in _WRITING and self.guard.keys.stand_in(args):
            return ToolOutput(_WOULD_DESTROY, 1)
        return await run_tool(tool, args, context, self.timeout_ms)

    def unknown(self, name: str) -> ToolOutput:
        """The answer to a call of a tool that does not exist."""
        known = ", ".join(self.registry.names())
        return ToolOutput(f"Unknown tool: {name}. Available tools: {known}", 1)

    async def _in_lane(
        self, lane: str, name: str, args: Mapping[str, Any], context: ToolContext, emit: Emit
    ) -> ToolOutput:
        """The output of a call that may have to wait, or may run elsewhere."""
        queue = self.queue
        if queue is None:
            return await self._run(name, args, context)
        if queue.is_external(lane):
            problem = self._problem(name, args)
            if problem is not None:
                return problem

        async def work() -> ToolOutput:
            return await self._run(name, args, context)

        return await run_tool_in(queue, lane, name, args, work, emit)

    def _problem(self, name: str, args: Mapping[str, Any]) -> ToolOutput | None:
        """Why a call must not leave this process: what the tool itself would check here."""
        tool = self.registry.get(name)
        if tool is None:
            return self.unknown(name)
        try:
            checked_arguments(tool.parameters, args)
            for key in _PATH_ARGUMENTS if name in _PATH_TOOLS else ():
                if isinstance(args.get(key), str):
                    self.context.workspace.resolve(args[key], tool=name)
        except ToolFailed as failure:
            return ToolOutput(failure.problem, failure.exit_code or 1)
        return None

    def model_place(self, emit: Emit) -> AbstractAsyncContextManager[None]:
        """The place that a model call takes in its lane, for as long as it lasts."""
        return nullcontext() if self.queue is None else self.queue.place("generate", emit)

    async def admit(
        self, call_id: str, name: str, args: Mapping[str, Any], emit: Emit
    ) -> Admitted | ToolOutput:
        """A call of the model that may run, otherwise the result that tells it why not."""
        admitted = await self.gate.admit(call_id, name, args, emit, self.hooks)
        if isinstance(admitted, ToolOutput):
            context = {"tool": name, "args": dict(args)}
            await self.hooks.failed("permission_denied", admitted.text, context)
        return admitted

    async def run(self, call: ToolUseBlock, args: Mapping[str, Any], emit: Emit) -> ToolOutput:
        """Run a call of the model, its output relayed while it runs."""
        return await self._told(call.name, args, self._relayed(call, args, emit))

    async def _told(
        self, name: str, args: Mapping[str, Any], running: Awaitable[ToolOutput]
    ) -> ToolOutput:
        """The output of a call as it may be shown, after the hooks have heard of it."""
        began = time.monotonic()
        output = self._redacted(await running)
        duration_ms = round((time.monotonic() - began) * 1000)
        await self.hooks.after_tool(name, args, output, duration_ms)
        if output.exit_code != 0:
            kind: ErrorType = "timeout" if output.fault == "timeout" else "tool_failure"
            context = {"tool": name, "args": dict(args), "exit_code": output.exit_code}
            await self.hooks.failed(kind, output.text, context)
        return output

    async def _relayed(self, call: ToolUseBlock, args: Mapping[str, Any], emit: Emit) -> ToolOutput:
        relay = ProgressRelay(call.id, call.name, emit, self.guard.keys.stream())
        numbers = count(1)

        async def invoke(name: str, inner: Mapping[str, Any]) -> ToolOutput:
            """A call inside this call, such as an item of `batch`: judged like one of its own."""
            inner, inner_id = self.arguments(name, inner), f"{call.id}.{next(numbers)}"
            with tool_span(inner_id, name) as ended:
                admitted = await self.admit(inner_id, name, inner, emit)
                if isinstance(admitted, ToolOutput):
                    ended(admitted.exit_code)
                    return admitted
                running = self._in_lane(lane_of(name), name, admitted.args, context, emit)
                output = await self._told(name, admitted.args, running)
                ended(output.exit_code)
                return output

        context = replace(self.context, progress=relay.add, invoke=invoke)
        try:
            output = await self._in_lane(lane_of(call.name), call.name, args, context, emit)
        finally:
            await relay.finish()
        self.guard.look_at_input(output.text, source=f"output of {call.name}")
        return output

    def _without_keys(self, output: ToolOutput) -> ToolOutput:
        keys = self.guard.keys
        text, metadata = keys.redact(output.text), keys.redact_all(output.metadata)
        return replace(output, text=text, metadata=metadata)

    def _redacted(self, output: ToolOutput) -> ToolOutput:
        output = self._without_keys(output)
        if not self.guard.redacts:
            return output
        metadata = output.metadata and {
            name: self.guard.output(value) if isinstance(value, str) else value
            for name, value in output.metadata.items()
        }
        return replace(output, text=self.guard.output(output.text), metadata=metadata)

    def runs_beside(self, call: ToolUseBlock) -> bool:
        """Whether the call may run beside its neighbours: it reads only, or the queue says so."""
        if self.queue is not None:
            return lane_of(call.name) == "query"
        tool: Tool | None = self.registry.get(call.name)
        return tool is not None and reads_only(tool, self.arguments(call.name, call.input))


def _result(name: str, output: ToolOutput) -> ToolResult:
    return ToolResult(
        name=name,
        output=output.text,
        exit_code=output.exit_code,
        metadata=output.metadata,
        images=output.images,
    )


class TurnCalls:
    """Runs the calls of one turn in the model's order; neighbours that only read run together.

    `results` holds what is finished, by call id, so that a cancelled turn keeps it; a call that is
    cut off keeps the output that was shown of it. `failed` is told the tool and the output of a
    call that failed, before its end is announced.
    """

    def __init__(
        self,
        toolbox: Toolbox,
        emit: Emit,
        failed: Callable[[str, str], Awaitable[None]] | None = None,
    ) -> None:
        self._toolbox, self._emit, self._failed = toolbox, emit, failed
        self._outputs: dict[str, HeadAndTail] = {}
        self._began: dict[str, float] = {}  # by the monotonic clock
        self.results: dict[str, ToolResultBlock] = {}

    async def run(self, calls: Sequence[ToolUseBlock]) -> list[ToolResultBlock]:
        """All results, in call order. A call that fails or is refused has an error result."""
        for together, group in groupby(calls, self._toolbox.runs_beside):
            if together:
                await self._run_together(list(group))
            else:
                for call in group:
                    await self._run_together([call])
        return [self.results[call.id] for call in calls]

    async def _run_together(self, calls: list[ToolUseBlock]) -> None:
        tasks = [asyncio.create_task(self._one(call)) for call in calls]
        told = 0
        try:
            for task in tasks:
                # Shielded: a tool that ends in order when it is cancelled must not take the
                # cancellation for itself; its result is kept.
                end = await asyncio.shield(task)
                told += 1
                await self._emit([end])
        except BaseException:
            await _stopped(tasks)
            over = [task for task in tasks[told:] if not task.cancelled() and not task.exception()]
            await self._tell([task.result() for task in over])
            raise

    async def _tell(self, ends: list[ToolEnd]) -> None:
        """What the tools had when they were stopped. A consumer that reads no more gets it queued."""
        if ends:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORDS_S):
                    await self._emit([*ends])

    async def _one(self, call: ToolUseBlock) -> ToolEnd:
        with tool_span(call.id, call.name) as ended:
            end = await self._end_of(call)
            ended(end.exit_code)
            return end

    async def _end_of(self, call: ToolUseBlock) -> ToolEnd:
        args: Mapping[str, Any] = self._toolbox.arguments(call.name, call.input)
        failed = self._failed
        try:
            args, output = await self._judged_and_run(call, args)
        except asyncio.CancelledError:
            if call.id not in self._outputs:
                raise
            output, failed = self._cut_off(call.id), None
        self.results[call.id] = result_block(call.id, output)
        if output.exit_code != 0 and failed is not None:
            await failed(call.name, output.text)
        return ToolEnd(
            tool_id=call.id,
            tool_name=call.name,
            tool_output=output.text,
            exit_code=output.exit_code,
            args=args,
            metadata=output.metadata,
            duration_ms=self._ran_ms(call.id),
            images=output.images,
        )

    def _ran_ms(self, call_id: str) -> int:
        """How long the call ran; 0 when it did not. A person's time to think is not the tool's."""
        now = time.monotonic()
        return round((now - self._began.get(call_id, now)) * 1000)

    async def _judged_and_run(
        self, call: ToolUseBlock, args: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], ToolOutput]:
        """The arguments that it ran with, or that were refused, and the output."""
        if call.parse_error is not None:
            return args, ToolOutput(f"Error: {call.parse_error}", 1)
        toolbox = self._toolbox
        if (
            toolbox.registry.get(call.name) is None
            and toolbox.gate.verdict(call.name, args) == "ask"
        ):
            return args, toolbox.unknown(call.name)  # nobody should be asked about it
        admitted = await toolbox.admit(call.id, call.name, args, self._emit)
        if isinstance(admitted, ToolOutput):
            return args, admitted
        self._began[call.id] = time.monotonic()
        return admitted.args, await toolbox.run(call, admitted.args, self._emit_and_keep)

    async def _emit_and_keep(self, events: list[AgentEvent]) -> None:
        for event in events:
            if isinstance(event, ToolOutputDelta):
                output = self._outputs.setdefault(event.tool_id, HeadAndTail())
                output.feed(event.text.encode("utf-8", "replace"))
        await self._emit(events)

    def _cut_off(self, call_id: str) -> ToolOutput:
        """The result of a call that was cancelled after some of its output had been shown."""
        shown = shown_or_nothing(self._outputs[call_id].text(), self._toolbox.guard)
        return ToolOutput(f"{CANCELLED_RESULT} Its output until then:\n{shown}", 1)


async def _stopped(tasks: Sequence[asyncio.Task[ToolEnd]]) -> None:
    """Cancel, and wait for the ends: people press Cancel more than once."""
    while True:
        for task in tasks:
            task.cancel()
        try:
            await asyncio.wait(tasks)
            return
        except asyncio.CancelledError:
            continue  # what was cancelled first is raised by the caller


def result_block(call_id: str, output: ToolOutput) -> ToolResultBlock:
    """The message block that carries a tool's output back to the model."""
    content: str | tuple[TextBlock | ImageBlock, ...] = output.text
    if output.images:
        content = (TextBlock(output.text), *map(ImageBlock.of, output.images))
    return ToolResultBlock(call_id, content, output.exit_code != 0)


def cancelled_end(tool_id: str, tool_name: str) -> ToolEnd:
    """The end of a call that a cancelled or failed execution left open."""
    return ToolEnd(tool_id=tool_id, tool_name=tool_name, tool_output=CANCELLED_RESULT, exit_code=1)
