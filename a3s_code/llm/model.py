"""What is asked of a model and what it answers, without any provider's spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from a3s_code.events import AgentEvent
from a3s_code.messages import Message
from a3s_code.results import TokenUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDefinition:
    """A tool as the model sees it; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The documented form of `Session.tool_definitions()`."""
        return {
            "name": self.name,
            "description": self.description,
            "parameters": dict(self.parameters),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One model call. None leaves a parameter out of the request.

    `thinking_budget` is in tokens, `temperature` from 0.0 to 1.0; `system` "" sends none.
    """

    model: str
    messages: Sequence[Message]
    system: str = ""
    tools: Sequence[ToolDefinition] = ()
    max_tokens: int | None = None
    temperature: float | None = None
    thinking_budget: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """A complete answer. `stop_reason` is the provider's own word (`stop`, `end_turn`, `length`...)."""

    message: Message
    stop_reason: str
    usage: TokenUsage = field(default_factory=TokenUsage)


class StreamDecoder(Protocol):
    """Bytes of a response body in, events out. A chunk may end anywhere, even inside a character."""

    def feed(self, chunk: bytes) -> list[AgentEvent]:
        """Events of this chunk: text, reasoning, tool starts and tool input, in the model's order.

        Raises `ModelRefused` on an error object inside the stream, `StreamInterrupted` on garbage.
        """
        ...

    @property
    def done(self) -> bool:
        """Whether the protocol's own end mark has come; nothing of interest can follow it."""
        ...

    def finish(self) -> list[AgentEvent]:
        """The body has ended: the events that only its end completes. Call it before `close`."""
        ...

    def close(self) -> ModelReply:
        """The whole answer, at the end of the body. Raises `StreamInterrupted` when it is cut off."""
        ...

    def partial(self) -> Message:
        """What has arrived so far: text and thinking, no tool call that is not complete."""
        ...


class Codec(Protocol):
    """One provider's protocol: a request to bytes, and a decoder for the bytes that come back."""

    def url(self, base_url: str) -> str:
        """Full address of the endpoint below a configured base URL."""
        ...

    def headers(self, api_key: str | None) -> dict[str, str]:
        """Headers of the protocol, with the credentials when there are any."""
        ...

    def encode(self, request: ModelRequest) -> bytes:
        """The JSON body of a streaming request."""
        ...

    def decoder(self) -> StreamDecoder:
        """A fresh decoder for one response."""
        ...
