"""Records the notebooks whose turns are shown again in tests: `python tests/record_notebooks.py`.

The turns are real ones of a real kernel; only the model is scripted. Run it after a change of the
turn record or of what a turn looks like.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":  # the folder above is not on the path of a program
    sys.path.insert(0, str(ROOT))

from tests.model_server import ModelServer, agent_hcl, calls, says, wait
from tests.scripts import Reply

MODEL = "openai/scripted"
START_DEADLINE_S = 60
CELL_DEADLINE_S = 60
SETUP = f'%env A3S_REPLAY=1\n%config A3SMagics.model = "{MODEL}"'
NOTICE = (
    "> **This notebook shows recorded turns.** They come from a scripted model. The first cell sets "
    "`A3S_REPLAY=1`, so running the cells shows them again, without a model, a network or a cost. "
    "To talk to your own model, leave that cell out and restart the kernel."
)


@dataclass
class Step:
    """A cell with what happens while it runs.

    `replies` are the model's; `answer` is typed when the kernel asks; `stop` presses Stop while the
    model is in the middle of its answer; `restart` restarts the kernel before the cell.
    """

    source: str
    replies: list[Reply] = field(default_factory=list)
    answer: str | None = None
    stop: bool = False
    restart: bool = False


Part = str | Step


def approvals_and_cancel() -> Iterator[Part]:
    """The cells of that notebook."""
    yield f"# Approvals and Cancel\n\n{NOTICE}"
    yield Step(SETUP)
    yield (
        "## Nothing risky happens unasked\n\nReading inside the notebook's folder is allowed. "
        "Writing a file or running a command asks first: **Approve once**, **Approve for this "
        "session** or **Deny**. This call was approved once."
    )
    yield Step(
        "%%a3s\nWrite a file notes.md with two tasks for today.",
        [
            calls("write", file_path="notes.md", content="# Today\n\n- read\n- write\n"),
            says("`notes.md` has a heading and two tasks: **read** and **write**."),
        ],
        answer="y",
    )
    yield "## Deny, and say why\n\nThe reason reaches the model, which can look for another way."
    yield Step(
        "%%a3s\nTidy up this folder.",
        [
            calls("bash", command="rm -rf *"),
            says(
                "Understood: everything stays in its place. Name the files that are no longer "
                "needed, and those alone go."
            ),
        ],
        answer="that would delete my notes",
    )
    yield (
        "## Cancel keeps what has arrived\n\nThe Cancel button below a running turn and Jupyter's "
        "own Stop do the same. The cell ends with one line of an error, so that *Run All* stops "
        "there. (The cell carries the tag `raises-exception`, which lets automatic runs go on.)"
    )
    yield Step(
        "%%a3s\nExplain how tides work.",
        [
            says(
                "Tides have two causes. The **first** is the gravity of the Moon, which pulls "
                "harder on the near side of the Earth than on the far side.",
                wait(),
                " The second",
            )
        ],
        stop=True,
    )
    yield "The partial answer belongs to the conversation: the model knows where it stopped."
    yield Step(
        "%%a3s\nGo on, in one sentence.",
        [
            says(
                "The **second** is the gravity of the Sun, which is about half as strong in its "
                "effect and makes spring and neap tides."
            )
        ],
    )
    yield (
        "## A turn without questions\n\n`--yes` approves every call of one turn. In runs without "
        "anybody to ask (nbconvert, papermill) everything that would ask is denied instead, and "
        "the output says so."
    )
    yield Step(
        "%%a3s --yes\nHow many lines has notes.md?",
        [calls("bash", command="wc -l notes.md"), says("It has **4** lines.")],
    )


def history_and_sessions() -> Iterator[Part]:
    """The cells of that notebook."""
    yield f"# History and sessions\n\n{NOTICE}"
    yield Step(SETUP)
    yield "## One notebook, one conversation\n\nEvery prompt continues it."
    yield Step(
        "%%a3s\nI am Ada. I study the tides at Brest.",
        [says("Nice to meet you, Ada. Brest has one of the longest tide records in the world.")],
    )
    yield Step("%%a3s\nWhich place did I name?", [says("You named **Brest**.")])
    yield "`%a3s history` lists the messages, `%a3s cost` the tokens and the price so far."
    yield Step("%a3s history")
    yield Step("%a3s cost")
    yield (
        "## After a restart\n\nThe conversation is saved after every turn, outside of the notebook, "
        "under an id that belongs to the notebook's path. Here the kernel was restarted. The next "
        "prompt goes on where the conversation stood, and one line says so; nothing runs again."
    )
    yield Step(
        "%%a3s\nAnd who am I?", [says("You are **Ada**, and you study tides.")], restart=True
    )
    yield (
        "- A notebook that is renamed or moved keeps its conversation.\n"
        "- A copy starts one of its own. It names the other one, and `%a3s resume ID` goes on "
        "with that.\n"
        "- Two kernels on one notebook do not mix: the one that saves later goes on under a new id, "
        "with everything that was said in it.\n"
        "- `%a3s sessions` lists what is saved, `%a3s save` saves at once."
    )
    yield (
        "## Several conversations in one notebook\n\n`--session NAME` changes to a conversation of "
        "that name, which begins empty. The cells below stay in it, and so do `%a3s history`, "
        "`%a3s cost` and the others. `main` is the one that the notebook began with; all of them "
        "are kept, and `%a3s sessions` lists their names."
    )
    yield Step(
        "%%a3s --session tables\nWhat have we talked about so far?",
        [says("Nothing yet: this is the first message of our conversation.")],
    )
    yield Step(
        "%%a3s --session main\nAnd here?", [says("About the tides at **Brest**, and about you.")]
    )
    yield "## Starting anew\n\n`%a3s reset` forgets the conversation in use, on the disk, too."
    yield Step("%a3s reset")
    yield Step("%%a3s\nWho am I?", [says("You have not told me yet.")])


class Recorder:
    """A kernel for a notebook in an empty folder, with a scripted model."""

    def __init__(self, folder: Path, server: ModelServer) -> None:
        self._server = server
        (folder / "agent.hcl").write_text(
            agent_hcl(server).replace("openai/m", MODEL).replace('"m"', '"scripted"'), "utf-8"
        )
        notebook = folder / "notebook.ipynb"
        notebook.write_text("{}", "utf-8")
        paths = os.pathsep.join([str(ROOT), str(ROOT / "magics")])
        self._manager = KernelManager(kernel_name="python3")
        self._manager.kernel_spec.argv[:] = [
            *[sys.executable, "-m", "a3s_kernel"],
            *["-f", "{connection_file}"],
        ]
        self._manager.start_kernel(
            cwd=str(folder),
            env={
                **os.environ,
                "PYTHONPATH": paths,
                "A3S_UI": "final",
                "A3S_DATA_DIR": str(folder / "data"),
                "JPY_SESSION_NAME": str(notebook),
            },
        )
        self._client: BlockingKernelClient = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=START_DEADLINE_S)

    def cell(self, step: Step) -> Any:
        """Run the step and return the notebook's cell."""
        if step.restart:
            self._manager.restart_kernel()
            self._client.wait_for_ready(timeout=START_DEADLINE_S)
        self._server.script(*step.replies)
        if step.stop:
            threading.Thread(target=self._stop_in_the_middle, daemon=True).start()
        cell = nbformat.v4.new_code_cell(step.source)
        reply = self._client.execute_interactive(
            step.source.replace("%env A3S_REPLAY=1\n", ""),
            timeout=CELL_DEADLINE_S,
            allow_stdin=step.answer is not None,
            stdin_hook=lambda _message: self._client.input(step.answer or ""),
            output_hook=lambda message: _keep(message, cell),
        )
        if (reply["content"]["status"] == "error") != step.stop:
            raise SystemExit(f"{step.source!r} ended with {reply['content']}")
        if step.stop:
            cell.metadata["tags"] = ["raises-exception"]
        return cell

    def close(self) -> None:
        """End the kernel."""
        self._client.stop_channels()
        self._manager.shutdown_kernel()

    def _stop_in_the_middle(self) -> None:
        if self._server.waiting.wait(CELL_DEADLINE_S):
            time.sleep(1.0)  # what was sent arrives; the notebook shows how it is kept
            self._manager.interrupt_kernel()


def _keep(message: dict[str, Any], cell: Any) -> None:
    if message["msg_type"] in ("display_data", "stream", "error", "execute_result"):
        cell.outputs.append(nbformat.v4.output_from_msg(message))


def record(name: str, parts: Iterator[Part]) -> None:
    """Write the notebook with its recorded turns."""
    cells = []
    with tempfile.TemporaryDirectory() as folder, ModelServer() as server:
        recorder = Recorder(Path(folder), server)
        try:
            for part in parts:
                is_text = isinstance(part, str)
                cells.append(
                    nbformat.v4.new_markdown_cell(part) if is_text else recorder.cell(part)
                )
        finally:
            recorder.close()
    for number, cell in enumerate(cells, start=1):
        cell["id"] = f"cell-{number:02}"  # the same each time, so that changes can be read
    count = 0
    for cell in cells:
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
    notebook = nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "a3s", "display_name": "A3S (Python)", "language": "python"},
            "language_info": {"name": "python"},
        },
    )
    nbformat.validate(notebook)
    nbformat.write(notebook, ROOT / "notebooks" / name)


if __name__ == "__main__":
    record("approvals_and_cancel.ipynb", approvals_and_cancel())
    record("history_and_sessions.ipynb", history_and_sessions())
