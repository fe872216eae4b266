"""The Messages protocol of Anthropic. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from a3s_code.llm.address import endpoint_url
from a3s_code.llm.anthropic_stream import MessagesDecoder
from a3s_code.llm.encoding import in_utf8, object_of, quoted, to_json, tool_texts
from a3s_code.llm.history import GrowingHistory
from a3s_code.llm.model import ModelRequest, ToolDefinition
from a3s_code.messages import (
    Block,
    ImageBlock,
    Message,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)

DEFAULT_BASE_URL = "https://api.anthropic.com"
DEFAULT_MAX_TOKENS = 8192

_RESULT = '{"type":"tool_result"'
_CACHED = {"cache_control": {"type": "ephemeral"}}


class AnthropicCodec:
    """Requests and answers of `POST /v1/messages`."""

    def __init__(self, *, images: bool = True) -> None:
        """`images` says whether the model takes any."""
        self._history = GrowingHistory(message_texts, images=images)

    def url(self, base_url: str) -> str:
        """Full address of the endpoint; "" stands for Anthropic's own server."""
        return endpoint_url(base_url or DEFAULT_BASE_URL, "/messages")

    def headers(self, api_key: str | None) -> dict[str, str]:
        """Content type and versions of the protocol, and the key if there is one."""
        headers = {
            "Content-Type": "application/json",
            "anthropic-version": "2023-06-01",
            "anthropic-beta": "prompt-caching-2024-07-31",
        }
        if api_key:
            headers["x-api-key"] = api_key
        return headers

    def encode(self, request: ModelRequest) -> bytes:
        """The JSON body of a streaming request, in UTF-8."""
        parts = {"model": to_json(request.model), "max_tokens": to_json(_max_tokens(request))}
        if request.system:
            parts["system"] = to_json([{"type": "text", "text": request.system, **_CACHED}])
        parts["messages"] = f"[{self._history.text(request.messages)}]"
        if request.tools:
            *others, last = request.tools
            tools = [*tool_texts(others, _tool), *tool_texts([last], _last_tool)]
            parts["tools"] = f"[{','.join(tools)}]"
        if request.thinking_budget:
            parts["thinking"] = to_json(
                {"type": "enabled", "budget_tokens": request.thinking_budget}
            )
            parts["temperature"] = "1.0"  # the only value that the API accepts beside thinking
        elif request.temperature is not None:
            parts["temperature"] = to_json(request.temperature)
        parts["stream"] = "true"
        return in_utf8(object_of(parts))

    def decoder(self) -> MessagesDecoder:
        """A fresh decoder for one response."""
        return MessagesDecoder()


def _tool(tool: ToolDefinition) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": dict(tool.parameters),
    }


def _last_tool(tool: ToolDefinition) -> dict[str, Any]:
    """Everything up to here is cached by the server."""
    return {**_tool(tool), **_CACHED}


def _max_tokens(request: ModelRequest) -> int:
    """The limit of the answer. The API counts thinking into it and demands room for more."""
    limit = request.max_tokens or DEFAULT_MAX_TOKENS
    budget = request.thinking_budget or 0
    return limit if limit > budget else budget + limit


def message_texts(messages: Iterable[Message]) -> Iterator[str]:
    """JSON of messages with alternating roles: all results of a turn belong into one message."""
    role, content = "", list[str]()
    for message in messages:
        if blocks := _content(message):
            if content and message.role != role:
                yield _message(role, content)
                content = []
            role = message.role
            content += blocks
    if content:
        yield _message(role, content)


def _message(role: str, content: list[str]) -> str:
    if len(content) > 1:  # the results must stand before anything else
        content.sort(key=lambda block: not block.startswith(_RESULT))
    return f'{{"role":"{role}","content":[{",".join(content)}]}}'


def _content(message: Message) -> list[str]:
    """JSON of the blocks that the API accepts."""
    texts: list[str] = []
    for block in message.content:
        if type(block) is not TextBlock:
            encoded = _block(block)
            texts += [] if encoded is None else [to_json(encoded)]
        elif block.text.strip():
            texts.append(f'{{"type":"text","text":{quoted(block.text)}}}')
    return texts


def _block(block: Block) -> dict[str, Any] | None:
    """The wire form; None for blocks that the API refuses: blank text and unsigned thinking."""
    match block:
        case TextBlock(text=text):
            return {"type": "text", "text": text} if text.strip() else None
        case ImageBlock(media_type=media_type, data=data):
            source = {"type": "base64", "media_type": media_type, "data": data}
            return {"type": "image", "source": source}
        case ThinkingBlock(text=text, signature=signature, redacted=redacted):
            if redacted:
                return {"type": "redacted_thinking", "data": redacted}
            if not signature:
                return None
            return {"type": "thinking", "thinking": text, "signature": signature}
        case ToolUseBlock(id=id_, name=name, input=arguments):
            return {"type": "tool_use", "id": id_, "name": name, "input": dict(arguments)}
        case ToolResultBlock():
            return _tool_result(block)


def _tool_result(result: ToolResultBlock) -> dict[str, Any]:
    content: str | list[dict[str, Any]] = result.text
    if result.images:
        parts: tuple[Block, ...] = (TextBlock(result.text), *result.images)
        content = [part for part in map(_block, parts) if part is not None]
    encoded = {"type": "tool_result", "tool_use_id": result.tool_use_id, "content": content}
    return {**encoded, "is_error": True} if result.is_error else encoded
