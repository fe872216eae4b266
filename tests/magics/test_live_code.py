"""While the agent's Python code runs in the cell's thread the view lives on, and Cancel works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from a3s_magics.aside import aside, meanwhile
from tests.magics.conftest import StartKernel
from tests.magics.kernel import Screen, once
from tests.magics.test_kernel import press, static
from tests.magics.test_notebook_tools import result
from tests.model_server import ModelServer, calls, says

# Prints, and goes on when there is a file: only somebody who has seen the text makes it.
CODE = """\
import os, time
print("step", 1)
while not os.path.exists("go on"): time.sleep(0.01)
print("step", 2)
"""


def displayed(screen: Screen) -> str:
    """What is to be seen: widgets and outputs."""
    return screen.shown + "".join(str(output.get("text/markdown")) for output in screen.outputs)


@pytest.mark.kernel
@pytest.mark.parametrize("ui", ["widgets", "display"])
def test_output_is_shown_while_the_code_runs(
    start_kernel: StartKernel, workspace: Path, model_server: ModelServer, ui: str
) -> None:
    kernel = start_kernel(A3S_UI=ui)
    model_server.script(calls("python", code=CODE), says("Two steps."))
    seen = once(
        lambda screen: "step 1" in displayed(screen),
        lambda _: (workspace / "go on").touch(),
    )

    screen = kernel.run("%%a3s --yes\nstep", seen, answer="").succeeded()

    assert (workspace / "go on").exists()
    markdown = str(static(screen)["text/markdown"]) if ui == "widgets" else displayed(screen)
    assert "step 1\nstep 2" in markdown
    assert result(model_server) == "step 1\nstep 2"
    assert kernel.run("%a3s images").streams == ""


@pytest.mark.kernel
@pytest.mark.versions
def test_cancel_ends_the_code_that_is_seen_running(
    start_kernel: StartKernel, model_server: ModelServer
) -> None:
    kernel = start_kernel(A3S_UI="widgets")
    model_server.script(calls("python", code=CODE), says("next"))
    cancel = once(lambda screen: "step 1" in screen.shown, press(kernel, "Cancel"))

    screen = kernel.run("%%a3s --yes\nstep", cancel, answer="")

    assert screen.reply["ename"] == "TurnCancelled"
    markdown = str(static(screen)["text/markdown"])
    assert "step 1" in markdown
    assert "Interrupted by the user" in markdown
    assert "step 2" not in markdown
    kernel.run("%%a3s\ngo on", answer="").succeeded()


def test_work_aside_ends_with_the_block_and_its_error_is_raised() -> None:
    def step() -> Callable[[], bool]:
        assert aside()
        raise ValueError("beside")

    assert not aside()
    with pytest.raises(ValueError, match="beside"), meanwhile(step):
        pass
