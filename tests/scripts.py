"""What a scripted model answers: builders for turns and faults, independent of the protocol.

says("Hello there.")                              text, one delta per word
says("ha", "ha", "ha")                            one delta per argument when there are several
says("a long text", size=3)                       deltas of 3 characters
calls("read", id="c1", file_path="a.txt")         a tool call
turn(says("Let me look."), calls("ls"), calls("pwd"))   text and several calls in one turn
says("one ", wait(), "two")                       pauses until the test calls `server.release()`
says("...").cut_after(200)                        faults of delivery are methods
status(429, retry_after=1)                        faults of the server are functions
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import Any

_ids = itertools.count(1)


@dataclass(frozen=True)
class Text:
    """A delta of the answer."""

    text: str


@dataclass(frozen=True)
class Thinking:
    """A delta of reasoning."""

    text: str


@dataclass(frozen=True)
class Call:
    """A tool call; `arguments` is the JSON text as the model wrote it, split into `pieces`."""

    name: str
    id: str
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Wait:
    """The server holds back everything behind this until the test releases it."""


@dataclass(frozen=True)
class StreamError:
    """An error object inside the stream."""

    message: str
    type: str = "server_error"


@dataclass(frozen=True)
class Raw:
    """Bytes written as they are."""

    data: bytes


Part = Text | Thinking | Call | Wait | StreamError | Raw


@dataclass(frozen=True)
class Reply:
    """One scripted answer. The methods return a copy that is delivered in another way."""

    parts: tuple[Part, ...] = ()
    usage: tuple[int, int] = (10, 5)
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    stop_reason: str | None = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str = "text/event-stream"
    cut: int | None = None
    clean_end: bool = False
    chunking: str = "events"
    gzipped: bool = False
    waits_first: bool = False
    is_endless: bool = False
    without_end: bool = False
    delay_s: float = 0.0
    whole: bool = False
    lingers: bool = False

    def cut_after(self, n_bytes: int, *, clean: bool = False) -> Reply:
        """End the body after `n_bytes` of it: by closing the connection, or (`clean`) in good form."""
        return replace(self, cut=n_bytes, clean_end=clean)

    def one_byte_chunks(self) -> Reply:
        """One HTTP chunk per byte."""
        return replace(self, chunking="bytes")

    def packed(self) -> Reply:
        """The whole body in one HTTP chunk."""
        return replace(self, chunking="packed")

    def gzip(self) -> Reply:
        """Compressed, whatever the client asked for."""
        return replace(self, gzipped=True)

    def slow_first_byte(self) -> Reply:
        """Nothing at all, not even the status line, until the test calls `server.release()`."""
        return replace(self, waits_first=True)

    def endless(self) -> Reply:
        """The text repeated until the client goes away."""
        return replace(self, is_endless=True)

    def unfinished(self) -> Reply:
        """A well-formed body without finish reason and end mark."""
        return replace(self, without_end=True)

    def lingering(self) -> Reply:
        """The answer is complete, but the body does not end before `server.release()`."""
        return replace(self, lingers=True)

    def paced(self, delay_s: float) -> Reply:
        """Pause before each event; for demonstrations, not for tests."""
        return replace(self, delay_s=delay_s)

    def not_streamed(self) -> Reply:
        """One JSON document, as from a server that ignores `stream: true`."""
        return replace(self, whole=True)

    def using(
        self,
        prompt: int,
        completion: int,
        *,
        cached: int | None = None,
        cache_write: int | None = None,
    ) -> Reply:
        """Report these token figures."""
        return replace(
            self, usage=(prompt, completion), cached_tokens=cached, cache_write_tokens=cache_write
        )

    def stopping(self, reason: str) -> Reply:
        """Report this stop reason instead of the usual one."""
        return replace(self, stop_reason=reason)


def wait() -> Wait:
    """A gate: what follows is sent after `server.release()`."""
    return Wait()


def says(*texts: str | Wait, size: int | None = None, thinking: str = "") -> Reply:
    """A text answer. A single text is cut into words, or into deltas of `size` characters."""
    parts: list[Part] = [Thinking(word) for word in _words(thinking)]
    for text in texts:
        if isinstance(text, Wait):
            parts.append(text)
        elif size is not None:
            parts += [Text(text[at : at + size]) for at in range(0, len(text), size)]
        elif len(texts) == 1:
            parts += [Text(word) for word in _words(text)]
        else:
            parts.append(Text(text))
    return Reply(tuple(parts))


def calls(tool: str, /, id: str | None = None, **arguments: Any) -> Reply:
    """A tool call with these arguments; its id is `auto<n>` unless given."""
    import json

    text = json.dumps(arguments) if arguments else ""
    return calls_raw(tool, text, id=id)


def calls_raw(tool: str, text: str, *, id: str | None = None) -> Reply:
    """A tool call with this argument text, which need not be JSON."""
    middle = len(text) // 2
    pieces = tuple(piece for piece in (text[:middle], text[middle:]) if piece)
    return Reply((Call(tool, id or f"auto{next(_ids)}", pieces),))


def turn(*replies: Reply) -> Reply:
    """Several answers as one turn, in this order; figures and faults are those of the last one."""
    parts = tuple(part for reply in replies for part in reply.parts)
    return replace(replies[-1], parts=parts)


def status(
    code: int,
    *,
    retry_after: float | str | None = None,
    body: str | bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """An HTTP error; the body is an error document unless given."""
    extra = dict(headers or {})
    if retry_after is not None:
        extra["Retry-After"] = str(retry_after)
    if body is None:
        body = f'{{"error": {{"message": "scripted status {code}", "type": "scripted"}}}}'
    data = body if isinstance(body, bytes) else body.encode()
    return Reply(
        status=code, headers=tuple(extra.items()), body=data, content_type="application/json"
    )


def error_in_stream(
    message: str = "scripted error", *, after: str = "", type: str = "server_error"
) -> Reply:
    """A successful status, then `after` as text, then an error object inside the stream."""
    parts: tuple[Part, ...] = says(after).parts if after else ()
    return Reply((*parts, StreamError(message, type)))


def garbage(data: bytes = b'data: {"choices": [oops\n\n') -> Reply:
    """A body that is no answer."""
    return Reply(body=data)


def html(
    text: str = "<!doctype html><html><title>Sign in</title><body>Portal</body></html>",
) -> Reply:
    """A web page with status 200, as from a captive portal or a wrong address."""
    return Reply(body=text.encode(), content_type="text/html")


def raw_events(*events: str) -> Reply:
    """Hand-written event stream: each argument is sent as one chunk, as it is."""
    return Reply(tuple(Raw(event.encode()) for event in events), without_end=True)


def _words(text: str) -> list[str]:
    """`text` cut behind each run of white space; joined, the words are the text again."""
    return re.findall(r"\s*\S+\s*|\s+", text)
