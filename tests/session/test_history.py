"""The conversation as the user sees it, and one that the user brings along."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from a3s_code import Attachment, InvalidHistory
from tests.model_server import ModelServer, calls, says, turn
from tests.session.callers import Caller
from tests.session.conftest import NewSession
from tests.session.test_attachments import PNG

BASE64 = base64.b64encode(PNG).decode()
IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": BASE64},
}


def test_the_documented_blocks(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    """Each result is a message of the user's; the system prompt is not part of it."""
    both = turn(says("Two."), calls("ls", id="c1"), calls("read", id="c2", file_path="nowhere"))
    model_server.script(both, says("Done."))
    session = new_session(kind, role="You are Ada.")
    session.send_with_attachments("go", [Attachment.png(PNG)])
    prompt, answer, listed, failed, last = session.history()
    assert prompt == {"role": "user", "content": [IMAGE, {"type": "text", "text": "go"}]}
    assert answer == {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "Two."},
            {"type": "tool_use", "id": "c1", "name": "ls", "input": {}},
            {"type": "tool_use", "id": "c2", "name": "read", "input": {"file_path": "nowhere"}},
        ],
    }
    for message, tool_id, is_error in ((listed, "c1", False), (failed, "c2", True)):
        (block,) = message["content"]
        assert message["role"] == "user"
        assert set(block) == {"type", "tool_use_id", "content", "is_error"}
        assert (block["type"], block["tool_use_id"]) == ("tool_result", tool_id)
        assert block["is_error"] is is_error
    assert last == {"role": "assistant", "content": [{"type": "text", "text": "Done."}]}
    assert "Ada" not in str(session.history())


def test_it_is_a_copy(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(calls("ls", id="c1", path="."), says("Done."))
    session = new_session()
    session.send("go")
    before = session.history()
    changed = session.history()
    changed[1]["content"][0]["input"]["path"] = "elsewhere"
    changed[0]["content"].clear()
    del changed[2:]
    assert session.history() == before


BROUGHT: list[Any] = [
    {"role": "user", "content": [IMAGE, {"type": "text", "text": "look"}]},
    {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "c1", "name": "read", "input": {"file_path": "a"}}],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "c1",
                "content": [{"type": "text", "text": "An image."}, IMAGE],
                "is_error": False,
            }
        ],
    },
    {"role": "assistant", "content": [{"type": "text", "text": "Red."}]},
]


def test_every_block_may_be_brought_along(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    model_server.script(says("Still red."))
    result = new_session(kind).send("and now?", history=BROUGHT)
    assert result.messages[: len(BROUGHT)] == BROUGHT
    assert len(result.messages) == len(BROUGHT) + 2


def test_streams_take_one_too_and_leave_the_own_one_alone(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("Own."), says("Other."))
    session = new_session()
    session.send("mine")
    own = session.history()
    assert list(session.stream("theirs", history=BROUGHT))[-1].text == "Other."
    assert "An image." in str(model_server.requests[1]["messages"])
    assert "mine" not in str(model_server.requests[1]["messages"])
    assert session.history() == own


@pytest.mark.parametrize(
    ("history", "problem"),
    [
        ("hi", "history must be a list of messages, not str"),
        (["hi"], "message 0: a message must be a dict, not str"),
        ([BROUGHT[0], {"role": "system", "content": []}], "message 1: role must be 'user'"),
        ([{"role": "user"}], "message 0: content of a message must be a list"),
        ([{"role": "user", "content": ["hi"]}], "a content block must be a dict, not str"),
        ([{"role": "user", "content": [{"type": "text"}]}], "block of type 'text' has missing"),
        ([{"role": "user", "content": [{"type": "video"}]}], "block of type 'video'"),
    ],
)
def test_what_is_no_history_is_a_type_error_before_anything_is_sent(
    model_server: ModelServer, new_session: NewSession, history: Any, problem: str
) -> None:
    session = new_session()
    for call in (session.send, session.stream):
        with pytest.raises(TypeError, match=r"^Invalid history format: ") as caught:
            call("hi", history=history)
        assert isinstance(caught.value, InvalidHistory)
        assert problem in str(caught.value)
    assert model_server.requests == []


def test_commands_and_side_questions_leave_no_trace(
    model_server: ModelServer, new_session: NewSession, ask: Caller
) -> None:
    model_server.script(says("One."))
    session = new_session()
    ask(session, "hi")
    before = session.history()
    for command in ("/help", "/cost", "/history", "/tools", "/mcp", "/cron-list", "/nosuch"):
        ask(session, command)
    model_server.script(says("Because."), says("Because."))
    session.btw("why?")
    ask(session, "/btw why?")
    assert session.history() == before
