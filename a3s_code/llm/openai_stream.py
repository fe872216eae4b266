"""Decoder for the answers of Chat Completions servers, streamed or in one document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from a3s_code.events import AgentEvent, ReasoningDelta, TextDelta, ToolInputDelta, ToolStart
from a3s_code.llm.arguments import parse_arguments
from a3s_code.llm.body import as_count, as_text
from a3s_code.llm.decoding import AnswerDecoder
from a3s_code.llm.refusal import error_in_stream
from a3s_code.llm.sse import ServerSentEvent
from a3s_code.messages import Block, Message, TextBlock, ToolUseBlock
from a3s_code.results import TokenUsage

_CONTENT = ("choices", 0, "delta", "content")
_READ = frozenset(("choices", "error", "object", "usage"))  # and no other key of a chunk


class _Call:
    """A tool call under construction; it is announced as soon as its name and id are known."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []
        self.announced = 0  # pieces of the arguments that were already delivered
        self.started = False

    def block(self) -> ToolUseBlock:
        return ToolUseBlock(self.id, self.name, parse_arguments("".join(self.arguments)))


class ChatDecoder(AnswerDecoder):
    """One answer of a Chat Completions server."""

    def __init__(self, call_numbers: Iterator[int]) -> None:
        super().__init__(_CONTENT, _READ)
        self._call_numbers = call_numbers
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[_Call] = []
        self._call_at: dict[int, _Call] = {}
        self._usage = TokenUsage()

    def finish(self) -> list[AgentEvent]:
        """The body has ended: the events that were still open."""
        events = super().finish()
        if self._body.is_document and (self._calls or self._text or self._reasoning):
            self._ended = True
        return events + self._announced(at_end=True) if self.is_complete else events

    def partial(self) -> Message:
        """What has arrived so far; tool calls only when the answer is complete."""
        text = "".join(self._text)
        blocks: list[Block] = [TextBlock(text)] if text else []
        if self.is_complete:
            for call in self._calls:
                self._give_id(call)
                blocks.append(call.block())
        return Message("assistant", tuple(blocks), "".join(self._reasoning) or None)

    @property
    def stop_reason(self) -> str:
        """The server's finish reason, or the usual one when it only sent `[DONE]`."""
        return self._stop_reason or ("tool_calls" if self._calls else "stop")

    @property
    def usage(self) -> TokenUsage:
        """The last figures that the server sent."""
        return self._usage

    def take_texts(self, texts: list[str]) -> None:
        """Take in deltas of text."""
        self._text += texts

    def read(self, event: ServerSentEvent, events: list[AgentEvent]) -> None:
        """Take in one chunk of the completion, or the end mark."""
        data, name = event
        if data.strip() == b"[DONE]":
            self._ended = True
            events += self._announced(at_end=True)
            return
        document = self.parsed(data)
        self._refuse_errors(document, name)
        self._read_usage(document.get("usage"))
        choices = document.get("choices")
        if not isinstance(choices, list):
            if self._body.is_document:
                raise self.interrupted("the server's answer is JSON without `choices`")
            return
        count = len(events)
        for choice in choices:
            if isinstance(choice, dict) and not choice.get("index"):
                self._read_choice(choice, events)
        if len(events) == count + 1 and type(events[-1]) is TextDelta and not self._stop_reason:
            self._learn(data, document)

    def _learn(self, data: bytes, document: dict[str, Any]) -> None:
        match document:
            case {"choices": [{"delta": {"content": str()}}]} if not document.get("usage"):
                self.learn_frame(data, document)

    def _refuse_errors(self, document: dict[str, Any], name: str) -> None:
        error = document.get("error")
        if not error and (name == "error" or document.get("object") == "error"):
            error = document
        if error:
            raise error_in_stream(error, "".join(self._text))

    def _read_usage(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        prompt = as_count(usage.get("prompt_tokens")) or 0
        completion = as_count(usage.get("completion_tokens")) or 0
        details = usage.get("prompt_tokens_details")
        self._usage = TokenUsage(
            prompt_tokens=prompt,
            completion_tokens=completion,
            total_tokens=as_count(usage.get("total_tokens")) or prompt + completion,
            cache_read_tokens=as_count(details.get("cached_tokens"))
            if isinstance(details, dict)
            else None,
        )

    def _read_choice(self, choice: dict[str, Any], events: list[AgentEvent]) -> None:
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = choice.get("message")  # an answer in one document
        if isinstance(delta, dict):
            reasoning = _reasoning(delta)
            if reasoning:
                self._reasoning.append(reasoning)
                events.append(ReasoningDelta(text=reasoning))
            for text in (_content(delta.get("content")), as_text(delta.get("refusal"))):
                if text:
                    self._text.append(text)
                    events.append(TextDelta(text=text))
            calls = delta.get("tool_calls")
            for piece in calls if isinstance(calls, list) else ():
                if isinstance(piece, dict):
                    self._read_call(piece)
            if self._calls:
                events += self._announced()
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._stop_reason = reason

    # -- tool calls --------------------------------------------------------------------------------

    def _read_call(self, piece: dict[str, Any]) -> None:
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        id_, name = as_text(piece.get("id")), as_text(function.get("name"))
        arguments = function.get("arguments")
        if not (id_ or name or arguments):
            return
        call = self._call_for(piece.get("index"), id_, name)
        # Some servers repeat the id in every delta, others send it once or late: the first one counts.
        if not call.id and not call.started and not self._has_id(id_):
            call.id = id_
        call.name = call.name or name
        if isinstance(arguments, Mapping):  # some servers send the object itself
            arguments = json.dumps(arguments, ensure_ascii=False)
        if isinstance(arguments, str) and arguments:
            call.arguments.append(arguments)

    def _call_for(self, index: Any, id_: str, name: str) -> _Call:
        """The call that a piece belongs to, which is a new one when nothing else fits."""
        if isinstance(index, int):
            known = self._call_at.get(index)
            # Servers exist that give every call of an answer the index 0, each with its own id.
            another = known is not None and name and known.name and id_ and id_ != known.id
            if known is not None and not another:
                return known
            call = self._call_at[index] = _Call()
        else:
            if id_:
                same = next((call for call in self._calls if call.id == id_), None)
                if same is not None:
                    return same
            elif self._calls and not name:
                return self._calls[-1]
            call = _Call()
        self._calls.append(call)
        return call

    def _has_id(self, id_: str) -> bool:
        return any(call.id == id_ for call in self._calls if id_)

    def _give_id(self, call: _Call) -> None:
        while not call.id:
            id_ = f"call_{next(self._call_numbers)}"
            call.id = "" if self._has_id(id_) else id_

    def _announced(self, *, at_end: bool = False) -> list[AgentEvent]:
        """Tool starts and argument pieces that can be delivered now."""
        events: list[AgentEvent] = []
        for call in self._calls:
            later_call_exists = call is not self._calls[-1]
            if not call.started:
                known = call.name and (call.id or call.arguments or later_call_exists)
                if not known and not at_end:
                    continue
                self._give_id(call)
                call.started = True
                events.append(ToolStart(tool_id=call.id, tool_name=call.name))
            events += [
                ToolInputDelta(tool_id=call.id, text=text)
                for text in call.arguments[call.announced :]
            ]
            call.announced = len(call.arguments)
        return events


def _reasoning(delta: dict[str, Any]) -> str:
    """Thinking, under either of its two names; servers that send both repeat themselves."""
    return as_text(delta.get("reasoning_content")) or as_text(delta.get("reasoning"))


def _content(content: Any) -> str:
    """Text of a delta: a string, or a list of typed parts as some servers send it."""
    if isinstance(content, list):
        return "".join(as_text(part.get("text")) for part in content if isinstance(part, dict))
    return as_text(content)
