"""Servers that refuse everybody for a while, and wall clocks that jump."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from a3s_code import Agent, FileSessionStore, Retrying
from tests.faults.conftest import answers_again
from tests.model_server import ModelServer, Reply, agent_hcl, calls, says, status
from tests.session.callers import by_send, by_stream
from tests.session.conftest import NewSession

# -- 429 -------------------------------------------------------------------------------------------

SESSIONS, REFUSALS = 20, 2


class Storm:
    """Refuses every prompt `REFUSALS` times, whoever it comes from."""

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reply(self, body: dict[str, object]) -> Reply:
        with self._lock:
            prompt = str(body["messages"])
            self._asked[prompt] += 1
            if self._asked[prompt] <= REFUSALS:
                return status(429, retry_after=0.01)
        return says("At last.")


def test_a_storm_of_429_over_many_sessions(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    """User: each wait is announced with its length; everybody gets one answer in the end."""
    model_server.answer_with(Storm().reply)
    sessions = [new_session(kind) for _ in range(SESSIONS)]
    with ThreadPoolExecutor(SESSIONS) as pool:
        found = list(pool.map(by_stream, sessions, (f"prompt {n}" for n in range(SESSIONS))))
    assert [answer.text for answer in found] == ["At last."] * SESSIONS
    for answer in found:
        waits = [event for event in answer.events if isinstance(event, Retrying)]
        assert [(wait.attempt, wait.status, wait.delay_ms) for wait in waits] == [
            (2, 429, 10),
            (3, 429, 10),
        ]
    answers_again(sessions[0], model_server, knows="At last.")


def test_a_storm_that_does_not_end(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    """User: after four attempts one line with the status and the server's words; nothing changed."""
    model_server.answer_with(lambda _: status(429, retry_after=0.001, body="slow down, please"))
    session = new_session(kind)
    answer = by_stream(session, "hi")
    assert answer.error_type == "ModelRefused"
    for fact in ("gave up after 4 attempts", "429", "slow down, please", model_server.url):
        assert fact in answer.error
    assert (len(model_server.requests), session.history()) == (4, [])
    answers_again(session, model_server)


def test_a_long_wait_is_announced_and_can_be_cancelled(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    """User: sees "waits 300 s" and presses Cancel; the turn ends at once."""
    model_server.script(status(429, retry_after=300))
    session = new_session(kind)
    events = []
    for event in session.stream("hi"):
        events.append(event)
        if isinstance(event, Retrying):
            assert event.delay_ms == 300_000
            session.cancel()
    assert events[-1].cancelled
    answers_again(session, model_server)


@pytest.mark.parametrize("wish", ["-5", "0", "1e9", "301", "soon", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_an_absurd_wish_is_not_granted(
    model_server: ModelServer, new_session: NewSession, wish: str
) -> None:
    """User: waits as long as without the header; no server can stop a session for a day."""
    model_server.script(status(429, retry_after=wish), says("Here."))
    session = new_session()
    answer = by_stream(session, "hi")
    assert answer.text == "Here."
    (wait,) = (event for event in answer.events if isinstance(event, Retrying))
    assert wait.delay_ms < 1000
    answers_again(session, model_server)


# -- clocks ----------------------------------------------------------------------------------------

YEARS_S = 10 * 365 * 24 * 3600


class WallClock:
    """The wall clock, which a test may set; only the system's owner can set the real one."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ahead_s = 0
        seconds, nanoseconds = time.time, time.time_ns
        patch.setattr(time, "time", lambda: seconds() + self.ahead_s)
        patch.setattr(time, "time_ns", lambda: nanoseconds() + self.ahead_s * 10**9)


@pytest.fixture(params=[YEARS_S, -YEARS_S], ids=["forward", "back"])
def jump_s(request: pytest.FixtureRequest) -> int:
    """Ten years in either direction."""
    return int(request.param)


def test_waiting_does_not_depend_on_the_wall_clock(
    model_server: ModelServer,
    new_session: NewSession,
    monkeypatch: pytest.MonkeyPatch,
    jump_s: int,
) -> None:
    """User: sees nothing of it. The retry still comes, and the open question stays open."""
    clock = WallClock(monkeypatch)
    model_server.script(status(429, retry_after=0.05), calls("ls", id="c1"), says("Listed."))
    session = new_session(
        permissive=None,
        tool_timeout_ms=60_000,
        confirmation_policy={"enabled": True, "default_timeout_ms": 60_000},
    )
    types = []
    for event in session.stream("hi"):
        types.append(event.event_type)
        if event.event_type == "retrying":
            clock.ahead_s += jump_s
        if event.event_type == "confirmation_required":
            clock.ahead_s += jump_s
            (question,) = session.pending_confirmations()
            assert 0 < question["remaining_ms"] <= 60_000
            assert session.confirm_tool_use(event.tool_id, True)
    assert (types[-1], types.count("retrying"), types.count("confirmation_timeout")) == (
        "end",
        1,
        0,
    )
    answers_again(session, model_server, knows="Listed.")


def test_a_saved_session_may_come_from_another_time(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    jump_s: int,
) -> None:
    """User: sees nothing of it. Every turn is kept, whatever the order of the times."""
    clock = WallClock(monkeypatch)
    store = FileSessionStore(str(tmp_path / "sessions"))
    session = new_session(session_store=store, session_id="s", auto_save=True)
    for number in range(3):
        model_server.script(says(f"Answer {number}."))
        by_send(session, f"prompt {number}")
        clock.ahead_s += jump_s * (-1) ** number
    session.close()
    again = Agent.create(agent_hcl(model_server)).resume_session("s", session_store=store)
    with again:
        assert len(again.history()) == 6
        answers_again(again, model_server, knows="Answer 2.")


def test_a_schedule_counts_time_that_passes(
    model_server: ModelServer,
    new_session: NewSession,
    monkeypatch: pytest.MonkeyPatch,
    jump_s: int,
) -> None:
    """User: sees nothing of it. A prompt for every hour is not asked because the clock was set."""
    clock = WallClock(monkeypatch)
    session = new_session()
    session.send("/loop 1h look around")
    model_server.script(says("Asked once."), says("Asked for again."))
    clock.ahead_s += jump_s
    assert session.send("hi").text == "Asked once."
    assert len(model_server.requests) == 1
    assert not session.busy
