"""Decoder for the answers of the Messages protocol, streamed or in one document."""

from __future__ import annotations

import json
from typing import Any

from a3s_code.events import AgentEvent, ReasoningDelta, TextDelta, ToolInputDelta, ToolStart
from a3s_code.llm.arguments import parse_arguments
from a3s_code.llm.body import as_count, as_text
from a3s_code.llm.decoding import AnswerDecoder
from a3s_code.llm.refusal import error_in_stream
from a3s_code.llm.sse import ServerSentEvent
from a3s_code.messages import Block, Message, TextBlock, ThinkingBlock, ToolUseBlock
from a3s_code.results import TokenUsage

_TEXT = ("delta", "text")
_READ = frozenset(("type", "index", "delta", "error", "content", "usage", "stop_reason", "message"))


class _Block:
    """A content block under construction; `parts` is its text, thinking or argument text."""

    def __init__(self, start: dict[str, Any]) -> None:
        self.kind = as_text(start.get("type"))
        self.start = start
        self.id = as_text(start.get("id"))
        self.parts: list[str] = []
        self.signature = as_text(start.get("signature"))
        self.stopped = False

    def built(self) -> Block | None:
        """The finished block; None when it is empty or of a kind that is not kept."""
        text = "".join(self.parts)
        match self.kind:
            case "text":
                return TextBlock(text) if text else None
            case "thinking":
                return ThinkingBlock(text, self.signature) if text or self.signature else None
            case "redacted_thinking":
                return ThinkingBlock("", redacted=as_text(self.start.get("data")))
            case "tool_use":
                arguments = parse_arguments(text)
                whole = self.start.get("input")
                if not text and isinstance(whole, dict):
                    arguments = whole
                return ToolUseBlock(self.id, as_text(self.start.get("name")), arguments)
        return None


class MessagesDecoder(AnswerDecoder):
    """One answer of a Messages server."""

    def __init__(self) -> None:
        super().__init__(_TEXT, _READ)
        self._blocks: list[_Block] = []
        self._block_at: dict[int, _Block] = {}
        self._framed_block: _Block | None = None
        self._input_tokens = self._output_tokens = 0
        self._cache_read: int | None = None
        self._cache_write: int | None = None

    def partial(self) -> Message:
        """What has arrived so far: text, thinking, and the tool calls whose blocks are closed."""
        built = [
            block.built()
            for block in self._blocks
            if block.stopped or self.is_complete or block.kind != "tool_use"
        ]
        return Message("assistant", tuple(block for block in built if block is not None))

    @property
    def stop_reason(self) -> str:
        """The server's stop reason, or the usual one when it sent none."""
        return self._stop_reason or "end_turn"

    @property
    def usage(self) -> TokenUsage:
        """The figures so far; the total is the sum of input and output."""
        return TokenUsage(
            prompt_tokens=self._input_tokens,
            completion_tokens=self._output_tokens,
            total_tokens=self._input_tokens + self._output_tokens,
            cache_read_tokens=self._cache_read,
            cache_write_tokens=self._cache_write,
        )

    def take_texts(self, texts: list[str]) -> None:
        """Take in deltas of the text block that the frame was learned from."""
        assert self._framed_block is not None
        self._framed_block.parts += texts

    def read(self, event: ServerSentEvent, events: list[AgentEvent]) -> None:
        """Take in one event of the protocol."""
        data, name = event
        document = self.parsed(data)
        match document.get("type") or name:
            case "content_block_delta":
                self._read_delta(data, document, events)
            case "content_block_start":
                self._start_block(document.get("index"), document.get("content_block"), events)
            case "content_block_stop":
                self._stop_block(document.get("index"))
            case "message_start":
                message = document.get("message")
                self._read_usage(message.get("usage") if isinstance(message, dict) else None)
            case "message_delta":
                self._read_message_delta(document)
            case "message_stop":
                self._ended = True
            case "error":
                raise error_in_stream(document.get("error", document), self.partial().text)
            case "message":
                self._read_document(document, events)
            case _ if document.get("error"):  # a gateway's own spelling
                raise error_in_stream(document["error"], self.partial().text)
            case _ if self._body.is_document:
                raise self.interrupted("the server's answer is JSON but no message")
            # Anything else, `ping` among it, may be ignored by the protocol's own rule.

    def _start_block(self, index: Any, start: Any, events: list[AgentEvent]) -> None:
        if not isinstance(start, dict) or not isinstance(index, int):
            raise self.interrupted("a content block of the answer has no index or no content")
        self._frame.forget()
        block = self._block_at[index] = _Block(start)
        self._blocks.append(block)
        match block.kind:
            case "tool_use":
                name = as_text(start.get("name"))
                events.append(ToolStart(tool_id=block.id, tool_name=name))
            case "text":
                self._add(block, as_text(start.get("text")), events)
            case "thinking":
                self._add(block, as_text(start.get("thinking")), events)

    def _stop_block(self, index: Any) -> None:
        block = self._block_at.get(index) if isinstance(index, int) else None
        if block is not None:
            block.stopped = True

    def _read_delta(self, data: bytes, document: dict[str, Any], events: list[AgentEvent]) -> None:
        index, delta = document.get("index"), document.get("delta")
        block = self._block_at.get(index) if isinstance(index, int) else None
        if block is None or not isinstance(delta, dict):
            raise self.interrupted("a delta of the answer belongs to no content block")
        match delta.get("type"):
            case "text_delta" if block.kind == "text":
                self._add(block, as_text(delta.get("text")), events)
                if delta.get("text") and self.learn_frame(data, document):
                    self._framed_block = block
            case "thinking_delta" if block.kind == "thinking":
                self._add(block, as_text(delta.get("thinking")), events)
            case "input_json_delta" if block.kind == "tool_use":
                self._add(block, as_text(delta.get("partial_json")), events)
            case "signature_delta":
                block.signature += as_text(delta.get("signature"))

    def _add(self, block: _Block, text: str, events: list[AgentEvent]) -> None:
        if not text:
            return
        block.parts.append(text)
        match block.kind:
            case "text":
                events.append(TextDelta(text=text))
            case "thinking":
                events.append(ReasoningDelta(text=text))
            case "tool_use":
                events.append(ToolInputDelta(tool_id=block.id, text=text))

    def _read_message_delta(self, document: dict[str, Any]) -> None:
        delta = document.get("delta")
        if isinstance(delta, dict):
            self._stop_reason = as_text(delta.get("stop_reason")) or self._stop_reason
        self._read_usage(document.get("usage"))

    def _read_usage(self, usage: Any) -> None:
        """Take over the figures that are present: they are totals, and later ones are better."""
        if not isinstance(usage, dict):
            return
        figures = {
            key: as_count(usage.get(key))
            for key in (
                "input_tokens",
                "output_tokens",
                "cache_read_input_tokens",
                "cache_creation_input_tokens",
            )
        }
        if figures["input_tokens"] is not None:
            self._input_tokens = figures["input_tokens"]
        if figures["output_tokens"] is not None:
            self._output_tokens = figures["output_tokens"]
        if figures["cache_read_input_tokens"] is not None:
            self._cache_read = figures["cache_read_input_tokens"]
        if figures["cache_creation_input_tokens"] is not None:
            self._cache_write = figures["cache_creation_input_tokens"]

    def _read_document(self, document: dict[str, Any], events: list[AgentEvent]) -> None:
        """A whole message at once, from a server that ignored the wish to stream."""
        content = document.get("content")
        for index, start in enumerate(content if isinstance(content, list) else ()):
            self._start_block(index, start, events)
            self._stop_block(index)
            block = self._blocks[-1]
            if block.kind == "tool_use" and isinstance(block.start.get("input"), dict):
                text = json.dumps(block.start["input"], ensure_ascii=False)
                events.append(ToolInputDelta(tool_id=block.id, text=text))
        self._read_usage(document.get("usage"))
        self._stop_reason = as_text(document.get("stop_reason"))
        self._ended = True
