"""Two hundred interrupts at random moments of turns that stream."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, Reply, agent_hcl, says, wait

from .cells import Ran
from .conftest import Kernel, StartKernel

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

INTERRUPTS = 200
LATEST_S = 0.06
RECORD = "application/vnd.a3s.turn+json"
EARLY = "before anything was sent"
# Long enough to be interrupted, and each place in it is recognisable.
ANSWER = " ".join(f"word{number}" for number in range(4000))


def texts_of(ran: Ran) -> list[str]:
    """The answer as the cell's output keeps it; none when the turn did not begin."""
    return [
        str(m["content"]["data"][RECORD]["text"])
        for m in ran.messages
        if m["msg_type"] == "display_data" and RECORD in m["content"]["data"]
    ]


def said(request: dict[str, Any]) -> list[str]:
    """The former answers that the model was told."""
    return [m["content"] for m in request["messages"] if m["role"] == "assistant"]


def requests_of(server: ModelServer, prompt: str) -> list[dict[str, Any]]:
    """The requests that end in this prompt: none, or one."""
    return [r for r in list(server.requests) if r["messages"][-1]["content"] == prompt]


def wait_for_request(server: ModelServer, prompt: str) -> None:
    """Return when the model was asked this."""
    seen = len(server.requests)
    while not requests_of(server, prompt):
        server.wait_for_requests(seen + 1)
        seen = len(server.requests)


def run_and_stop(
    kernel: Kernel, code: str, moment_s: float, began: Callable[[], object] = bool
) -> Ran:
    """Run a cell and press Stop once, that long after it began and `began` has returned.

    Returns when the kernel has also answered that: it does so on a channel of its own, and what comes
    too late for this cell would stop the next one.
    """
    client, pressed = kernel.client, False

    def press(message: dict[str, Any]) -> None:
        nonlocal pressed
        if not pressed and message["msg_type"] == "execute_input":
            pressed = True
            began()
            time.sleep(moment_s)  # no synchronisation: the moment itself is what is tried out
            client.control_channel.send(client.session.msg("interrupt_request", {}))

    ran = kernel.run(code, on_message=press)
    assert client.get_control_msg(timeout=DEADLINE_S)["content"]["status"] == "ok"
    return ran


def test_interrupts_lose_no_answer_and_leave_a_usable_kernel(
    start_kernel: StartKernel, tmp_path: Path, model_server: ModelServer
) -> None:
    """Each partial answer is in its output and in the next request, wherever Stop came.

    Every other turn waits for it: however slow or quick the machine, Stop is what ends that one.
    """
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    waiting = [f"prompt {number}" for number in range(0, INTERRUPTS, 2)]

    def answer(request: dict[str, Any]) -> Reply:
        gate = [wait()] if request["messages"][-1]["content"] in waiting else []
        return says(ANSWER, *gate, size=40)

    model_server.answer_with(answer)
    kernel = start_kernel({"A3S_UI": "final"})
    chance = random.Random(20)
    answers: list[str] = []

    for number in range(INTERRUPTS):
        if len(answers) == 8:  # keep the conversation, and with it the requests, short
            assert kernel.run("%a3s reset").reply["status"] == "ok"
            answers = []
        prompt, moment_s = f"prompt {number}", chance.uniform(0, LATEST_S)
        began = [partial(wait_for_request, model_server, prompt)] if prompt in waiting else []
        ran = run_and_stop(kernel, f"%%a3s\n{prompt}", moment_s, *began)

        ending = ran.reply.get("ename", "ok")
        assert ending == "TurnCancelled" or prompt not in waiting, ran.reply
        assert ending in ("ok", "TurnCancelled", "KeyboardInterrupt"), ran.reply
        for request in requests_of(model_server, f"prompt {number}"):
            assert said(request) == answers
        shown = texts_of(ran)
        assert len(shown) == (ending != "KeyboardInterrupt" and EARLY not in str(ran.reply))
        assert all(map(ANSWER.startswith, shown))
        answers += [text for text in shown if text]

    assert kernel.run("6 * 7").result == "42"
    assert texts_of(kernel.run("%%a3s\nthe last one")) == [ANSWER]
    assert said(model_server.requests[-1]) == answers
