"""papermill and jupyter console, as they are installed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.deadlines import PROGRAM_S
from tests.model_server import ModelServer, agent_hcl, calls, says, status

from .environments import environment

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

PAPERMILL = ("papermill", "click", "entrypoints", "tenacity", "tqdm")
CONSOLE = ("jupyter-console",)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has both."""
    return environment(tmp_path_factory.mktemp("programs") / "env", *PAPERMILL, *CONSOLE)


@pytest.fixture
def folder(tmp_path: Path, model_server: ModelServer) -> Path:
    """A folder whose model is scripted."""
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    return tmp_path


def run(
    python: Path, folder: Path, *arguments: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """What a module of the environment does in the folder, started by a notebook's cell."""
    parent = folder / "parent.ipynb"
    parent.write_text("{}", "utf-8")
    return subprocess.run(
        [python, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "JPY_SESSION_NAME": str(parent), "PYTHONWARNINGS": "ignore"},
        input=typed,
        timeout=PROGRAM_S,
        check=False,
        capture_output=True,
        text=True,
    )


def write(path: Path, *cells: tuple[str, list[str]]) -> Path:
    """A chat notebook of cells with tags."""
    spec = {"name": "a3s-chat", "display_name": "A3S (chat)", "language": "python"}
    notebook: Any = nbformat.v4.new_notebook(metadata={"kernelspec": spec})
    for source, tags in cells:
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
    nbformat.write(notebook, path)
    return path


def test_papermill_runs_a_chat_notebook_with_parameters(
    python: Path, folder: Path, model_server: ModelServer
) -> None:
    """Parameters are Python, prompts are prompts, nobody is asked, and nothing is kept."""
    model_server.script(says("Noted."), calls("bash", command="touch ran"), says("Then not."))
    cells = [
        ("alpha = 1\nnames = []", ["parameters"]),
        ("Look at @alpha.", []),
        ("%%py\nprint(alpha, names)", []),
        ("Now do it.", []),
    ]
    write(folder / "in.ipynb", *cells)
    given = ["-p", "alpha", "0.5", "-y", "names: [a, {b: null}]"]

    done = run(python, folder, "papermill", "in.ipynb", "out.ipynb", *given)

    assert done.returncode == 0, done.stderr[-3000:]
    sent = [request["messages"][-1]["content"] for request in model_server.requests]
    assert sent[0].startswith("Look at @alpha.")
    assert "@alpha: float: 0.5" in sent[0]
    assert sent[1] == "Now do it."
    shown = json.dumps(json.loads((folder / "out.ipynb").read_text("utf-8")))
    assert "0.5 ['a', {'b': None}]" in shown
    assert "nobody can be asked" in shown
    assert not (folder / "ran").exists()
    kept = Path(os.environ["A3S_DATA_DIR"]).rglob("*.json")
    assert [file for file in kept if str(folder) in file.read_text("utf-8")] == []


def test_papermill_stops_at_a_turn_that_fails(
    python: Path, folder: Path, model_server: ModelServer
) -> None:
    """With an exit code, and the error in the notebook."""
    model_server.answer_with(lambda request: status(401))
    write(folder / "in.ipynb", ("Hello.", []), ("%%py\nprint('reached')", []))

    done = run(python, folder, "papermill", "in.ipynb", "out.ipynb")

    assert done.returncode != 0
    assert "401" in done.stderr
    assert "reached" not in str(
        json.loads((folder / "out.ipynb").read_text("utf-8"))["cells"][-1]["outputs"]
    )


def test_the_console_answers_prompts(python: Path, folder: Path, model_server: ModelServer) -> None:
    """Lines are prompts in the chat kernel; the answer is plain text."""
    model_server.script(says("Hello, **console**."))

    typed = "hello there\nexit\n"
    options = ["--kernel", "a3s-chat", "--simple-prompt"]
    done = run(python, folder, "jupyter_console", *options, typed=typed)

    assert "Hello, **console**." in done.stdout, done.stdout + done.stderr
    assert [r["messages"][-1]["content"] for r in model_server.requests] == ["hello there"]
