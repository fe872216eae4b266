"""What can be said for one prompt only, and what a host asks before it sends one."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from a3s_code import Agent, Attachment, InvalidArgument, Session
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, agent_hcl, calls, says

PNG = b"\x89PNG\r\n\x1a\n" + b"rest of an image"


@pytest.fixture
def session(model_server: ModelServer, tmp_path: Path) -> Session:
    return Agent.create(agent_hcl(model_server)).session(tmp_path, permissive=True)


def test_a_limit_of_rounds_holds_for_its_prompt(
    session: Session, model_server: ModelServer
) -> None:
    model_server.script(calls("ls"), calls("ls"), calls("ls"), says("done"))

    limited = list(session.stream("one", max_rounds=2))
    assert limited[-1].event_type == "end"
    assert len(model_server.requests) == 2

    list(session.stream("two"))
    assert len(model_server.requests) == 4


@pytest.mark.parametrize("rounds", [0, -1, True, "3"])
def test_a_limit_that_is_none_is_refused(session: Session, rounds: object) -> None:
    with pytest.raises(InvalidArgument, match="max_rounds"):
        session.stream("hi", max_rounds=rounds)  # type: ignore[arg-type]
    assert not session.busy


def test_whether_images_are_accepted_is_known_beforehand(
    session: Session, model_server: ModelServer, tmp_path: Path
) -> None:
    assert session.accepts_images

    blind = agent_hcl(model_server).replace("attachment = true", "")
    assert not Agent.create(blind).session(tmp_path).accepts_images


def test_a_registered_tool_can_be_taken_back(session: Session) -> None:
    def greet(name: str) -> str:
        """Greet."""
        return f"Hello {name}"

    session.register_tool(greet)
    assert session.unregister_tool("greet")
    assert "greet" not in session.tool_names()
    assert not session.unregister_tool("greet")
    with pytest.raises(InvalidArgument, match="bash"):
        session.unregister_tool("bash")


def test_the_first_bytes_tell_an_attachments_type() -> None:
    assert Attachment.from_bytes(PNG) == Attachment.png(PNG)
    with pytest.raises(InvalidArgument):
        Attachment.from_bytes(b"no image at all")


def test_a_tool_that_ends_in_order_when_cancelled_keeps_its_result(
    session: Session, model_server: ModelServer
) -> None:
    running = threading.Event()

    async def careful() -> str:
        """Work until cancelled."""
        running.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return "half of it is done"
        return "all of it"

    session.register_tool(careful)
    model_server.script(calls("careful"), says("never asked for"))

    events = session.stream("go")
    assert running.wait(DEADLINE_S)
    assert session.cancel()

    assert list(events)[-1].cancelled
    assert session.history()[-1]["content"][0]["content"] == "half of it is done"
    assert len(model_server.requests) == 1
