"""The body of a successful answer: an event stream, or what servers send in its place."""

from __future__ import annotations

import re
from typing import Any

from a3s_code.errors import StreamInterrupted
from a3s_code.llm.sse import ServerSentEvent, SSEDecoder, parse_block

_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
_TITLE = re.compile(rb"<title[^>]*>\s*([^<]{1,200}?)\s*</title", re.IGNORECASE)
_MAX_BYTES = 64 * 1024 * 1024


class AnswerBody:
    """Recognises a body by its first character, so that no header has to be trusted.

    `{` begins one JSON document (the server ignored `stream: true`), which comes out as a single
    event at the end of the body; `<` begins a web page, which is no answer; everything else is
    read as server-sent events.
    """

    def __init__(self) -> None:
        self._kind = ""  # "sse", "json" or "html" as soon as a character told it
        self._sse = SSEDecoder()
        self._held: list[bytes] = []
        self._held_bytes = 0

    def feed(self, chunk: bytes) -> bytes:
        """The blocks that `chunk` completes, as `SSEDecoder.whole` gives them.

        Raises `StreamInterrupted` on an event without end.
        """
        if not self._kind:
            self._kind = self._recognise(chunk)
        if self._kind in ("sse", ""):
            try:
                return self._sse.whole(chunk)
            except ValueError as error:
                raise StreamInterrupted(str(error)) from error
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes > _MAX_BYTES:
            raise StreamInterrupted(f"the answer is a document of more than {_MAX_BYTES} bytes")
        return b""

    def close(self) -> bytes:
        """The block that the end of the body completes. Raises `StreamInterrupted` on a web page."""
        if self._kind == "html":
            title = _TITLE.search(b"".join(self._held))
            named = f" titled {title[1].decode('utf-8', 'replace')!r}" if title else ""
            raise StreamInterrupted(
                f"the server sent a web page{named} instead of an answer; "
                "check the base_url of the provider"
            )
        if self._kind == "json":
            document = b"".join(self._held)
            self._held, self._held_bytes = [], 0
            return document
        return self._sse.last_block()

    def event(self, block: bytes) -> ServerSentEvent | None:
        """What a block means; None when it carries no data."""
        return ServerSentEvent(block) if self.is_document else parse_block(block)

    @property
    def is_document(self) -> bool:
        """Whether the body is one JSON document instead of a stream."""
        return self._kind == "json"

    def _recognise(self, chunk: bytes) -> str:
        first = _NOT_BLANK.search(chunk)
        if first is None:
            return ""
        return {b"{": "json", b"<": "html"}.get(first[0], "sse")


def as_text(value: Any) -> str:
    """`value` if it is a string, else ""; a server may send null wherever a string belongs."""
    return value if isinstance(value, str) else ""


def as_count(value: Any) -> int | None:
    """`value` if it is a number of tokens, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return max(0, int(value)) if abs(value) < 1e15 else None
