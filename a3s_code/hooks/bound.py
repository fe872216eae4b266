"""A session's hooks in the hands of one run: of the session itself, or of a child."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from a3s_code.hooks import payloads
from a3s_code.hooks.executor import HookExecutor, HookVerdict
from a3s_code.messages import Message, TextBlock
from a3s_code.results import TokenUsage
from a3s_code.tools.protocol import ToolOutput

ErrorType = Literal["tool_failure", "llm_failure", "permission_denied", "timeout", "other"]

_RECENT_TOOLS = 10


@dataclass(frozen=True, slots=True)
class BoundHooks:
    """Fires the events of one run; `recent` are the last tools it ran, the newest last."""

    engine: HookExecutor
    session_id: str
    workspace: Path
    recent: list[str] = field(default_factory=list)  # a deque takes 700 bytes empty

    def of_child(self, session_id: str, workspace: Path) -> BoundHooks:
        """The same hooks, for a child."""
        return BoundHooks(self.engine.of_child(), session_id, workspace)

    async def before_tool(self, tool: str, args: Mapping[str, Any]) -> HookVerdict:
        """Whether the call may run, and how."""
        payload = payloads.pre_tool_use(
            session_id=self.session_id,
            tool=tool,
            args=args,
            working_directory=str(self.workspace),
            recent_tools=self.recent,
        )
        return await self.engine.fire("pre_tool_use", payload, workspace=self.workspace)

    async def after_tool(
        self, tool: str, args: Mapping[str, Any], output: ToolOutput, duration_ms: int
    ) -> None:
        """A call has run, successfully or not."""
        self.recent.append(tool)
        del self.recent[:-_RECENT_TOOLS]
        payload = payloads.post_tool_use(
            session_id=self.session_id,
            tool=tool,
            args=args,
            output=output.text,
            exit_code=output.exit_code,
            duration_ms=duration_ms,
        )
        await self.engine.fire("post_tool_use", payload, workspace=self.workspace)

    async def before_model(
        self, messages: Sequence[Message], system: str, model: str, tools: Sequence[str]
    ) -> None:
        """The model is about to be asked."""
        payload = payloads.generate_start(
            session_id=self.session_id,
            prompt=_prompt_of(messages),
            system_prompt=system,
            model=model,
            available_tools=tools,
        )
        await self.engine.fire("generate_start", payload)

    async def after_model(
        self, messages: Sequence[Message], reply: Message, usage: TokenUsage, duration_ms: int
    ) -> None:
        """The model has answered."""
        payload = payloads.generate_end(
            session_id=self.session_id,
            prompt=_prompt_of(messages),
            response_text=reply.text,
            tool_calls=reply.tool_calls,
            usage=usage,
            duration_ms=duration_ms,
        )
        await self.engine.fire("generate_end", payload)

    async def before_prompt(self, prompt: str, system: str, message_count: int) -> str | None:
        """Why the prompt must not be worked on, None when it may."""
        payload = payloads.pre_prompt(
            session_id=self.session_id,
            prompt=prompt,
            system_prompt=system,
            message_count=message_count,
        )
        return (await self.engine.fire("pre_prompt", payload)).reason

    async def after_response(
        self, text: str, tool_calls: int, usage: TokenUsage, duration_ms: int
    ) -> None:
        """The final answer is there."""
        payload = payloads.post_response(
            session_id=self.session_id,
            response_text=text,
            tool_calls_count=tool_calls,
            usage=usage,
            duration_ms=duration_ms,
        )
        await self.engine.fire("post_response", payload)

    async def failed(self, error_type: ErrorType, message: str, context: Mapping[str, Any]) -> None:
        """Something went wrong."""
        payload = payloads.on_error(
            session_id=self.session_id,
            error_type=error_type,
            error_message=message,
            context=context,
        )
        await self.engine.fire("on_error", payload)


def _prompt_of(messages: Sequence[Message]) -> str:
    """The text that the model is to answer: the last one that is no tool's result."""
    for message in reversed(messages):
        if message.role == "user" and any(isinstance(b, TextBlock) for b in message.content):
            return message.text
    return ""
