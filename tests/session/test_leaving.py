"""A prompt that was cancelled or left leaves the session free for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from a3s_code import Session
from tests.model_server import ModelServer, says, wait
from tests.session.conftest import NewSession

TIMES = 10  # whether the end or the next prompt is first is a race


def with_block(session: Session) -> None:
    with session.stream("long") as stream:
        next(event for event in stream if event.event_type == "text_delta")


def explicit_close(session: Session) -> None:
    stream = session.stream("long")
    next(event for event in stream if event.event_type == "text_delta")
    stream.close()


def dropped(session: Session) -> None:
    stream = session.stream("long")
    next(event for event in stream if event.event_type == "text_delta")
    del stream


def cancelled(session: Session) -> None:
    stream = session.stream("long")
    next(event for event in stream if event.event_type == "text_delta")
    assert session.cancel()


@pytest.mark.parametrize("leave", [with_block, explicit_close, dropped, cancelled])
def test_the_next_prompt_needs_no_patience(
    new_session: NewSession, model_server: ModelServer, leave: Callable[[Session], None]
) -> None:
    session = new_session()
    for _ in range(TIMES):
        model_server.script(says("first ", wait(), "never"), says("second"))
        leave(session)
        assert session.send("and now?").text == "second"
    assert session.history()[1]["content"][0]["text"].startswith("first")


def test_a_cancelled_await_needs_no_patience_either(
    new_session: NewSession, model_server: ModelServer
) -> None:
    session = new_session()

    async def main() -> None:
        for number in range(TIMES):
            model_server.script(says("first ", wait(), "never"), says("second"))
            asking = asyncio.create_task(session.asend("long"))
            await asyncio.to_thread(model_server.wait_for_requests, 2 * number + 1)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert (await session.asend("and now?")).text == "second"

    asyncio.run(main())
