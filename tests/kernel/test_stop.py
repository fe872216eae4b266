"""Stop in a chat notebook: with a question open, pressed twice, and in the middle of Run All."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.deadlines import DEADLINE_S
from tests.magics.kernel import RECORD, Kernel, Message, Screen, once
from tests.model_server import ModelServer, agent_hcl, calls, says, wait

from .conftest import StartKernel

pytestmark = [pytest.mark.kernel, pytest.mark.versions]

# A tool of the host that does not care about being cancelled, until a file sets it free.
STUBBORN = """%%py
import asyncio, pathlib
import a3s_magics
async def stubborn() -> str:
    '''Does not stop.'''
    while not pathlib.Path('free').exists():
        try:
            pathlib.Path('started').touch()
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            pathlib.Path('refused').touch()
    return 'done'
a3s_magics.current_session().register_tool(stubborn)
"""


@pytest.fixture
def chat(start_kernel: StartKernel, tmp_path: Path, model_server: ModelServer) -> Kernel:
    """A chat kernel for a notebook that somebody looks at."""
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    (tmp_path / "one.ipynb").write_text("{}", "utf-8")
    started = start_kernel(
        {"JPY_SESSION_NAME": str(tmp_path / "one.ipynb"), "A3S_UI": "widgets"}, "a3s-chat"
    )
    return Kernel(started.manager, started.client)


def test_stop_while_a_question_is_open(
    chat: Kernel, model_server: ModelServer, tmp_path: Path
) -> None:
    """The call is not run, the cell ends in one line, and the model is told with the next prompt."""
    model_server.script(calls("bash", command="touch ran", id="c1"), says("All right."))
    stop = once(
        lambda screen: screen.button("Deny"), lambda _screen: chat.manager.interrupt_kernel()
    )

    screen = chat.run("make it", stop, answer="")

    assert (screen.reply["ename"], len(screen.errors[0]["traceback"])) == ("TurnCancelled", 1)
    chat.wait_until_closed(screen)
    assert not (tmp_path / "ran").exists()
    chat.run("go on", answer="").succeeded()
    told = [m for m in model_server.requests[1]["messages"] if m["role"] != "system"]
    assert [m["role"] for m in told] == ["user", "assistant", "tool", "user"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_signal_stops_like_a_message(chat: Kernel, model_server: ModelServer) -> None:
    """As a kernel manager sends it that does not look at the spec's `interrupt_mode`."""
    model_server.script(says("half", wait(), " never"), says("fine"))
    pid = chat.manager.provisioner.pid
    stop = once(lambda screen: "half" in screen.shown, lambda _: os.kill(pid, signal.SIGINT))

    screen = chat.run("one", stop, answer="")

    assert screen.reply["ename"] == "TurnCancelled"
    assert screen.record["text"] == "half"
    chat.run("two", answer="").succeeded()


def test_a_second_press_leaves_a_turn_that_does_not_end(
    chat: Kernel, model_server: ModelServer, tmp_path: Path
) -> None:
    """The first asks it to end, the second does not wait for that; the kernel stays usable."""
    model_server.script(calls("stubborn"), says("Here I am."))
    chat.run(STUBBORN).succeeded()

    presses = ["started", "refused"]

    def press_twice(screen: Screen, _message: Message) -> None:
        if presses and (tmp_path / presses[0]).exists():  # the clock in the view ticks on
            del presses[0]
            chat.manager.interrupt_kernel()
        if any(RECORD in output for output in screen.outputs):  # the cell has left the turn
            (tmp_path / "free").touch()

    screen = chat.run("%%a3s --yes\nuse it", press_twice, answer="")

    assert screen.reply["ename"] == "TurnCancelled"
    assert "interrupted twice" in screen.reply["evalue"]
    assert chat.run("%%py\n6 * 7").succeeded().outputs == [{"text/plain": "42"}]
    chat.run("still there?", answer="").succeeded()


def test_run_all_stops_at_the_cancelled_cell(chat: Kernel, model_server: ModelServer) -> None:
    """What was queued behind it is not run; what a person runs afterwards is."""
    model_server.script(says("half", wait(), " never"), says("fine"))
    client = chat.client
    cells = [client.execute(code) for code in ("one", "two", "%%py\nprint('three')")]

    while "half" not in str(client.get_iopub_msg(timeout=DEADLINE_S)["content"].get("data")):
        pass
    chat.manager.interrupt_kernel()

    replies = {}
    while not set(cells) <= set(replies):
        reply = client.get_shell_msg(timeout=DEADLINE_S)
        replies[reply["parent_header"]["msg_id"]] = reply["content"]
    first, *others = (replies[cell] for cell in cells)
    assert first["ename"] == "TurnCancelled"
    assert [other["status"] for other in others] == ["aborted", "aborted"]
    chat.run("four", answer="").succeeded()
    told = [m["content"] for m in model_server.requests[1]["messages"] if m["role"] != "system"]
    assert told == ["one", "half", "four"]
