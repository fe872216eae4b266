"""The short cut past the JSON parser gives what the parser gives, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from a3s_code.llm.frame import TextFrame

PATH = ("choices", 0, "delta", "content")


def event(text: str, **extra: Any) -> dict[str, Any]:
    """A delta as servers write it."""
    return {"id": "x", "choices": [{"index": 0, "delta": {"content": text}, **extra}]}


def learned(document: Any, data: bytes | None = None) -> TextFrame:
    """A frame that has seen this event."""
    frame = TextFrame(PATH)
    learn(frame, data or json.dumps(document).encode(), document)
    return frame


def learn(frame: TextFrame, data: bytes, document: Any) -> None:
    """Show the frame an event in its block."""
    frame.learn(b"data: " + data, data, document)


def text_of(frame: TextFrame, data: bytes) -> str | None:
    """What the frame cuts out of this event."""
    return next(iter(frame.texts([b"data: " + data])), None)


@given(st.text(), st.text(), st.booleans())
@example("a", 'quote " backslash \\ newline \n tab \t', False)
@example("a", "\u2028 \x7f \ud83d", True)
@example("a", "\\ \ud83d", False)
def test_text_is_what_the_parser_reads(first: str, second: str, ascii_only: bool) -> None:
    """Every string survives, however it is escaped."""
    data = json.dumps(event(second), ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        expected = json.loads(data.decode())["choices"][0]["delta"]["content"]
    except UnicodeDecodeError:
        expected = None  # half a surrogate pair, written as it is: left to the parser
    assert text_of(learned(event(first)), data) == (expected or None)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(event("a", finish_reason="stop")),
        json.dumps({**event("a"), "error": "x"}),
        json.dumps(event("MIDDLE")).replace(
            "MIDDLE", 'a"}, "finish_reason": "stop", "b": {"c": "d'
        ),
        json.dumps(event("MIDDLE")).replace("MIDDLE", "a\nb"),
        json.dumps(event("MIDDLE")).replace("MIDDLE", "a\\"),
        json.dumps(event("a"))[:-1],
        "[DONE]",
        "",
    ],
)
def test_anything_else_is_left_to_the_parser(data: str) -> None:
    """Other fields, a second string in the middle, broken JSON."""
    assert text_of(learned(event("first")), data.encode()) is None


def test_the_key_inside_another_string_is_not_taken_for_the_text() -> None:
    """A place that only looks right is never learned."""
    document = {**event("a"), "note": '"content": "x"'}
    data = b'{"choices":[{"index":0,"delta":{"content":"a"}}],"id":"x","content":"b"}'
    assert text_of(learned(document), json.dumps(document).encode()) in (None, "a")
    assert text_of(learned(json.loads(data), data), data) in (None, "a")


def test_a_server_that_pads_every_event_differently_stops_the_learning() -> None:
    """What is never of use is not tried for ever; a new frame is learned as long as they are."""
    frame = TextFrame(PATH)
    for number in range(50):
        learn(frame, json.dumps(document := {**event("a"), "pad": number}).encode(), document)
    assert text_of(frame, json.dumps({**event("b"), "pad": 49}).encode()) is None

    frame = TextFrame(PATH)
    for second in range(50):  # such as the time of creation
        document = {**event("a"), "created": second}
        learn(frame, json.dumps(document).encode(), document)
        assert text_of(frame, json.dumps({**event("b"), "created": second}).encode()) == "b"
