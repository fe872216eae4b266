"""Scripted replies in the spelling of the two protocols: parts in, chunks of the body out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.scripts import Call, Raw, Reply, StreamError, Text, Thinking, Wait

Chunk = bytes | Wait


def chunks_of(reply: Reply, kind: str) -> Iterator[Chunk]:
    """The body of `reply`, one element per event; `kind` is "openai" or "anthropic"."""
    if reply.body is not None:
        yield reply.body
    elif reply.whole:
        document = _openai_document(reply) if kind == "openai" else _anthropic_document(reply)
        yield json.dumps(document).encode()
    elif kind == "openai":
        yield from _openai(reply)
    else:
        yield from _anthropic(reply)


def _data(document: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(document, separators=(",", ":")).encode() + b"\n\n"


def _named(document: dict[str, Any]) -> bytes:
    return b"event: " + str(document["type"]).encode() + b"\n" + _data(document)


# -- OpenAI ----------------------------------------------------------------------------------------


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _data(
        {
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": 1700000000,
            "model": "m",
            "choices": [choice],
        }
    )


def _openai(reply: Reply) -> Iterator[Chunk]:
    if not reply.without_end:
        yield _chunk({"role": "assistant", "content": ""})
    index = 0
    for part in _endless(reply):
        match part:
            case Text(text):
                yield _chunk({"content": text})
            case Thinking(text):
                yield _chunk({"reasoning_content": text})
            case Call(name, id_, pieces):
                function = {"name": name, "arguments": ""}
                call = {"index": index, "id": id_, "type": "function", "function": function}
                yield _chunk({"tool_calls": [call]})
                for piece in pieces:
                    delta = {"index": index, "function": {"arguments": piece}}
                    yield _chunk({"tool_calls": [delta]})
                index += 1
            case StreamError(message, type_):
                yield _data({"error": {"message": message, "type": type_}})
                return
            case Raw(data):
                yield data
            case Wait():
                yield part
    if not reply.without_end:
        yield _chunk({}, reply.stop_reason or ("tool_calls" if index else "stop"))
        yield _data({"object": "chat.completion.chunk", "choices": [], "usage": _usage(reply)})
        yield b"data: [DONE]\n\n"


def _usage(reply: Reply) -> dict[str, Any]:
    prompt, completion = reply.usage
    usage: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if reply.cached_tokens is not None:
        usage["prompt_tokens_details"] = {"cached_tokens": reply.cached_tokens}
    return usage


def _openai_document(reply: Reply) -> dict[str, Any]:
    found = [part for part in reply.parts if isinstance(part, Call)]
    message: dict[str, Any] = {"role": "assistant", "content": _text(reply) or None}
    if thinking := _thinking(reply):
        message["reasoning_content"] = thinking
    if found:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": "".join(call.pieces)},
            }
            for call in found
        ]
    reason = reply.stop_reason or ("tool_calls" if found else "stop")
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {"object": "chat.completion", "choices": [choice], "usage": _usage(reply)}


# -- Anthropic -------------------------------------------------------------------------------------


def _anthropic(reply: Reply) -> Iterator[Chunk]:
    if not reply.without_end or not any(isinstance(part, Raw) for part in reply.parts):
        usage = {**_anthropic_usage(reply), "output_tokens": 1}
        message = {"id": "msg_scripted", "role": "assistant", "content": [], "usage": usage}
        yield _named({"type": "message_start", "message": message})
        yield _named({"type": "ping"})
    index, kind = -1, None
    for part in _endless(reply):
        if type(part) is not kind or isinstance(part, Call):
            if kind in (Text, Thinking, Call) and not isinstance(part, Wait):
                yield from _block_end(index, kind)
            if isinstance(part, Text | Thinking | Call):
                index += 1
                kind = type(part)
                yield _block_start(index, part)
        match part:
            case Text(text):
                yield _delta(index, {"type": "text_delta", "text": text})
            case Thinking(text):
                yield _delta(index, {"type": "thinking_delta", "thinking": text})
            case Call(_, _, pieces):
                for piece in pieces:
                    yield _delta(index, {"type": "input_json_delta", "partial_json": piece})
            case StreamError(message_, type_):
                yield _named({"type": "error", "error": {"type": type_, "message": message_}})
                return
            case Raw(data):
                yield data
            case Wait():
                yield part
    if kind is not None:
        yield from _block_end(index, kind)
    if not reply.without_end:
        called = any(isinstance(part, Call) for part in reply.parts)
        reason = reply.stop_reason or ("tool_use" if called else "end_turn")
        usage = {"output_tokens": reply.usage[1]}
        delta = {"stop_reason": reason, "stop_sequence": None}
        yield _named({"type": "message_delta", "delta": delta, "usage": usage})
        yield _named({"type": "message_stop"})


def _block_start(index: int, part: Text | Thinking | Call) -> bytes:
    block: dict[str, Any]
    match part:
        case Text():
            block = {"type": "text", "text": ""}
        case Thinking():
            block = {"type": "thinking", "thinking": "", "signature": ""}
        case Call(name, id_, _):
            block = {"type": "tool_use", "id": id_, "name": name, "input": {}}
    return _named({"type": "content_block_start", "index": index, "content_block": block})


def _block_end(index: int, kind: type) -> Iterator[bytes]:
    if kind is Thinking:
        yield _delta(index, {"type": "signature_delta", "signature": "scripted-signature"})
    yield _named({"type": "content_block_stop", "index": index})


def _delta(index: int, delta: dict[str, Any]) -> bytes:
    return _named({"type": "content_block_delta", "index": index, "delta": delta})


def _anthropic_usage(reply: Reply) -> dict[str, Any]:
    usage: dict[str, Any] = {"input_tokens": reply.usage[0], "output_tokens": reply.usage[1]}
    if reply.cached_tokens is not None:
        usage["cache_read_input_tokens"] = reply.cached_tokens
    if reply.cache_write_tokens is not None:
        usage["cache_creation_input_tokens"] = reply.cache_write_tokens
    return usage


def _anthropic_document(reply: Reply) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    if thinking := _thinking(reply):
        content.append(
            {"type": "thinking", "thinking": thinking, "signature": "scripted-signature"}
        )
    if text := _text(reply):
        content.append({"type": "text", "text": text})
    for part in reply.parts:
        if isinstance(part, Call):
            arguments = json.loads("".join(part.pieces) or "{}")
            content.append(
                {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}
            )
    called = any(isinstance(part, Call) for part in reply.parts)
    reason = reply.stop_reason or ("tool_use" if called else "end_turn")
    return {
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": reason,
        "usage": _anthropic_usage(reply),
    }


# -- both ------------------------------------------------------------------------------------------


def _endless(reply: Reply) -> Iterator[Any]:
    yield from reply.parts
    while reply.is_endless:
        yield from reply.parts


def _text(reply: Reply) -> str:
    return "".join(part.text for part in reply.parts if isinstance(part, Text))


def _thinking(reply: Reply) -> str:
    return "".join(part.text for part in reply.parts if isinstance(part, Thinking))
