"""What the decoders of both protocols have in common."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from a3s_code.errors import ModelError, StreamInterrupted
from a3s_code.events import AgentEvent, TextDelta
from a3s_code.llm.body import AnswerBody
from a3s_code.llm.frame import BLOCK_END, TextFrame
from a3s_code.llm.model import ModelReply
from a3s_code.llm.sse import ServerSentEvent
from a3s_code.messages import Message
from a3s_code.results import TokenUsage

_SHOWN_BYTES = 120


class AnswerDecoder(ABC):
    """One answer. Deltas come out exactly as they came in: never merged, never compared.

    What stood before an error in the same chunk is delivered first; the error follows with the next
    call. So the events do not depend on how the body was cut into chunks.
    """

    def __init__(self, text_path: tuple[str | int, ...], meaningful: frozenset[str]) -> None:
        """`text_path` leads to a delta's text; `meaningful` are the document's keys that are read."""
        self._body = AnswerBody()
        self._frame = TextFrame(text_path, meaningful)
        self._failure: ModelError | None = None
        self._block = b""
        self._ended = False
        self._stop_reason = ""

    @property
    def done(self) -> bool:
        """Whether the protocol's end mark has come, or an error that the next call raises."""
        return self._ended or self._failure is not None

    def feed(self, chunk: bytes) -> list[AgentEvent]:
        """Events of this chunk. Raises `ModelRefused` or `StreamInterrupted`, with the text so far."""
        self._raise_failure()
        try:
            data = self._body.feed(chunk)
        except StreamInterrupted as error:
            raise self.interrupted(error.problem) from error
        return self._decoded(lambda events: self._decode(data, events)) if data else []

    def finish(self) -> list[AgentEvent]:
        """The body has ended: the events that were still open."""
        self._raise_failure()
        try:
            block = self._body.close()
        except StreamInterrupted as error:
            raise self.interrupted(error.problem) from error
        return self._decoded(lambda events: self._decode_block(block, events))

    def close(self) -> ModelReply:
        """The whole answer. Raises `StreamInterrupted` when no end mark had come."""
        self._raise_failure()
        if not self.is_complete:
            raise self.interrupted("the answer broke off before its end", retryable=True)
        return ModelReply(message=self.partial(), stop_reason=self.stop_reason, usage=self.usage)

    @property
    def is_complete(self) -> bool:
        """Whether a finish reason or the end mark has come."""
        return self._ended or bool(self._stop_reason)

    def interrupted(self, problem: str, *, retryable: bool = False) -> StreamInterrupted:
        """The exception for an answer that ends here."""
        return StreamInterrupted(problem, text=self.partial().text, retryable=retryable)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _decoded(self, decode: Callable[[list[AgentEvent]], None]) -> list[AgentEvent]:
        events: list[AgentEvent] = []
        try:
            decode(events)
        except ModelError as error:
            if not events:
                raise
            self._failure = error
        return events

    def _decode(self, data: bytes, events: list[AgentEvent]) -> None:
        """Whole blocks, each with the empty line behind it."""
        at = 0
        while at < len(data):
            version = self._frame.version
            for gap, texts, size in self._frame.runs(data, at):
                for block in gap.split(BLOCK_END):
                    self._decode_block(block, events)
                at += len(gap)
                if self._frame.version != version:
                    break  # what follows has to be cut by other rules
                if texts:
                    self.take_texts(texts)
                    events += TextDelta.each(texts)
                    at += size

    def _decode_block(self, block: bytes, events: list[AgentEvent]) -> None:
        if event := self._body.event(block):
            self._block = block
            self.read(event, events)

    def parsed(self, data: bytes) -> dict[str, Any]:
        """The JSON object in `data`. Raises `StreamInterrupted` when there is none."""
        try:
            document = json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            shown = data[:_SHOWN_BYTES].decode("utf-8", "replace")
            raise self.interrupted(f"the answer contains what is not JSON: {shown!r}") from error
        if not isinstance(document, dict):
            raise self.interrupted("the answer contains an event that is not a JSON object")
        return document

    def learn_frame(self, data: bytes, document: dict[str, Any]) -> bool:
        """The event being read carried nothing but a text: others like it may be cut short."""
        return self._frame.learn(self._block, data, document)

    # -- one protocol's part -----------------------------------------------------------------------

    @abstractmethod
    def read(self, event: ServerSentEvent, events: list[AgentEvent]) -> None:
        """Take in one event of the stream and append what it means to `events`."""

    @abstractmethod
    def take_texts(self, texts: list[str]) -> None:
        """Take in deltas of text that stood in the learned frame."""

    @abstractmethod
    def partial(self) -> Message:
        """What has arrived so far: text and thinking, no tool call that is not complete."""

    @property
    @abstractmethod
    def stop_reason(self) -> str:
        """The provider's word for why the answer ended, or what it must have been."""

    @property
    @abstractmethod
    def usage(self) -> TokenUsage:
        """The token figures reported so far."""
