"""People and front ends that do not answer, or leave. (A killed kernel: `tests/kernel/`.)"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deadlines import DEADLINE_S
from tests.faults.conftest import answers_again
from tests.magics.conftest import StartKernel
from tests.magics.kernel import Screen
from tests.model_server import ModelServer, calls, says
from tests.session.callers import by_stream
from tests.session.conftest import NewSession


@pytest.mark.parametrize(("action", "written"), [("reject", False), ("auto_approve", True)])
def test_nobody_answers_a_question(
    model_server: ModelServer,
    new_session: NewSession,
    kind: str,
    tmp_path: Path,
    action: str,
    written: bool,
) -> None:
    """User: finds the answer, which says that nobody answered in time; the turn has gone on."""
    model_server.script(calls("write", id="c1", file_path="a.txt", content="x"), says("Well."))
    session = new_session(
        kind,
        permissive=None,
        confirmation_policy={
            "enabled": True,
            "default_timeout_ms": 50,
            "timeout_action": action,
        },
    )
    answer = by_stream(session, "go")
    assert answer.text == "Well."
    assert answer.types().count("confirmation_timeout") == 1
    assert (tmp_path / "a.txt").exists() is written
    assert ("timed out waiting for confirmation" in str(session.history())) is not written
    assert session.pending_confirmations() == []
    answers_again(session, model_server, knows="Well.")


def test_a_question_is_answered_after_its_turn(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    """User: presses Approve too late; nothing happens, and nothing is run."""
    model_server.script(calls("write", id="c1", file_path="a.txt", content="x"))
    policy = {"enabled": True, "default_timeout_ms": 60_000}
    session = new_session(permissive=None, confirmation_policy=policy)
    ids = []
    for event in session.stream("go"):
        if event.event_type == "confirmation_required":
            ids.append(event.tool_id)
            session.cancel()
    assert [session.confirm_tool_use(tool_id, True) for tool_id in ids] == [False]
    assert list(tmp_path.iterdir()) == []
    answers_again(session, model_server)


@pytest.mark.kernel
def test_the_front_end_leaves_while_a_question_is_open(
    start_kernel: StartKernel, model_server: ModelServer, workspace: Path
) -> None:
    """User: closes the browser, comes back, presses Stop: the cell ends and the kernel works on.

    The call was neither run nor forgotten: the model is told that it was cancelled.
    """
    kernel = start_kernel(A3S_UI="widgets")
    write = calls("write", id="c1", file_path="a.txt", content="x")
    model_server.script(says("First."), write, says("Here again."))
    kernel.run("%%a3s\nhi", answer="").succeeded()

    message_id = kernel.client.execute("%%a3s\nwrite", allow_stdin=True)
    screen = Screen()
    while not screen.button("Deny"):
        message = kernel.client.get_iopub_msg(timeout=DEADLINE_S)
        if message["parent_header"].get("msg_id") == message_id:
            screen.take(message)
    kernel.client.stop_channels()

    kernel.client = kernel.manager.blocking_client()
    kernel.client.start_channels()
    kernel.manager.interrupt_kernel()
    kernel.client.wait_for_ready(timeout=DEADLINE_S)
    assert kernel.run("6 * 7").succeeded().outputs == [{"text/plain": "42"}]
    assert not (workspace / "a.txt").exists()
    kernel.run("%%a3s\nand now?", answer="").succeeded()
    told = model_server.requests[-1]["messages"]
    assert "First." in str(told)
    assert "Cancelled by the user" in next(m["content"] for m in told if m["role"] == "tool")
