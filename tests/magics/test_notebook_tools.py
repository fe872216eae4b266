"""The agent's tools on the notebook: variables, cells, the last error, Python; and how they stop."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from a3s_magics.cell_thread import CellThread
from a3s_magics.outline import outline
from tests.magics.conftest import StartKernel, bundles
from tests.magics.kernel import Screen, once
from tests.magics.test_attach import png, sent
from tests.magics.test_control import said
from tests.magics.test_shell import complaint, run
from tests.model_server import ModelServer, agent_hcl, calls, says

KEY = "sk-" + "k" * 30


def result(server: ModelServer, request: int = 1) -> str:
    """The tool's result as the model got it."""
    messages = server.requests[request]["messages"]
    return str([message for message in messages if message["role"] == "tool"][-1]["content"])


def ask(shell: InteractiveShell, server: ModelServer, tool: str, **args: Any) -> str:
    """What the model is told when it calls the tool."""
    server.script(calls(tool, **args), says("Thanks."))
    run(shell, "%%a3s --yes\ngo")
    return result(server, len(server.requests) - 1)


# -- python ----------------------------------------------------------------------------------------


def test_python_runs_in_the_namespace_and_in_the_thread_of_the_cell(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    run(loaded, "import threading; x = 20")
    before = (loaded.execution_count, len(loaded.user_ns["In"]))

    code = "y = x + 1\nprint('printed')\nwho = threading.current_thread()\ny * 2"
    told = ask(loaded, model_server, "python", code=code)

    assert told == "printed\n42"
    assert loaded.user_ns["y"] == 21
    assert loaded.user_ns["who"] is threading.current_thread()
    assert (loaded.execution_count, len(loaded.user_ns["In"])) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("pass", "(no output)"),
        ("None", "(no output)"),
        ("1 + 1;", "(no output)"),
        ("'text'", "'text'"),
        ("import sys; print('a'); print('b', file=sys.stderr); 'c'", "a\nb\n'c'"),
        ("display('shown'); print('then')", "'shown'\nthen"),
        ("%who_ls nothing", "[]"),
        (f"print({KEY!r})", "[key]"),
    ],
)
def test_what_python_says(
    loaded: InteractiveShell, model_server: ModelServer, code: str, told: str
) -> None:
    run(loaded, "from IPython.display import display")
    assert ask(loaded, model_server, "python", code=code) == told


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("a = 1\nb = a / 0", "ZeroDivisionError: division by zero"),
        ("def (", "SyntaxError: invalid syntax"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_what_python_raises_is_told_and_ends_nothing(
    loaded: InteractiveShell, model_server: ModelServer, code: str, line: str
) -> None:
    model_server.script(calls("python", code=f"print('before')\n{code}"), says("I see."))
    loaded.run_cell("%%a3s --yes\ngo")

    messages = loaded.magics_manager.registry["A3SMagics"]._get_home().started.history()
    (told,) = (
        block["content"]
        for message in messages
        for block in message["content"]
        if block["type"] == "tool_result"
    )
    assert line in told
    assert "interactiveshell" not in told
    if not code.startswith("def"):
        assert told.startswith("before\n")
    run(loaded, "1 + 1")


def test_images_of_python_code_are_seen_by_model_and_user(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    loaded.user_ns["data"] = png()
    run(loaded, "from IPython.display import Image, display")
    code = "display(Image(data=data)); Image(data=data)"
    model_server.script(calls("python", code=code), says("Red."))

    run(loaded, "%%a3s --yes\nplot it")

    assert sent(model_server, 1)[0] == [png(), png()]
    assert ["image/png" in bundle for bundle in bundles(loaded)] == [True, True, False]
    assert len(run(loaded, "%a3s images")) == 2


def test_a_model_without_vision_is_told_that_there_are_images(
    loaded: InteractiveShell, model_server: ModelServer, workspace: Any
) -> None:
    (workspace / "agent.hcl").write_text(
        agent_hcl(model_server).replace("attachment = true", ""), "utf-8"
    )
    loaded.user_ns["data"] = png()
    run(loaded, "from IPython.display import Image")

    told = ask(loaded, model_server, "python", code="Image(data=data)")

    assert "(1 image, shown to the user" in told
    assert "base64" not in str(model_server.requests)


def test_a_flood_of_output_is_cut(loaded: InteractiveShell, model_server: ModelServer) -> None:
    told = ask(loaded, model_server, "python", code="print('x' * 1_000_000)")

    assert 20_000 < len(told) < 40_000
    assert "characters left out" in told


def test_python_asks_first(loaded: InteractiveShell, model_server: ModelServer) -> None:
    model_server.script(calls("python", code="done = True"), says("No."))

    run(loaded, "%%a3s\ngo")

    assert "done" not in loaded.user_ns
    assert "nobody can be asked" in result(model_server)


# -- looking ---------------------------------------------------------------------------------------


def test_looking_does_not_ask(loaded: InteractiveShell, model_server: ModelServer) -> None:
    run(loaded, "secret_number = 987654; text = 'confidential'; import math\ndef f(a, b=5): ...")
    model_server.script(
        calls("variables"), calls("cells"), calls("last_error"), says("I have looked.")
    )
    run(loaded, "%%a3s\nlook")

    told = result(model_server, 1)
    assert "secret_number: int\n" in told
    assert "text: str, 12 characters" in told
    assert "math: module math" in told
    assert "f: function f(a, b)" in told
    assert "987654" not in told
    assert "confidential" not in told
    assert "In:" not in told
    assert result(model_server, 3) == "No cell has failed so far."


def test_tables_and_arrays_are_told_without_values(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    pytest.importorskip("pandas")
    run(
        loaded,
        "import numpy as np, pandas as pd\n"
        "a = np.full((3, 2), 77.5); df = pd.DataFrame({'c': [77.5, None], 'd': ['77', '78']})\n"
        "s = df['c']; few = [77, 78]",
    )
    told = ask(loaded, model_server, "variables")

    assert "a: numpy ndarray, shape (3, 2), float64" in told
    assert "df: pandas DataFrame, 2 rows x 2 columns" in told
    assert "- c: float64, 1 null" in told
    assert "s: pandas Series, 2 rows, float64, 1 null" in told
    assert "few: list, 2 items" in told
    assert "77" not in told


def test_one_of_a_kind_has_no_s() -> None:
    assert [outline(value) for value in ("x", [1], [1, 2])] == [
        "str, 1 character",
        "list, 1 item",
        "list, 2 items",
    ]


def test_polars_and_arrow_tables() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"c": [1.5, None]})
    assert outline(frame).endswith("1 column\n- c: Float64, 1 null")
    assert outline(frame["c"]) == "polars Series, 2 rows, Float64, 1 null"


def test_cells_show_source_and_output(loaded: InteractiveShell, model_server: ModelServer) -> None:
    loaded.execution_count = 1
    run(loaded, "print('printed')\n6 * 7")
    loaded.run_cell("1 / 0", store_history=True)
    run(loaded, "print('y' * 100_000)")
    run(loaded, f"key = {KEY!r}")

    told = ask(loaded, model_server, "cells")

    assert told.startswith(
        "[1]\nprint('printed')\n6 * 7\nOutput:\nprinted\n42\n\n[2]\n1 / 0\nFailed:"
    )
    assert "ZeroDivisionError: division by zero" in told
    assert "characters left out" in told
    assert len(told) < 8000
    assert KEY not in told
    assert ask(loaded, model_server, "cells", count=1) == "[5] (a prompt to you)"
    assert "count must be" in ask(loaded, model_server, "cells", count=0)


def test_the_last_error_is_that_of_the_user(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    loaded.execution_count = 1
    loaded.run_cell("def broken():\n    return {}['gone']\nbroken()", store_history=True)
    loaded.run_cell("%%a3s --bogus\nhi", store_history=True)

    told = ask(loaded, model_server, "last_error")

    assert told.startswith("Cell [1]:\ndef broken():")
    assert "KeyError: 'gone'" in told
    assert "in broken" in told
    assert "interactiveshell" not in told


def test_a_tool_by_hand_is_no_prompt(loaded: InteractiveShell) -> None:
    loaded.execution_count = 1
    loaded.run_cell("%%a3s_patch\nnonsense", store_history=True)

    assert "[1]\n%%a3s_patch\nnonsense\nFailed:" in run(loaded, "%a3s_cells").output
    assert run(loaded, "%a3s_last_error").output.startswith("Cell [1]:\n%%a3s_patch\nnonsense")


def test_a_mistake_in_a_line_is_told_in_one_line(loaded: InteractiveShell) -> None:
    loaded.execution_count = 1
    loaded.run_cell("%a3s_read nothing.txt", store_history=True)

    told = run(loaded, "%a3s_last_error").output

    head, _, line = told.partition("\n\n")
    assert head == "Cell [1]:\n%a3s_read nothing.txt"
    assert line.startswith("UsageError: %a3s_read: Failed to read file nothing.txt")
    assert "\n" not in line


def test_one_setting_takes_the_tools_away(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    def offered(request: int) -> set[str]:
        return {tool["function"]["name"] for tool in model_server.requests[request]["tools"]}

    model_server.script(says("one"), says("two"), says("three"))
    run(loaded, "%%a3s\none")
    run(loaded, "%config A3SMagics.notebook_tools = False")
    run(loaded, "%%a3s\ntwo")
    run(loaded, "%config A3SMagics.notebook_tools = True")
    run(loaded, "%%a3s\nthree")

    names = {"python", "variables", "cells", "last_error"}
    assert [names & offered(request) for request in range(3)] == [names, set(), names]


def test_by_hand_looking_works_and_python_is_a_cell(
    loaded: InteractiveShell, model_server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    model_server.script(says("hi"))
    run(loaded, "%%a3s\nhi")
    session = loaded.magics_manager.registry["A3SMagics"]._get_home().started

    assert session.tool("variables").exit_code == 0
    by_hand = session.tool("python", {"code": "1"})
    assert (by_hand.exit_code, "only while" in by_hand.output) == (1, True)
    assert "--bogus" in complaint(loaded, "%%a3s --bogus\nhi", capsys)


def test_by_hand_they_work_before_there_is_a_session(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(loaded, "number = 20")
    assert "number: int" in run(loaded, "%a3s_variables").output
    assert "number = 20" in run(loaded, "%a3s_cells --count 9").output
    assert run(loaded, "%a3s_last_error").output == "No cell has failed so far."

    by_hand = run(loaded, "%a3s_python y = number + 1; print('a  b'); y * 2")

    assert (by_hand.output, by_hand.exit_code) == ("a  b\n42", 0)
    assert loaded.user_ns["y"] == 21
    assert "python" in said(loaded, "%a3s tools", capsys)
    assert "usage: %a3s_python [--tell] CODE" in said(loaded, "%a3s_python --help", capsys)


def test_code_by_hand_runs_in_the_calling_thread_and_its_failure_is_a_value(
    loaded: InteractiveShell,
) -> None:
    run(loaded, "import threading")
    failed = run(loaded, "%%a3s_python\nwho = threading.current_thread()\n1 / 0\n")

    assert failed.exit_code == 1
    assert "ZeroDivisionError: division by zero" in failed.output
    assert loaded.user_ns["who"] is threading.current_thread()


@pytest.mark.parametrize("tool", ["python 1", "variables", "cells", "last_error"])
def test_by_hand_they_are_off_when_the_setting_is(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str], tool: str
) -> None:
    run(loaded, "%config A3SMagics.notebook_tools = False")
    assert "A3SMagics.notebook_tools is off" in complaint(loaded, f"%a3s_{tool}", capsys)


@pytest.mark.kernel
def test_code_by_hand_can_be_stopped(start_kernel: StartKernel) -> None:
    kernel = start_kernel()
    code = "from IPython.display import display; import time; display('at work'); time.sleep(3600)"

    screen = kernel.run(f"%%a3s_python\n{code}", once(working, stop(kernel, "stop")))

    assert screen.reply["ename"] == "TurnCancelled"
    assert "%a3s_python was stopped" in screen.reply["evalue"]
    assert kernel.run("%a3s_python 6 * 7").succeeded().outputs == [{"text/plain": "42"}]


async def forever(thread: CellThread) -> str:
    return await thread.run(lambda: "done")


def test_what_waits_when_the_cell_ends_fails() -> None:
    import asyncio
    from contextlib import nullcontext

    from a3s_code import ToolFailed

    async def main() -> None:
        thread = CellThread()
        with thread.serving(nullcontext, lambda: None):
            asked = asyncio.create_task(forever(thread))
            await asyncio.sleep(0)
            assert thread.waiting
        with pytest.raises(ToolFailed, match="cell ended"):
            await asked
        with pytest.raises(ToolFailed, match="only while"):
            await forever(thread)

    asyncio.run(main())


# -- stopping --------------------------------------------------------------------------------------

LOOP = """\
print('begun')
from IPython.display import display
import time
try:
    display('shown')
    display('at work')
    while True: time.sleep(3600)
finally: ended = True"""


def working(screen: Screen) -> bool:
    """Whether the code has begun."""
    return any("at work" in str(output) for output in screen.outputs)


def stop(kernel: Any, how: str) -> Any:
    """A watcher's action: the Stop button, or the Cancel button of the live view."""

    def act(screen: Screen) -> None:
        if how == "stop":
            kernel.manager.interrupt_kernel()
        else:
            comm_id = screen.button("Cancel")
            assert comm_id is not None
            kernel.click(comm_id)

    return act


@pytest.mark.kernel
@pytest.mark.parametrize("how", ["stop", "cancel"])
def test_code_that_runs_can_be_stopped(
    start_kernel: StartKernel, model_server: ModelServer, how: str
) -> None:
    kernel = start_kernel(A3S_UI="widgets")
    model_server.script(calls("python", code=LOOP), says("next"))

    screen = kernel.run("%%a3s --yes\nwait", once(working, stop(kernel, how)), answer="")

    assert screen.reply["ename"] == "TurnCancelled"
    assert kernel.run("ended").succeeded().outputs == [{"text/plain": "True"}]
    kernel.run("%%a3s\ngo on", answer="").succeeded()
    told = result(model_server)
    assert told.startswith("begun\n'shown'\n")  # Stop may come before the last one is noted
    assert "KeyboardInterrupt" in told
    assert "Interrupted by the user" in told


@pytest.mark.kernel
def test_figures_of_the_agent_reach_model_and_notebook(
    start_kernel: StartKernel, model_server: ModelServer
) -> None:
    kernel = start_kernel(A3S_UI="final")
    model_server.script(
        calls("python", code="import matplotlib.pyplot as plt; plt.plot([1, 2]); print('ok')"),
        says("A line."),
    )

    screen = kernel.run("%%a3s --yes\nplot").succeeded()

    ((data,), _) = sent(model_server, 1)
    assert data[:4] == b"\x89PNG"
    assert ["image/png" in output for output in screen.outputs] == [True, False]
