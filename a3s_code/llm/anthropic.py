"""The Messages protocol of Anthropic. No I/O."""

from __future__ import annotations

from typing import Any

from a3s_code.llm.address import endpoint_url
from a3s_code.llm.anthropic_stream import MessagesDecoder
from a3s_code.llm.model import ModelRequest
from a3s_code.llm.openai import to_json
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

_CACHED = {"cache_control": {"type": "ephemeral"}}


class AnthropicCodec:
    """Requests and answers of `POST /v1/messages`."""

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
        body: dict[str, Any] = {"model": request.model, "max_tokens": _max_tokens(request)}
        if request.system:
            body["system"] = [{"type": "text", "text": request.system, **_CACHED}]
        body["messages"] = _messages(request)
        if request.tools:
            tools = [
                {"name": t.name, "description": t.description, "input_schema": dict(t.parameters)}
                for t in request.tools
            ]
            body["tools"] = [*tools[:-1], {**tools[-1], **_CACHED}]
        if request.thinking_budget:
            body["thinking"] = {"type": "enabled", "budget_tokens": request.thinking_budget}
            body["temperature"] = 1.0  # the only value that the API accepts beside thinking
        elif request.temperature is not None:
            body["temperature"] = request.temperature
        body["stream"] = True
        return to_json(body).encode("utf-8", "replace")  # half a surrogate pair has no UTF-8 form

    def decoder(self) -> MessagesDecoder:
        """A fresh decoder for one response."""
        return MessagesDecoder()


def _max_tokens(request: ModelRequest) -> int:
    """The limit of the answer. The API counts thinking into it and demands room for more."""
    limit = request.max_tokens or DEFAULT_MAX_TOKENS
    budget = request.thinking_budget or 0
    return limit if limit > budget else budget + limit


def _messages(request: ModelRequest) -> list[dict[str, Any]]:
    """Messages with alternating roles: the API wants all results of a turn in one message."""
    merged: list[dict[str, Any]] = []
    for message in request.messages:
        content = _content(message)
        if not content:
            continue
        if merged and merged[-1]["role"] == message.role:
            merged[-1]["content"] += content
        else:
            merged.append({"role": message.role, "content": content})
    for entry in merged:  # within a message the results must stand before anything else
        if len(entry["content"]) > 1:
            entry["content"].sort(key=lambda block: block["type"] != "tool_result")
    return merged


def _content(message: Message) -> list[dict[str, Any]]:
    return [encoded for block in message.content if (encoded := _block(block)) is not None]


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
