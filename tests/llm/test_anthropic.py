"""The Messages protocol: what is sent, and what is made of what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from a3s_code.errors import ModelRefused, StreamInterrupted
from a3s_code.events import AgentEvent, ReasoningDelta, TextDelta, ToolInputDelta, ToolStart
from a3s_code.llm.anthropic import AnthropicCodec
from a3s_code.llm.model import ModelReply
from a3s_code.messages import (
    ImageBlock,
    Message,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from a3s_code.results import TokenUsage
from tests.llm.wire_facts import LS, READ, events_of, received, sent

PNG = ImageBlock("image/png", "iVBORw0KGgo=")
PNG_PART = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
}
EPHEMERAL = {"type": "ephemeral"}
STOP = {"type": "message_stop"}


def stream(*documents: Any) -> tuple[list[AgentEvent], ModelReply]:
    """Events and answer of a body of these events."""
    return received("anthropic", [events_of(*documents)])


def start(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    """A block begins."""
    return {
        "type": "content_block_start",
        "index": index,
        "content_block": {"type": kind, **fields},
    }


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    """A block grows."""
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def stop(index: int) -> dict[str, Any]:
    """A block is complete."""
    return {"type": "content_block_stop", "index": index}


def texts(*pieces: str) -> list[dict[str, Any]]:
    """A text block in these pieces."""
    return [start(0, "text", text=""), *(delta(0, "text_delta", text=text) for text in pieces)]


# -- requests --------------------------------------------------------------------------------------


def test_a_plain_request() -> None:
    """`max_tokens` is required by the API; nothing else was asked for."""
    assert sent("anthropic") == {
        "model": "m",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        "stream": True,
    }


def test_system_prompt_and_the_last_tool_are_cached() -> None:
    """One mark each, at the end of what stays the same from request to request."""
    body = sent("anthropic", system="Be brief.", tools=[READ, LS], temperature=0.3)
    assert body["system"] == [{"type": "text", "text": "Be brief.", "cache_control": EPHEMERAL}]
    read, ls = body["tools"]
    assert read == {"name": "read", "description": "Read.", "input_schema": {"type": "object"}}
    assert ls["cache_control"] == EPHEMERAL
    assert body["temperature"] == 0.3
    assert "thinking" not in body


@pytest.mark.parametrize(
    ("budget", "limit", "expected"),
    [(2000, None, 8192), (10_000, None, 18_192), (2000, 4096, 4096), (4096, 4096, 8192)],
)
def test_thinking(budget: int, limit: int | None, expected: int) -> None:
    """Temperature is forced to 1, and the answer has room beside the thinking."""
    body = sent("anthropic", thinking_budget=budget, max_tokens=limit, temperature=0.3)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert body["temperature"] == 1.0
    assert body["max_tokens"] == expected


def test_headers() -> None:
    """Versions always, the key only if there is one."""
    headers = AnthropicCodec().headers("k")
    assert headers["x-api-key"] == "k"
    assert headers["anthropic-version"] == "2023-06-01"
    assert headers["anthropic-beta"] == "prompt-caching-2024-07-31"
    assert "x-api-key" not in AnthropicCodec().headers(None)


def test_a_turn_with_thinking_and_tools_goes_back_as_it_came() -> None:
    """Signed and redacted thinking in its place; all results of the turn in one message."""
    messages = [
        Message("user", (PNG, TextBlock("hi"))),
        Message(
            "assistant",
            (
                ThinkingBlock("hm", "sig"),
                ThinkingBlock("", redacted="xyz"),
                TextBlock("Let me look."),
                ToolUseBlock("a", "ls", {"path": "."}),
                ToolUseBlock("b", "ls", {}),
            ),
        ),
        Message("user", (ToolResultBlock("a", "one"),)),
        Message("user", (ToolResultBlock("b", (TextBlock("two"), PNG), is_error=True),)),
        Message.user("and now?"),
    ]
    assert sent("anthropic", messages)["messages"] == [
        {"role": "user", "content": [PNG_PART, {"type": "text", "text": "hi"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "redacted_thinking", "data": "xyz"},
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "a", "name": "ls", "input": {"path": "."}},
                {"type": "tool_use", "id": "b", "name": "ls", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "one"},
                {
                    "type": "tool_result",
                    "tool_use_id": "b",
                    "content": [{"type": "text", "text": "two"}, PNG_PART],
                    "is_error": True,
                },
                {"type": "text", "text": "and now?"},
            ],
        },
    ]


def test_what_the_api_refuses_is_left_out() -> None:
    """Blank text, thinking that broke off before its signature, and messages of nothing else."""
    messages = [
        Message.user("one"),
        Message("assistant", (ThinkingBlock("broken off"), TextBlock(" \n"))),
        Message.user("two"),
    ]
    one, two = ({"type": "text", "text": text} for text in ("one", "two"))
    assert sent("anthropic", messages)["messages"] == [{"role": "user", "content": [one, two]}]


# -- answers ---------------------------------------------------------------------------------------


def test_equal_neighbours_are_kept() -> None:
    """Deltas are deltas, also when one repeats or extends the one before."""
    pieces = ["ha", "ha", "ha", " ", " ", "  ", "ha", "haha", "\n\n", "ä"]
    events, reply = stream(*texts(*pieces), stop(0), STOP)
    assert events == [TextDelta(text=piece) for piece in pieces]
    assert reply.message.text == "".join(pieces)


def test_a_whole_answer() -> None:
    """Thinking with its signature, redacted thinking, text, a call, figures of both ends."""
    usage = {"input_tokens": 9, "output_tokens": 1, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2}  # fmt: skip
    events, reply = stream(
        {"type": "message_start", "message": {"usage": usage}},
        {"type": "ping"},
        start(0, "thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="hm"),
        delta(0, "signature_delta", signature="si"),
        delta(0, "signature_delta", signature="g"),
        stop(0),
        start(1, "redacted_thinking", data="xyz"),
        stop(1),
        start(2, "text", text=""),
        delta(2, "text_delta", text="Let me look."),
        stop(2),
        start(3, "tool_use", id="a", name="ls", input={}),
        delta(3, "input_json_delta", partial_json=""),
        delta(3, "input_json_delta", partial_json='{"path"'),
        delta(3, "input_json_delta", partial_json=': "."}'),
        stop(3),
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use"},
            "usage": {"output_tokens": 7},
        },
        STOP,
    )
    assert events == [
        ReasoningDelta(text="hm"),
        TextDelta(text="Let me look."),
        ToolStart(tool_id="a", tool_name="ls"),
        ToolInputDelta(tool_id="a", text='{"path"'),
        ToolInputDelta(tool_id="a", text=': "."}'),
    ]
    assert reply.message.content == (
        ThinkingBlock("hm", "sig"),
        ThinkingBlock("", redacted="xyz"),
        TextBlock("Let me look."),
        ToolUseBlock("a", "ls", {"path": "."}),
    )
    assert reply.stop_reason == "tool_use"
    assert reply.usage == TokenUsage(
        prompt_tokens=9,
        completion_tokens=7,
        total_tokens=16,
        cache_read_tokens=4,
        cache_write_tokens=2,
    )


def test_text_goes_to_its_own_block() -> None:
    """Two text blocks around a call; the second one has the index of its own."""
    _, reply = stream(
        *texts("a", "b", "c"),
        stop(0),
        start(1, "tool_use", id="x", name="ls", input={}),
        stop(1),
        start(2, "text", text=""),
        *(delta(2, "text_delta", text=text) for text in "def"),
        stop(2),
        STOP,
    )
    assert reply.message.content == (
        TextBlock("abc"),
        ToolUseBlock("x", "ls", {}),
        TextBlock("def"),
    )


def test_arguments_that_cannot_be_read() -> None:
    """Reason and raw text are kept for the model."""
    _, reply = stream(
        start(0, "tool_use", id="a", name="ls", input={}),
        delta(0, "input_json_delta", partial_json='{"a": '),
        STOP,
    )
    problem = reply.message.tool_calls[0].parse_error
    assert problem is not None
    assert '{"a": ' in problem


@pytest.mark.parametrize(
    "end", [[STOP], [{"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}]]
)
def test_either_end_mark_is_enough(end: list[Any]) -> None:
    """The closing event, or a stop reason."""
    _, reply = stream(*texts("a"), *end)
    assert reply.message.text == "a"


def test_an_end_without_any_mark_is_an_interruption() -> None:
    """The text so far is on the error."""
    with pytest.raises(StreamInterrupted) as caught:
        stream(*texts("half an ", "answ"), stop(0))
    assert caught.value.text == "half an answ"


def test_calls_of_a_partial_answer_are_those_that_are_complete() -> None:
    """A call whose block is still open is not shown as one."""
    decoder = AnthropicCodec().decoder()
    call = start(0, "tool_use", id="a", name="ls", input={})
    decoder.feed(events_of(call))
    assert decoder.partial().tool_calls == ()
    decoder.feed(events_of(stop(0)))
    assert [call.id for call in decoder.partial().tool_calls] == ["a"]


@pytest.mark.parametrize(
    ("kind", "status", "retryable"),
    [("overloaded_error", 529, True), ("invalid_request_error", 400, False), ("new", None, False)],
)
def test_an_error_inside_the_stream(kind: str, status: int | None, retryable: bool) -> None:
    """Refused, never started over; the text so far is on the error."""
    with pytest.raises(ModelRefused, match="Sorry") as caught:
        stream(*texts("half"), {"type": "error", "error": {"type": kind, "message": "Sorry"}})
    assert (caught.value.text, caught.value.status) == ("half", status)
    assert caught.value.retryable is retryable


@pytest.mark.parametrize(
    "document",
    [
        {"type": "ping"},
        {"type": "from_the_future", "x": 1},
        {"type": "message_delta", "delta": None, "usage": None},
        {"type": "message_start", "message": None},
        start(7, "server_tool_use", id="s", name="web_search"),
        delta(0, "citations_delta", citation={}),
        delta(0, "text_delta", text=None),
        stop(99),
    ],
)
def test_odd_but_harmless_events_are_passed_over(document: dict[str, Any]) -> None:
    """New kinds of events and fields of the wrong type never crash the decoder."""
    events, reply = stream(*texts("a"), document, delta(0, "text_delta", text="b"), STOP)
    assert events == [TextDelta(text="a"), TextDelta(text="b")]
    assert reply.message.content == (TextBlock("ab"),)


@pytest.mark.parametrize("document", [delta(5, "text_delta", text="x"), start(0, "text") | {"index": None}, "{oops", "[]"])  # fmt: skip
def test_events_that_break_the_protocol_are_an_interruption(document: Any) -> None:
    """Text that belongs nowhere is not dropped silently."""
    with pytest.raises(StreamInterrupted) as caught:
        stream(*texts("half"), document)
    assert caught.value.text == "half"


def test_one_document_instead_of_a_stream() -> None:
    """From a server that ignores `stream: true`."""
    document = {
        "type": "message",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "a", "name": "ls", "input": {"path": "."}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 2, "output_tokens": 3},
    }
    text = json.dumps(document).encode()
    events, reply = received("anthropic", [text[:40], text[40:]])
    assert events == [
        ReasoningDelta(text="hm"),
        TextDelta(text="Let me look."),
        ToolStart(tool_id="a", tool_name="ls"),
        ToolInputDelta(tool_id="a", text='{"path": "."}'),
    ]
    assert reply.message.content == (
        ThinkingBlock("hm", "sig"),
        TextBlock("Let me look."),
        ToolUseBlock("a", "ls", {"path": "."}),
    )
    assert reply.usage.total_tokens == 5


@pytest.mark.parametrize("body", [b'{"object": "list"}', b'{"type": "mess', b"<html></html>", b"", b"Hello"])  # fmt: skip
def test_bodies_that_are_no_answer(body: bytes) -> None:
    """Each is an interruption, never an empty success."""
    with pytest.raises(StreamInterrupted):
        received("anthropic", [body])
