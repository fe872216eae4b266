"""The embedded model really answers, through both protocols that the library speaks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from a3s_code.local.server import REQUEST_HEADERS
from a3s_code.local.source import EMBEDDED
from tests.deadlines import PROGRAM_S

pytestmark = pytest.mark.model

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


@pytest.fixture(scope="module")
def client(local):
    """An HTTP client below the server's address that holds both kinds of credentials."""
    headers = {"Authorization": f"Bearer {local.api_key}", "x-api-key": local.api_key}
    headers |= REQUEST_HEADERS
    base_url = asyncio.run(local.base_url(EMBEDDED.model_id))
    with httpx.Client(base_url=base_url, headers=headers, timeout=PROGRAM_S) as client:
        yield client


def stream(client: httpx.Client, path: str, body: dict[str, Any]) -> list[tuple[str, Any]]:
    """The (event, data) pairs of a streamed answer; data is decoded JSON except for `[DONE]`."""
    events: list[tuple[str, Any]] = []
    name = ""
    with client.stream("POST", path, json=body | {"stream": True}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                events.append((name, value if value == "[DONE]" else json.loads(value)))
    return events


def openai_body(**more: object) -> dict[str, Any]:
    messages = [
        {"role": "system", "content": "You answer briefly."},
        {"role": "user", "content": "Name three colours."},
    ]
    body = {"model": EMBEDDED.model_id, "messages": messages, "max_tokens": 60}
    return body | {"stream_options": {"include_usage": True}} | more


def anthropic_body(**more: object) -> dict[str, Any]:
    system = [{"type": "text", "text": "Answer briefly.", "cache_control": {"type": "ephemeral"}}]
    messages = [{"role": "user", "content": [{"type": "text", "text": "Name three colours."}]}]
    body = {"model": EMBEDDED.model_id, "messages": messages, "max_tokens": 60}
    return body | {"system": system} | more


@pytest.mark.parametrize("tools", [False, True])
def test_openai_stream(client, tools):
    function = {"name": "ls", "description": "List a folder.", "parameters": SCHEMA}
    more = {"tools": [{"type": "function", "function": function}]} if tools else {}

    *chunks, (_, done) = stream(client, "/chat/completions", openai_body(**more))

    text = "".join(
        choice["delta"].get("content") or "" for _, chunk in chunks for choice in chunk["choices"]
    )
    finishes = [choice["finish_reason"] for _, chunk in chunks for choice in chunk["choices"]]
    usage = chunks[-1][1]["usage"]
    assert text.strip()
    assert finishes[-1] in ("stop", "length")
    assert set(finishes[:-1]) == {None}
    assert done == "[DONE]"
    assert usage["prompt_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize("tools", [False, True])
def test_anthropic_stream(client, tools):
    tool = {"name": "ls", "description": "List a folder.", "input_schema": SCHEMA}
    more = {"tools": [tool]} if tools else {}

    events = stream(client, "/messages", anthropic_body(**more))

    names = [name for name, _ in events]
    assert all(data["type"] == name for name, data in events)
    assert names[0] == "message_start"
    assert names[-2:] == ["message_delta", "message_stop"]
    text = "".join(
        data["delta"].get("text", "") for name, data in events if name == "content_block_delta"
    )
    assert text.strip()
    assert events[0][1]["message"]["usage"]["input_tokens"] > 0
    assert events[-2][1]["delta"]["stop_reason"] in ("end_turn", "max_tokens")
    assert events[-2][1]["usage"]["output_tokens"] > 0


def test_a_conversation_with_tool_results_is_accepted(client):
    """The template knows no tools, yet a history made with another model must not be an error."""
    call = {"id": "c1", "type": "function", "function": {"name": "ls", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "What is here?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "a.txt"},
    ]

    events = stream(client, "/chat/completions", openai_body(messages=messages))

    assert events[-1][1] == "[DONE]"


def test_the_same_question_at_temperature_zero_gets_the_same_answer(client):
    body = openai_body(temperature=0, max_tokens=10)
    del body["stream_options"]

    answers = [client.post("/chat/completions", json=body).json() for _ in range(2)]

    first, second = (answer["choices"][0]["message"]["content"] for answer in answers)
    assert first == second != ""


def test_a_prompt_beyond_the_window_is_refused_with_its_size(client):
    messages = [{"role": "user", "content": "word " * (EMBEDDED.context_tokens + 500)}]

    response = client.post("/chat/completions", json=openai_body(messages=messages))

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "exceed_context_size_error"
    assert response.json()["error"]["n_ctx"] == EMBEDDED.context_tokens


def test_answers_do_not_tell_where_the_file_lies(client, embedded_file):
    body = client.post("/messages", json=anthropic_body()).text

    assert str(embedded_file.parent) not in body


def test_questions_in_a_row_all_get_answers(client):
    """With kept connections about one in five fails: the server closes them after a stream."""
    for _ in range(15):
        events = stream(client, "/chat/completions", openai_body(max_tokens=2))
        assert events[-1][1] == "[DONE]"
