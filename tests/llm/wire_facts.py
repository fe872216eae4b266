"""Short cuts of the codec tests: requests to dictionaries, bodies to events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from a3s_code.events import AgentEvent
from a3s_code.llm.anthropic import AnthropicCodec
from a3s_code.llm.model import Codec, ModelReply, ModelRequest, ToolDefinition
from a3s_code.llm.openai import OpenAICodec
from a3s_code.messages import Message
from tests.scripts import Reply
from tests.wire import chunks_of

KINDS = ("openai", "anthropic")

LS = ToolDefinition(name="ls", description="List.", parameters={"type": "object"})
READ = ToolDefinition(name="read", description="Read.", parameters={"type": "object"})


def codec(kind: str) -> Codec:
    """A fresh codec of one of the two kinds."""
    return OpenAICodec() if kind == "openai" else AnthropicCodec()


def sent(kind: str, messages: Sequence[Message] = (), **settings: Any) -> dict[str, Any]:
    """The body that is sent for these messages and settings."""
    request = ModelRequest(model="m", messages=messages or [Message.user("hi")], **settings)
    body = json.loads(codec(kind).encode(request))
    assert isinstance(body, dict)
    return body


def body_of(reply: Reply, kind: str) -> bytes:
    """The body that the scripted server sends for `reply`."""
    return b"".join(chunk for chunk in chunks_of(reply, kind) if isinstance(chunk, bytes))


def received(kind: str, chunks: Iterable[bytes]) -> tuple[list[AgentEvent], ModelReply]:
    """The events and the answer that come out of these chunks of a body."""
    decoder = codec(kind).decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    events += decoder.finish()
    return events, decoder.close()


def events_of(*documents: Any) -> bytes:
    """A body of `data:` events; strings are written as they are."""
    texts = (item if isinstance(item, str) else json.dumps(item) for item in documents)
    return "".join(f"data: {text}\n\n" for text in texts).encode()


def chat(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """One chunk of a chat completion."""
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
