"""The short cut past the JSON parser gives what the parser gives, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from a3s_code.llm.frame import TextFrame

PATH = ("choices", 0, "delta", "content")
READ = frozenset(("choices", "error"))


def event(text: str, **extra: Any) -> dict[str, Any]:
    """A delta as servers write it."""
    return {"id": "x", "choices": [{"index": 0, "delta": {"content": text}, **extra}]}


def padded(text: str, padding: str, key: str = "obfuscation") -> dict[str, Any]:
    """A delta as servers write it that hide the lengths of their texts."""
    return {**event(text), key: padding}


def learned(document: Any, data: bytes | None = None) -> TextFrame:
    """A frame that has seen this event twice: from the first one nothing is learned."""
    frame = TextFrame(PATH, READ)
    for _ in range(2):
        learn(frame, data or json.dumps(document).encode(), document)
    return frame


def learn(frame: TextFrame, data: bytes, document: Any) -> None:
    """Show the frame an event in its block."""
    frame.learn(b"data: " + data, data, document)


def stream(*events: bytes) -> bytes:
    """A body of these events."""
    return b"".join(b"data: %b\n\n" % data for data in events)


def text_of(frame: TextFrame, data: bytes) -> str | None:
    """What the frame cuts out of this event, None when it leaves it to the parser."""
    [(gap, texts, size)] = frame.runs(stream(data), 0)
    assert len(gap) + size == len(stream(data))
    return texts[0] if texts else None


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


_paddings = st.text(max_size=20)


@given(st.lists(st.tuples(st.text(min_size=1), _paddings), min_size=1), st.booleans())
@example([("a", 'x"}'), ('b"}', "")], False)
def test_a_string_of_padding_may_be_any(pairs: list[tuple[str, str]], ascii_only: bool) -> None:
    """The texts of a whole stream, in order; what does not fit is in the gaps, complete."""
    frame = learned(padded("first", "abc"))
    events = [
        json.dumps(padded(*pair), ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        for pair in pairs
    ]
    seen: list[str] = []
    for gap, texts, _ in frame.runs(stream(*events), 0):
        for block in gap.split(b"\n\n"):
            if block:
                text = block.removeprefix(b"data: ").decode("utf-8", "surrogatepass")
                seen.append(json.loads(text)["choices"][0]["delta"]["content"])
        seen += texts
    assert seen == [text for text, _ in pairs]


@pytest.mark.parametrize("padding", ["", "xyzxyz"])
def test_padding_is_cut_short(padding: str) -> None:
    """Whatever its length, in compact JSON and in JSON with blanks."""
    compact = json.dumps(padded("a", "12"), separators=(",", ":")).encode()
    for data in (json.dumps(padded("a", "12")).encode(), compact):
        other = data.replace(b'"12"', b'"%b"' % padding.encode()).replace(b'"a"', b'"b"')
        assert text_of(learned(padded("a", "12"), data), other) == "b"


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
        json.dumps(event("MIDDLE")).replace("MIDDLE", "a\\x"),
        json.dumps(event("a"))[:-1],
        "[DONE]",
        "",
    ],
)
def test_anything_else_is_left_to_the_parser(data: str) -> None:
    """Other fields, a second string in the middle, broken JSON."""
    assert text_of(learned(event("first")), data.encode()) is None


def test_a_string_with_a_meaning_is_no_padding() -> None:
    """Whoever reads it must see it."""
    frame = learned(padded("a", "none", key="error"))
    assert text_of(frame, json.dumps(padded("b", "none", key="error")).encode()) == "b"
    assert text_of(frame, json.dumps(padded("b", "some", key="error")).encode()) is None


def test_a_frame_fits_whole_blocks_only() -> None:
    """A block of two lines is something else, although its second line would fit."""
    frame = learned(event("a"))
    fitting = b"data: " + json.dumps(event("b")).encode()
    body = fitting + b"\n\nevent: error\n" + fitting + b"\n\n" + fitting + b"\n\n"
    runs = list(frame.runs(body, 0))
    assert [(len(run.gap.split(b"\n\n")) - 1, run.texts) for run in runs] == [
        (0, ["b"]),
        (1, ["b"]),
    ]


def test_the_key_inside_another_string_is_not_taken_for_the_text() -> None:
    """A place that only looks right is never learned."""
    document = {**event("a"), "note": '"content": "x"'}
    data = b'{"choices":[{"index":0,"delta":{"content":"a"}}],"id":"x","content":"b"}'
    assert text_of(learned(document), json.dumps(document).encode()) in (None, "a")
    assert text_of(learned(json.loads(data), data), data) in (None, "a")


def test_a_short_answer_is_not_learned_from() -> None:
    """Its only delta has been read already."""
    frame = TextFrame(PATH, READ)
    learn(frame, json.dumps(event("a")).encode(), event("a"))
    assert text_of(frame, json.dumps(event("b")).encode()) is None


def test_a_server_that_writes_every_event_differently_stops_the_learning() -> None:
    """What is never of use is not tried for ever; a new frame is learned as long as they are."""
    frame = TextFrame(PATH, READ)
    for number in range(50):
        learn(frame, json.dumps(document := {"n": number, **event("a")}).encode(), document)
    assert text_of(frame, json.dumps({"n": 49, **event("b")}).encode()) is None

    frame = TextFrame(PATH, READ)
    for second in range(50):  # such as the time of creation
        document = {"created": second, **event("a")}
        learn(frame, json.dumps(document).encode(), document)
        learn(frame, json.dumps(document).encode(), document)
        body = stream(*[json.dumps({"created": second, **event("b")}).encode()] * 20)
        assert [run.texts for run in frame.runs(body, 0)] == [["b"] * 20]
