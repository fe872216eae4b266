"""Questions to a person, as a session puts them."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from a3s_code import ConfirmationPolicy, InvalidArgument, PermissionPolicy, Session
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, calls, says
from tests.session.callers import by_stream
from tests.session.conftest import NewSession

ASKING = ConfirmationPolicy(enabled=True, default_timeout_ms=60_000)


def asking(new_session: NewSession, model_server: ModelServer, **options: Any) -> Session:
    """A session whose model wants to run a command and then says so."""
    model_server.script(calls("bash", id="c1", command="touch made"), says("Done."))
    return new_session(**{"permissive": None, "confirmation_policy": ASKING, **options})


@pytest.mark.parametrize(
    "options",
    [
        {"confirmation_policy": ConfirmationPolicy()},
        {"confirmation_policy": ConfirmationPolicy(enabled=True, yolo_lanes=["execute"])},
        {"permission_policy": PermissionPolicy(allow=["bash"])},
        {"permissive": True, "permission_policy": PermissionPolicy(ask=["bash"])},
    ],
    ids=["not enabled", "lane that is free", "allowed", "permissive"],
)
def test_nobody_is_asked(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, options: dict[str, Any]
) -> None:
    answer = by_stream(asking(new_session, model_server, **options), "go")
    assert (tmp_path / "made").exists()
    assert "confirmation_required" not in answer.types()


def test_what_is_denied_is_denied_to_a_permissive_session_too(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    policy = PermissionPolicy(deny=["bash"])
    session = asking(new_session, model_server, permissive=True, permission_policy=policy)
    assert "permission_denied" in by_stream(session, "go").types()
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.parametrize("where", ["loop", "thread"])
def test_an_answer_given_over_the_stream(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, approved: bool, where: str
) -> None:
    """Inside of the loop over the events, or from another thread."""
    session = asking(new_session, model_server)
    events = []
    for event in session.stream("go"):
        events.append(event)
        if event.event_type == "confirmation_required":
            assert (event.tool_name, event.timeout_ms) == ("bash", 60_000)
            answer = ("c1", approved, "not today")
            if where == "loop":
                assert session.confirm_tool_use(*answer)
            else:
                threading.Thread(target=session.confirm_tool_use, args=answer).start()
    (received,) = (e for e in events if e.event_type == "confirmation_received")
    assert (received.tool_id, received.approved, received.reason) == ("c1", approved, "not today")
    (end,) = (e for e in events if e.event_type == "tool_end")
    assert (tmp_path / "made").exists() is approved
    rejection = "Tool 'bash' execution was rejected by user. Reason: not today"
    assert end.tool_output.startswith(rejection) is not approved
    assert events[-1].text == "Done."


@pytest.mark.parametrize("approved", [True, False])
def test_the_time_of_a_call_is_without_that_of_the_person(
    model_server: ModelServer, new_session: NewSession, approved: bool
) -> None:
    session = asking(new_session, model_server)
    answered, since_ms = 0.0, 0.0
    for event in session.stream("go"):
        if event.event_type == "confirmation_required":
            threading.Event().wait(0.2)  # the person thinks
            answered = time.monotonic()
            session.confirm_tool_use("c1", approved)
        elif event.event_type == "tool_end":
            since_ms = (time.monotonic() - answered) * 1000
            assert event.duration_ms <= (since_ms + 1 if approved else 0)
    assert since_ms


def test_a_question_comes_before_the_work(
    model_server: ModelServer, new_session: NewSession
) -> None:
    """After the start of the call, and before anything of its output."""
    model_server.script(calls("bash", id="c1", command="echo one"), says("Done."))
    session = new_session(permissive=None, confirmation_policy=ASKING)
    types = []
    for event in session.stream("go"):
        if event.tool_id is not None and event.event_type != "tool_input_delta":
            types.append(event.event_type)
        if event.event_type == "confirmation_required":
            assert event.args == {"command": "echo one"}
            session.confirm_tool_use("c1", True)
    assert types == [
        "tool_start",
        "confirmation_required",
        "confirmation_received",
        "tool_output_delta",
        "tool_end",
    ]


def test_the_boundary_holds_for_what_was_approved_too(
    model_server: ModelServer, new_session: NewSession
) -> None:
    """It comes last, so a rule about such a path has its own say."""
    model_server.script(
        calls("read", file_path="../other"), calls("ls", path="../denied"), says("Done.")
    )
    policy = PermissionPolicy(ask=["read"], deny=["ls"])
    session = new_session(permissive=None, permission_policy=policy, confirmation_policy=ASKING)
    asked, outputs = [], []
    for event in session.stream("go"):
        if event.event_type == "confirmation_required":
            asked.append(event.tool_name)
            session.confirm_tool_use(event.tool_id, True)
        if event.event_type == "tool_end":
            outputs.append(event.tool_output)
    assert asked == ["read"]
    assert outputs == [
        "Workspace boundary violation: tool 'read' path '../other' escapes workspace",
        "Permission denied: Tool 'ls' is blocked by permission policy.",
    ]


def test_a_policy_may_be_given_under_its_older_name(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    session = asking(
        new_session, model_server, confirmation_policy=None, confirmation_manager=ASKING
    )
    for event in session.stream("go"):
        if event.event_type == "confirmation_required":
            assert event.timeout_ms == 60_000
            session.confirm_tool_use("c1", True)
    assert (tmp_path / "made").exists()
    with pytest.raises(InvalidArgument, match="confirmation_policy or confirmation_manager"):
        new_session(confirmation_policy=ASKING, confirmation_manager=ASKING)


def test_all_that_is_pending_can_be_rejected_at_once(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    session = asking(new_session, model_server)
    assert session.cancel_confirmations() == 0
    rejected = [
        session.cancel_confirmations()
        for event in session.stream("go")
        if event.event_type == "confirmation_required"
    ]
    assert rejected == [1]
    assert not (tmp_path / "made").exists()


def test_closing_rejects_what_is_pending(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    session = asking(new_session, model_server)
    stream = session.stream("go")
    asked = threading.Event()

    def follow() -> None:
        for event in stream:
            if event.event_type == "confirmation_required":
                asked.set()

    follower = threading.Thread(target=follow)
    follower.start()
    assert asked.wait(DEADLINE_S)
    session.close()
    follower.join(DEADLINE_S)
    assert not follower.is_alive()
    assert session.pending_confirmations() == []
    assert not (tmp_path / "made").exists()


def test_the_time_that_ran_out_is_told_to_the_model(
    model_server: ModelServer, new_session: NewSession
) -> None:
    policy = ConfirmationPolicy(enabled=True, default_timeout_ms=20)
    answer = by_stream(asking(new_session, model_server, confirmation_policy=policy), "go")
    (end,) = (event for event in answer.events if event.event_type == "tool_end")
    assert end.tool_output == (
        "Tool 'bash' execution timed out waiting for confirmation (20ms). Execution rejected."
    )
    assert end.exit_code == 1


def test_a_direct_call_is_never_asked_about(new_session: NewSession) -> None:
    policy = PermissionPolicy(ask=["bash"])
    session = new_session(permissive=None, permission_policy=policy, confirmation_policy=ASKING)
    assert session.bash("echo hi") == "hi\n"
