"""The Chat Completions protocol of OpenAI and of the many servers that speak it. No I/O."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from a3s_code.llm.address import endpoint_url
from a3s_code.llm.encoding import in_utf8, object_of, quoted, to_json, tool_texts
from a3s_code.llm.history import GrowingHistory
from a3s_code.llm.model import ModelRequest, ToolDefinition
from a3s_code.llm.openai_stream import ChatDecoder
from a3s_code.messages import ImageBlock, Message, TextBlock, ToolResultBlock, ToolUseBlock

DEFAULT_BASE_URL = "https://api.openai.com"


class OpenAICodec:
    """Requests and answers of `POST /v1/chat/completions`."""

    def __init__(self, *, images: bool = True) -> None:
        """`images` says whether the model takes any."""
        # Shared by the answers, so that generated ids stay unique within a conversation.
        self._call_numbers = itertools.count(1)
        self._history = GrowingHistory(message_texts, images=images)

    def url(self, base_url: str) -> str:
        """Full address of the endpoint; "" stands for OpenAI's own server."""
        return endpoint_url(base_url or DEFAULT_BASE_URL, "/chat/completions")

    def headers(self, api_key: str | None) -> dict[str, str]:
        """The content type, and the key as bearer token if there is one."""
        headers = {"Content-Type": "application/json"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        return headers

    def encode(self, request: ModelRequest) -> bytes:
        """The JSON body of a streaming request, in UTF-8."""
        system = _text_message("system", request.system) if request.system else ""
        said = ",".join(filter(None, [system, self._history.text(request.messages)]))
        parts = {"model": to_json(request.model), "messages": f"[{said}]"}
        if request.tools:
            parts["tools"] = f"[{','.join(tool_texts(request.tools, _tool))}]"
        if request.max_tokens is not None:
            parts["max_tokens"] = to_json(request.max_tokens)
        if request.temperature is not None:
            parts["temperature"] = to_json(request.temperature)
        parts["stream"] = "true"
        parts["stream_options"] = '{"include_usage":true}'
        return in_utf8(object_of(parts))

    def decoder(self) -> ChatDecoder:
        """A fresh decoder for one response."""
        return ChatDecoder(self._call_numbers)


def _tool(tool: ToolDefinition) -> dict[str, Any]:
    return {"type": "function", "function": tool.to_dict()}


def message_texts(messages: Iterable[Message]) -> Iterator[str]:
    """JSON of the messages; images of tool results follow their turn's last."""
    images: list[ImageBlock] = []
    for message in messages:
        if not images and (text := message.only_text) is not None:
            yield _text_message(message.role, text)
        else:
            yield from map(to_json, _encoded(message, images))
    yield from map(to_json, _flushed(images))


def _text_message(role: str, text: str) -> str:
    return f'{{"role":"{role}","content":{quoted(text)}}}'


def _encoded(message: Message, images: list[ImageBlock]) -> Iterator[dict[str, Any]]:
    """The wire form of one message; `images` are those of tool results that still have no place."""
    if message.role == "assistant":
        yield from _flushed(images)
        yield _assistant(message)
        return
    rest = [block for block in message.content if not isinstance(block, ToolResultBlock)]
    for block in message.content:
        if isinstance(block, ToolResultBlock):
            yield {"role": "tool", "tool_call_id": block.tool_use_id, "content": block.text}
            images += block.images
    if rest:
        yield from _flushed(images)
        yield {"role": "user", "content": _user_content(rest)}


def _flushed(images: list[ImageBlock]) -> Iterator[dict[str, Any]]:
    """One user message with the images of the tool results before it: `tool` messages take none."""
    if images:
        yield {"role": "user", "content": [_image(image) for image in images]}
        images.clear()


def _assistant(message: Message) -> dict[str, Any]:
    # Beside tool calls the API would take null too, but some chat templates print it as "None".
    encoded: dict[str, Any] = {"role": "assistant", "content": message.text}
    if message.reasoning_content:
        encoded["reasoning_content"] = message.reasoning_content
    if message.tool_calls:
        encoded["tool_calls"] = [_tool_call(call) for call in message.tool_calls]
    return encoded


def _tool_call(call: ToolUseBlock) -> dict[str, Any]:
    function = {"name": call.name, "arguments": to_json(dict(call.input))}
    return {"id": call.id, "type": "function", "function": function}


def _user_content(blocks: Iterable[object]) -> str | list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for block in blocks:
        if isinstance(block, TextBlock):
            parts.append({"type": "text", "text": block.text})
        elif isinstance(block, ImageBlock):
            parts.append(_image(block))
    if len(parts) == 1 and parts[0]["type"] == "text":
        return str(parts[0]["text"])
    return parts


def _image(image: ImageBlock) -> dict[str, Any]:
    url = f"data:{image.media_type};base64,{image.data}"
    return {"type": "image_url", "image_url": {"url": url}}
