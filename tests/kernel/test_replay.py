"""`A3S_REPLAY=1`: notebooks executed again with nbclient, without a model."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from tests import kernels
from tests.deadlines import DEADLINE_S, PROGRAM_S
from tests.model_server import ModelServer, agent_hcl, calls, says

pytestmark = [pytest.mark.kernel, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

RECORD = "application/vnd.a3s.turn+json"


def execute(path: Path, **environ: str) -> Any:
    """Run the notebook in its folder and save it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    with (
        kernels.notebook_client(notebook, path.parent) as client,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environ.items():
            patch.setenv(name, value)
        asyncio.run(client.async_execute())
    nbformat.write(notebook, path)
    return notebook


def turn_of(cell: Any) -> Any:
    (data,) = (o.data for o in cell.outputs if o.output_type == "display_data" and RECORD in o.data)
    return data


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook with two recorded turns, one of which has a refused tool call."""
    folder = tmp_path_factory.mktemp("recording")
    cells = ["x = 1", "%%a3s\nCount the columns.", "%%a3s\nDelete the file.", "x + 1"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbformat.write(notebook, folder / "recorded.ipynb")
    with ModelServer() as server:
        (folder / "agent.hcl").write_text(agent_hcl(server), "utf-8")
        server.script(
            says("**Four** columns."), calls("bash", command="rm data.csv"), says("I may not.")
        )
        execute(folder / "recorded.ipynb")
    return folder


@pytest.fixture
def recorded(recording: Path, tmp_path: Path) -> Path:
    """A copy of it, in a folder of its own. Its model's server is gone."""
    shutil.copytree(recording, tmp_path, dirs_exist_ok=True)
    return tmp_path / "recorded.ipynb"


@pytest.mark.parametrize("ui", ["final", "display", "terminal", "widgets"])
def test_the_recorded_turns_are_shown_again(recorded: Path, ui: str) -> None:
    """With the very same readable text and record, whatever paints them."""
    before = nbformat.read(recorded, as_version=4)

    after = execute(recorded, A3S_REPLAY="1", A3S_UI=ui)

    for at in (1, 2):
        old, new = turn_of(before.cells[at]), turn_of(after.cells[at])
        assert new[RECORD] == old[RECORD]
        if ui != "terminal":
            assert new["text/markdown"] == old["text/markdown"]
    assert after.cells[3].outputs[0].data["text/plain"] == "2"


def test_it_needs_no_configuration(recorded: Path) -> None:
    """Anywhere: the project's configuration may be missing."""
    (recorded.parent / "agent.hcl").unlink()

    execute(recorded, A3S_REPLAY="1", A3S_UI="final")


def test_a_changed_prompt_fails_and_says_so(recorded: Path) -> None:
    """The run stops at the cell; the message quotes both prompts."""
    notebook = nbformat.read(recorded, as_version=4)
    notebook.cells[1].source = "%%a3s\nCount the rows."
    nbformat.write(notebook, recorded)

    with pytest.raises(CellExecutionError) as raised:
        execute(recorded, A3S_REPLAY="1")

    message = str(raised.value)
    assert "UsageError: A3S_REPLAY: this prompt was not recorded" in message
    assert "'Count the rows.'" in message
    assert "'Count the columns.'" in message


@pytest.mark.parametrize("way", ["option", "configuration"])
def test_a_changed_model_fails_and_says_so(recorded: Path, way: str) -> None:
    """Chosen in the cell, or by the project."""
    if way == "option":
        notebook = nbformat.read(recorded, as_version=4)
        notebook.cells[1].source = "%%a3s --model openai/other\nCount the columns."
        nbformat.write(notebook, recorded)
    else:
        config = recorded.with_name("agent.hcl")
        text = config.read_text("utf-8").replace("openai/m", "openai/other")
        config.write_text(text.replace('id   = "m"', 'id   = "other"'), "utf-8")

    with pytest.raises(CellExecutionError, match=r"the model has changed: this prompt.*openai/m"):
        execute(recorded, A3S_REPLAY="1")


@pytest.mark.parametrize(
    "command",
    [
        [
            "nbconvert",
            "--execute",
            "--to",
            "html",
            "--ExecutePreprocessor.kernel_name=a3s",
            "--ExecutePreprocessor.iopub_timeout=120",
        ],
        ["pytest", "--nbval-lax", "--nbval-kernel-name=a3s", "-p", "no:cacheprovider"],
        ["pytest", "--nbval", "--nbval-kernel-name=a3s", "-p", "no:cacheprovider"],
    ],
    ids=["nbconvert", "nbval-lax", "nbval"],
)
def test_the_usual_tools_work(
    recorded: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """nbval compares each output with the saved one."""
    monkeypatch.setenv("A3S_REPLAY", "1")
    monkeypatch.setenv("A3S_UI", "final")
    started = f"--nbval-kernel-startup-timeout={DEADLINE_S}"
    more = ["-W", "default", started] if command[0] == "pytest" else []

    done = subprocess.run(
        [sys.executable, "-m", *command, *more, str(recorded)],
        cwd=recorded.parent,
        timeout=PROGRAM_S,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
