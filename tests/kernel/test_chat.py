"""The `a3s-chat` kernel: cells are prompts, unless they say otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, agent_hcl, says

from .conftest import Kernel, StartKernel

pytestmark = pytest.mark.kernel

PROMPT = "  What does {x} cost in $HOME?\n>>> 1 % 2\n\n'''and \"this\\n"


@pytest.fixture
def chat(start_kernel: StartKernel, tmp_path: Path, model_server: ModelServer) -> Kernel:
    """A chat kernel whose model is scripted."""
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    model_server.answer_with(lambda request: says("Well."))
    return start_kernel(name="a3s-chat")


def sent(server: ModelServer) -> list[Any]:
    """The last message of each request."""
    return [request["messages"][-1]["content"] for request in server.requests]


def test_a_cell_is_sent_as_it_was_typed(chat: Kernel, model_server: ModelServer) -> None:
    """Nothing in it means anything to IPython."""
    chat.run("x = 1")

    ran = chat.run(PROMPT)

    assert ran.reply["status"] == "ok"
    assert sent(model_server) == [PROMPT]


def test_python_cells_say_so(chat: Kernel, model_server: ModelServer) -> None:
    """Values, awaiting, errors with their line, and escapes work as in any kernel."""
    assert chat.run("%%py\nimport asyncio\nx = 20\nx + 1").result == "21"
    assert chat.run("%%py\nawait asyncio.sleep(0, 'done')").result == "'done'"
    failed = chat.run("%%py\n\n1 / 0")
    assert failed.reply["ename"] == "ZeroDivisionError"
    assert "line 3" in str(failed.reply["traceback"])
    assert "42" in chat.run("%timeit -n1 -r1 print(42)").stream("stdout")
    assert "hi" in chat.run("!echo hi").stream("stdout")
    assert chat.run("x?").reply["payload"]
    assert model_server.requests == []


def test_hidden_snippets_of_front_ends_stay_python(chat: Kernel, model_server: ModelServer) -> None:
    """Variable inspectors run code that nobody has typed."""
    chat.run("y = 5")

    hidden = chat.run("y + 1", store_history=False)
    silent = chat.run("z = y", silent=True)
    asked = chat.run("%%py\nz", user_expressions={"v": "z * 2"})

    assert hidden.result == "6"
    assert silent.reply["status"] == "ok"
    assert asked.reply["user_expressions"]["v"]["data"]["text/plain"] == "10"
    assert model_server.requests == []


def test_injected_parameters_are_python(chat: Kernel, model_server: ModelServer) -> None:
    """As papermill writes them."""
    chat.run('# Parameters\nalpha = 0.6\nnames = ["a", "b"]\n')

    assert chat.run("%%py\nalpha, names").result == "(0.6, ['a', 'b'])"
    assert model_server.requests == []


def test_commands_are_answered_without_the_model(chat: Kernel, model_server: ModelServer) -> None:
    """A slash command of the session."""
    ran = chat.run("/help")

    # Painted once, or also before its end was known: one output in either case.
    first, *updates = (m for m in ran.messages if "display_data" in m["msg_type"])
    assert {m["msg_type"] for m in updates} <= {"update_display_data"}
    data = [first, *updates][-1]["content"]["data"]
    listed, _status = data["text/plain"].rsplit("\n\n", 1)
    assert "/compact" in listed
    assert f"```text\n{listed}\n```" in data["text/markdown"], "its lines stay lines"
    assert model_server.requests == []


def test_prompts_are_no_python_cells(chat: Kernel) -> None:
    """What the agent is told of the notebook: the user's own cells and the error of one of them."""
    chat.run("%%py\n1 / 0")
    chat.run(
        "%%py\nclass Broken:\n    def _repr_png_(self):\n        raise OSError\nbroken = Broken()"
    )
    assert chat.run("Look at @broken").reply["ename"] == "UsageError"
    long = chat.run("Well? " * 2000)
    assert long.reply["status"] == "ok"

    cells = chat.run("%%py\nprint(get_ipython().run_line_magic('a3s_cells', '').output)")
    error = chat.run("%%py\nprint(get_ipython().run_line_magic('a3s_last_error', '').output)")

    told = cells.stream("stdout")
    assert "[3] (a prompt to you)\n\n[4] (a prompt to you)" in told
    assert "Look at" not in told
    assert error.stream("stdout").startswith("Cell [1]:\n%%py\n1 / 0\n\nTraceback")


def test_history_holds_what_was_typed(chat: Kernel) -> None:
    """Up brings back the prompt, in a console too."""
    cells = ["hello you", "%%py\n1"]
    for cell in cells:
        chat.run(cell)

    reply = chat.client.history(
        raw=True, output=False, hist_access_type="tail", n=2, reply=True, timeout=DEADLINE_S
    )

    assert [entry[2] for entry in reply["content"]["history"]] == cells


def test_the_mode_can_be_changed(chat: Kernel, model_server: ModelServer) -> None:
    """Both ways, in the running kernel; what is no mode is refused."""
    chat.run("%%py\nget_ipython().kernel.a3s_mode = 'python'")
    assert chat.run("6 * 7").result == "42"
    refused = chat.run("get_ipython().kernel.a3s_mode = 'poetry'")
    chat.run("get_ipython().kernel.a3s_mode = 'prompt'")
    chat.run("6 * 7")

    assert refused.reply["ename"] == "ValueError"
    assert sent(model_server) == ["6 * 7"]


def test_tab_and_help_know_prose(chat: Kernel, tmp_path: Path) -> None:
    """Commands, variables and paths; no Python, which `%%py` cells have."""
    (tmp_path / "zipped.txt").touch()
    chat.run("%%py\nzeta = 3")

    def complete(code: str) -> Any:
        reply = chat.client.complete(code, reply=True, timeout=DEADLINE_S)["content"]
        return reply["matches"], reply["cursor_start"], reply["cursor_end"]

    assert complete("open zi") == (["zipped.txt"], 5, 7)
    assert complete("open @ze") == (["@zeta"], 5, 8)
    assert "/help" in complete("/he")[0]
    assert "zeta" in complete("%%py\nze")[0]

    def inspect(code: str) -> Any:
        return chat.client.inspect(code, reply=True, timeout=DEADLINE_S)["content"]

    assert not inspect("open zip")["found"]
    assert "int" in inspect("what is @zeta")["data"]["text/plain"]
    assert inspect("%%py\nzip")["found"]


def test_the_environment_chooses_the_mode(start_kernel: StartKernel) -> None:
    """Also for the plain kernel; an unknown mode leaves Python."""
    chatting = start_kernel({"A3S_MODE": "prompt"})
    plain = start_kernel({"A3S_MODE": "poetry"})

    assert chatting.run("%%py\nget_ipython().kernel.a3s_mode").result == "'prompt'"
    assert plain.run("get_ipython().kernel.a3s_mode").result == "'python'"
    banner = chatting.client.kernel_info(reply=True, timeout=DEADLINE_S)["content"]["banner"]
    assert "%%py" in banner


def test_cells_that_run_inside_of_a_turn_are_python(
    chat: Kernel, model_server: ModelServer
) -> None:
    """Only what a person has typed is a prompt, not what code runs meanwhile."""
    chat.run(
        "%%py\n"
        "shell, inner = get_ipython(), []\n"
        "def ask(_info):\n"
        "    shell.events.unregister('pre_run_cell', ask)\n"
        "    inner.append(shell.run_cell('six = 6').success)\n"
        "shell.events.register('pre_run_cell', ask)"
    )
    chat.run("hello")

    assert chat.run("%%py\ninner, six").result == "([True], 6)"
    assert sent(model_server) == ["hello"]
