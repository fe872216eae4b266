"""A model server for load: as fast as a socket takes it, in a process of its own.

    python benchmarks/model_server.py --deltas=100000 --packing=packed

Prints its base URL. Speaks Chat Completions and Messages, told apart by the path. The answer is
encoded once, before the first request, so that a request costs the server little more than `send`.
`GET /last` gives the body of the last request. With `--calls` a request that ends in a user's message
is answered with these tool calls (Chat Completions only).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

_CHUNK = 64 * 1024
_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
    b"connection: keep-alive\r\n\r\n"
)


def delta_text(number: int, size: int) -> str:
    """The text of a delta: no two neighbours begin alike, since some peers merge those that do."""
    return f"{chr(97 + number % 26)}{number % 10 ** (size - 2):0{size - 2}d} "


def event(data: dict[str, Any], name: str | None = None) -> bytes:
    """One server-sent event."""
    text = json.dumps(data, separators=(",", ":"))
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


# -- Chat Completions ------------------------------------------------------------------------------


def _completion(delta: dict[str, Any], finish: str | None = None, **more: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return event(
        {
            "id": "chatcmpl-benchmark00000000000000",
            "object": "chat.completion.chunk",
            "created": 1700000000,
            "model": "m",
            "system_fingerprint": "fp_0000000000",
            "choices": [choice],
            **more,
        }
    )


def openai_begin() -> bytes:
    return _completion({"role": "assistant", "content": ""})


def openai_delta(text: str) -> bytes:
    return _completion({"content": text})


def openai_padded_delta(text: str) -> bytes:
    """As OpenAI's own servers write it: padding of another length each time hides the text's."""
    padding = hashlib.sha256(text.encode()).hexdigest()
    length = 4 + int(padding[0], 16)
    return _completion({"content": text}, usage=None, obfuscation=padding[:length])


def openai_end(finish: str = "stop") -> bytes:
    usage = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
    last = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": []}
    return _completion({}, finish) + event({**last, "usage": usage}) + b"data: [DONE]\n\n"


def openai_calls(calls: list[dict[str, Any]]) -> bytes:
    pieces = [
        {
            "index": index,
            "id": f"call_{index}",
            "type": "function",
            "function": {"name": call["name"], "arguments": json.dumps(call["input"])},
        }
        for index, call in enumerate(calls)
    ]
    return _completion({"tool_calls": pieces}) + openai_end("tool_calls")


# -- Messages --------------------------------------------------------------------------------------


def _named(data: dict[str, Any]) -> bytes:
    return event(data, data["type"])


def anthropic_begin() -> bytes:
    usage = {"input_tokens": 10, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    start = {**message, "stop_reason": None, "stop_sequence": None, "usage": usage}
    block = {"type": "text", "text": ""}
    return _named({"type": "message_start", "message": start}) + _named(
        {"type": "content_block_start", "index": 0, "content_block": block}
    )


def anthropic_delta(text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return _named({"type": "content_block_delta", "index": 0, "delta": delta})


def anthropic_end(reason: str = "end_turn") -> bytes:
    delta = {"stop_reason": reason, "stop_sequence": None}
    return (
        _named({"type": "content_block_stop", "index": 0})
        + _named({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 20}})
        + _named({"type": "message_stop"})
    )


# -- the answer ------------------------------------------------------------------------------------


class Answer:
    """The events of one protocol, and the encoded body with all deltas."""

    def __init__(self, options: argparse.Namespace, openai: bool) -> None:
        self.begin = openai_begin() if openai else anthropic_begin()
        of_openai = openai_padded_delta if options.padding else openai_delta
        self.delta = of_openai if openai else anthropic_delta
        self.end = openai_end() if openai else anthropic_end()
        deltas = (self.delta(delta_text(number, options.size)) for number in range(options.deltas))
        events = [self.begin, *deltas, self.end]
        chunks = _packed(events) if options.packing == "packed" else map(_chunk, events)
        self.body = b"".join(chunks) + b"0\r\n\r\n"


def _packed(events: list[bytes]) -> Iterator[bytes]:
    whole = b"".join(events)
    for at in range(0, len(whole), _CHUNK):
        yield _chunk(whole[at : at + _CHUNK])


class Server:
    """Answers every request of both protocols as the options say."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._calls = json.loads(options.calls) if options.calls else []
        self._answers = {openai: Answer(options, openai) for openai in (True, False)}
        self._last = b"{}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_content_length(head))
                if head.startswith(b"GET"):
                    writer.write(
                        b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b"
                        % (len(self._last), self._last)
                    )
                else:
                    self._last = body
                    await self._answer(head.split(b" ", 2)[1], body, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, path: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        openai = b"/messages" not in path
        answer = self._answers[openai]
        writer.write(_HEAD)
        if openai and self._calls and json.loads(body)["messages"][-1]["role"] == "user":
            writer.write(_chunk(openai_calls(self._calls)) + b"0\r\n\r\n")
        elif self._options.pace_ms:
            await self._paced(answer, writer)
        else:
            view = memoryview(answer.body)
            for at in range(0, len(view), 4 * _CHUNK):
                writer.write(view[at : at + 4 * _CHUNK])
                await writer.drain()

    async def _paced(self, answer: Answer, writer: asyncio.StreamWriter) -> None:
        """Deltas at intervals; each one's text is the monotonic clock's nanoseconds at its sending."""
        writer.write(_chunk(answer.begin))
        for _ in range(self._options.deltas):
            await asyncio.sleep(self._options.pace_ms / 1000)
            writer.write(_chunk(answer.delta(f"{time.monotonic_ns()} ")))
            await writer.drain()
        writer.write(_chunk(answer.end) + b"0\r\n\r\n")


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def _main(options: argparse.Namespace) -> None:
    handle = partial(Server(options).serve)
    server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=64 * 1024, backlog=512)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A model server for load.")
    parser.add_argument("--deltas", type=int, default=1, help="deltas of an answer")
    parser.add_argument("--size", type=int, default=8, help="characters of a delta, at least 4")
    parser.add_argument("--packing", choices=("packed", "single"), default="packed")
    parser.add_argument("--padding", type=int, default=0, help="1: pad Chat Completions' deltas")
    parser.add_argument("--pace-ms", type=float, default=0, help="pause before each delta")
    parser.add_argument("--calls", default="", help="tool calls in JSON: a list of name and input")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_main(_options()))
