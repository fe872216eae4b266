"""The Chat Completions protocol: what is sent, and what is made of what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from a3s_code.errors import ModelRefused, StreamInterrupted
from a3s_code.events import AgentEvent, ReasoningDelta, TextDelta, ToolInputDelta, ToolStart
from a3s_code.llm.model import ModelRequest
from a3s_code.llm.openai import OpenAICodec
from a3s_code.messages import (
    ImageBlock,
    Message,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from a3s_code.results import TokenUsage
from tests.llm.wire_facts import LS, READ, chat, events_of, received, sent

PNG = ImageBlock("image/png", "iVBORw0KGgo=")
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def stream(*documents: Any) -> tuple[list[AgentEvent], Message]:
    """Events and message of a body of these events."""
    events, reply = received("openai", [events_of(*documents)])
    return events, reply.message


def piece(**call: Any) -> dict[str, Any]:
    """A chunk with one piece of a tool call."""
    function = {key: call.pop(key) for key in ("name", "arguments") if key in call}
    return chat(tool_calls=[{**call, "function": function}])


# -- requests --------------------------------------------------------------------------------------


def test_a_plain_request_has_nothing_that_was_not_asked_for() -> None:
    """Prompt as plain string; streaming with usage figures."""
    assert sent("openai") == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_settings() -> None:
    """System prompt first, figures exact, tools in their order, no thinking."""
    body = sent(
        "openai", system="Be brief.", tools=[READ, LS], max_tokens=7, temperature=0.3,
        thinking_budget=2000,
    )  # fmt: skip
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert body["max_tokens"] == 7
    assert "thinking" not in body
    assert [tool["function"]["name"] for tool in body["tools"]] == ["read", "ls"]
    assert body["tools"][1] == {
        "type": "function",
        "function": {"name": "ls", "description": "List.", "parameters": {"type": "object"}},
    }


def test_temperature_is_written_as_it_was_given() -> None:
    """0.3 is not 0.30000001192092896."""
    request = ModelRequest(model="m", messages=[Message.user("hi")], temperature=0.3)
    assert b'"temperature":0.3,' in OpenAICodec().encode(request)


def test_headers_carry_the_key_if_there_is_one() -> None:
    """A local server without a key gets no Authorization."""
    assert OpenAICodec().headers("k")["Authorization"] == "Bearer k"
    assert "Authorization" not in OpenAICodec().headers(None)


def test_images_stand_before_the_text() -> None:
    """As a list of parts, in the order of the message."""
    message = Message("user", (PNG, TextBlock("what is this?")))
    text = {"type": "text", "text": "what is this?"}
    assert sent("openai", [message])["messages"] == [{"role": "user", "content": [PNG_PART, text]}]


def test_tool_calls_and_their_results() -> None:
    """Arguments as JSON text, one `tool` message per result, reasoning sent back."""
    messages = [
        Message.user("hi"),
        Message(
            "assistant",
            (ThinkingBlock("of another provider", "sig"), ToolUseBlock("a", "ls", {"path": "ä"}), ToolUseBlock("b", "ls", {})),
            reasoning_content="hm",
        ),
        Message("user", (ToolResultBlock("a", "one"),)),
        Message("user", (ToolResultBlock("b", "two", is_error=True),)),
    ]  # fmt: skip
    assert sent("openai", messages)["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "hm",
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "ls", "arguments": '{"path":"ä"}'}},
                {"id": "b", "type": "function", "function": {"name": "ls", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "one"},
        {"role": "tool", "tool_call_id": "b", "content": "two"},
    ]  # fmt: skip


def test_images_of_tool_results_follow_the_last_result_of_the_turn() -> None:
    """The `tool` messages stay next to each other, as servers demand."""
    messages = [
        Message("user", (ToolResultBlock("a", (TextBlock("one"), PNG)),)),
        Message("user", (ToolResultBlock("b", "two"),)),
        Message("assistant", (TextBlock("ok"),)),
    ]
    assert sent("openai", messages)["messages"] == [
        {"role": "tool", "tool_call_id": "a", "content": "one"},
        {"role": "tool", "tool_call_id": "b", "content": "two"},
        {"role": "user", "content": [PNG_PART]},
        {"role": "assistant", "content": "ok"},
    ]


def test_half_a_surrogate_pair_does_not_break_the_request() -> None:
    """Such text comes out of file names; the rest of the message is kept."""
    assert sent("openai", [Message.user("a\ud83db")])["messages"][0]["content"] == "a?b"


# -- text and reasoning ----------------------------------------------------------------------------


def test_equal_neighbours_are_kept() -> None:
    """Deltas are deltas, also when one repeats or extends the one before."""
    texts = ["ha", "ha", "ha", " ", " ", "  ", "ha", "haha", "\n\n", "ä"]
    events, message = stream(*(chat(content=text) for text in texts), chat("stop"))
    assert events == [TextDelta(text=text) for text in texts]
    assert message.text == "".join(texts)


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_never_mixes_with_the_answer(name: str) -> None:
    """Both of its names, and what is kept for the next request."""
    events, message = stream(chat(**{name: "think"}), chat(content="say"), chat("stop"))
    assert events == [ReasoningDelta(text="think"), TextDelta(text="say")]
    assert (message.text, message.reasoning_content) == ("say", "think")


def test_reasoning_under_both_names_is_not_doubled() -> None:
    """Some servers send both for their clients' sake."""
    events, _ = stream(chat(reasoning_content="a", reasoning="a"), chat("stop"))
    assert events == [ReasoningDelta(text="a")]


def test_content_in_parts_and_null_content() -> None:
    """Forms that some servers use in place of a string."""
    events, _ = stream(
        chat(content=None), chat(content=[{"type": "text", "text": "a"}]), chat(content="b", tool_calls=None), chat("stop")
    )  # fmt: skip
    assert events == [TextDelta(text="a"), TextDelta(text="b")]


# -- tool calls ------------------------------------------------------------------------------------


def test_calls_are_merged_by_index() -> None:
    """Interleaved pieces find their calls; the id may be repeated or missing after the first."""
    events, message = stream(
        piece(index=0, id="a", name="ls", arguments=""),
        piece(index=1, id="b", name="read", arguments='{"x"'),
        piece(index=0, id="a", arguments='{"path":'),
        piece(index=1, id="", arguments=": 1}"),
        piece(index=0, arguments='"."}'),
        chat("tool_calls"),
    )
    assert message.tool_calls == (ToolUseBlock("a", "ls", {"path": "."}), ToolUseBlock("b", "read", {"x": 1}))  # fmt: skip
    assert events == [
        ToolStart(tool_id="a", tool_name="ls"),
        ToolStart(tool_id="b", tool_name="read"),
        ToolInputDelta(tool_id="b", text='{"x"'),
        ToolInputDelta(tool_id="a", text='{"path":'),
        ToolInputDelta(tool_id="b", text=": 1}"),
        ToolInputDelta(tool_id="a", text='"."}'),
    ]


def test_an_id_that_comes_late_is_used() -> None:
    """The start is announced once the id is known."""
    events, message = stream(
        piece(index=0, name="ls"), piece(index=0, id="late"), piece(index=0, arguments="{}"), chat("tool_calls")
    )  # fmt: skip
    assert events[0] == ToolStart(tool_id="late", tool_name="ls")
    assert message.tool_calls == (ToolUseBlock("late", "ls", {}),)


def test_a_server_without_ids_and_index() -> None:
    """Each name begins a call, pieces without one belong to the last; ids are made up."""
    _, message = stream(
        piece(name="ls", arguments='{"a"'), piece(arguments=":1}"), piece(name="pwd"), chat("stop")
    )
    assert message.tool_calls == (ToolUseBlock("call_1", "ls", {"a": 1}), ToolUseBlock("call_2", "pwd", {}))  # fmt: skip


def test_made_up_ids_differ_from_answer_to_answer() -> None:
    """One conversation never sees the same id twice."""
    codec, ids = OpenAICodec(), []
    for _ in range(2):
        decoder = codec.decoder()
        decoder.feed(events_of(piece(index=0, name="ls", arguments="{}"), "[DONE]"))
        ids.append(decoder.close().message.tool_calls[0].id)
    assert ids == ["call_1", "call_2"]


def test_calls_that_share_an_index_but_not_an_id() -> None:
    """Servers exist that number every call 0."""
    _, message = stream(
        piece(index=0, id="a", name="ls", arguments="{}"),
        piece(index=0, id="b", name="ls", arguments="{}"),
        chat("tool_calls"),
    )
    assert [call.id for call in message.tool_calls] == ["a", "b"]


def test_an_id_used_twice_is_replaced() -> None:
    """Results could not be told apart otherwise."""
    _, message = stream(
        piece(index=0, id="a", name="ls"), piece(index=1, id="a", name="pwd"), chat("tool_calls")
    )
    assert [call.id for call in message.tool_calls] == ["a", "call_1"]


@pytest.mark.parametrize("arguments", ["", "  ", "{}", None])
def test_no_arguments(arguments: str | None) -> None:
    """Blank text means none."""
    _, message = stream(piece(index=0, id="a", name="ls", arguments=arguments), chat("tool_calls"))
    assert message.tool_calls == (ToolUseBlock("a", "ls", {}),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": ', "not valid JSON"),
        ("[1]", "not list"),
        ('"x"', "not str"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_arguments_that_cannot_be_read(text: str, reason: str) -> None:
    """Reason and raw text are kept for the model."""
    _, message = stream(piece(index=0, id="a", name="ls", arguments=text), chat("tool_calls"))
    problem = message.tool_calls[0].parse_error
    assert problem is not None
    assert reason in problem
    assert text in problem


def test_arguments_as_an_object() -> None:
    """Sent by servers that forgot the encoding."""
    _, message = stream(piece(index=0, id="a", name="ls", arguments={"a": 1}), chat("tool_calls"))
    assert message.tool_calls == (ToolUseBlock("a", "ls", {"a": 1}),)


# -- the end ---------------------------------------------------------------------------------------


def test_usage_with_cached_tokens() -> None:
    """From the last chunk, which has no choices."""
    usage = {
        "prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 4},
    }  # fmt: skip
    _, reply = received(
        "openai", [events_of(chat(content="a"), chat("length"), {"choices": [], "usage": usage}, "[DONE]")]
    )  # fmt: skip
    assert reply.usage == TokenUsage(
        prompt_tokens=9, completion_tokens=3, total_tokens=12, cache_read_tokens=4
    )
    assert reply.stop_reason == "length"


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None}, {"prompt_tokens": "9"}, [1]])
def test_usage_that_makes_no_sense_counts_nothing(usage: Any) -> None:
    """A figure that is none is not worth a failed turn."""
    _, reply = received("openai", [events_of({**chat("stop", content="a"), "usage": usage})])
    assert reply.usage == TokenUsage()


@pytest.mark.parametrize("end", [[chat("stop")], ["[DONE]"], [chat("stop"), "[DONE]"]])
def test_either_end_mark_is_enough(end: list[Any]) -> None:
    """A finish reason, the closing line, or both."""
    _, message = stream(chat(content="a"), *end)
    assert message.text == "a"


def test_an_end_without_any_mark_is_an_interruption() -> None:
    """The text so far is on the error."""
    with pytest.raises(StreamInterrupted) as caught:
        stream(chat(content="half an "), chat(content="answ"))
    assert caught.value.text == "half an answ"


@pytest.mark.parametrize(
    ("error", "said", "status"),
    [
        ({"message": "overloaded", "code": 503}, "overloaded", 503),
        ({"message": "slow down", "type": "rate_limit_error"}, "slow down", 429),
        ({"message": "odd"}, "odd", None),
        ("plain text", "plain text", None),
    ],
)
def test_an_error_inside_the_stream(error: Any, said: str, status: int | None) -> None:
    """Refused, never a success; text so far kept, and whether a retry may help."""
    with pytest.raises(ModelRefused, match=said) as caught:
        stream(chat(content="half"), {"error": error}, chat(content="more"), "[DONE]")
    assert caught.value.text == "half"
    assert caught.value.status == status
    assert caught.value.retryable == (status in (429, 503))


def test_text_before_an_error_is_delivered_first() -> None:
    """Even when both arrive in one piece."""
    decoder = OpenAICodec().decoder()
    assert decoder.feed(events_of(chat(content="a"), {"error": "x"})) == [TextDelta(text="a")]
    assert decoder.done
    with pytest.raises(ModelRefused):
        decoder.finish()


@pytest.mark.parametrize("text", ["{oops", "[]", "1", '"x"', "[" * 100_000])
def test_events_that_are_no_objects_are_an_interruption(text: str) -> None:
    """The text so far is on the error."""
    with pytest.raises(StreamInterrupted) as caught:
        stream(chat(content="half"), text)
    assert caught.value.text == "half"


@pytest.mark.parametrize(
    "document",
    [
        {"choices": [None]},
        {"choices": [{"delta": None, "message": None}]},
        {"choices": [{"delta": {"content": 5, "tool_calls": [None, {}, {"function": 3}]}}]},
        {"choices": [{"index": 1, "delta": {"content": "second choice"}}]},
        {"choices": None},
        {"object": "something else"},
    ],
)
def test_odd_but_harmless_events_are_passed_over(document: dict[str, Any]) -> None:
    """Fields of the wrong type never crash the decoder."""
    events, message = stream(chat(content="a"), document, chat("stop", content="b"))
    assert events == [TextDelta(text="a"), TextDelta(text="b")]
    assert message == Message("assistant", (TextBlock("ab"),))


def test_one_document_instead_of_a_stream() -> None:
    """From a server that ignores `stream: true`."""
    call = {"id": "c", "function": {"name": "ls", "arguments": "{}"}}
    message = {"content": "Let me look.", "reasoning_content": "hm", "tool_calls": [call]}
    document = {"choices": [{"message": message, "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 2}}  # fmt: skip
    text = json.dumps(document, indent=2).encode()
    events, reply = received("openai", [text[:40], text[40:]])
    assert events == [
        ReasoningDelta(text="hm"),
        TextDelta(text="Let me look."),
        ToolStart(tool_id="c", tool_name="ls"),
        ToolInputDelta(tool_id="c", text="{}"),
    ]
    assert reply.stop_reason == "tool_calls"
    assert reply.usage.prompt_tokens == 2


@pytest.mark.parametrize(
    "body", [b'{"object": "list"}', b'{"choices": [', b"<html></html>", b"", b"Hello"]
)
def test_bodies_that_are_no_answer(body: bytes) -> None:
    """Each is an interruption, never an empty success."""
    with pytest.raises(StreamInterrupted):
        received("openai", [body])
