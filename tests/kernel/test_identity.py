"""A notebook's conversation: after a restart, in a copy, under a new name, in two kernels at once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, agent_hcl, says

from .cells import Ran
from .conftest import Kernel, StartKernel

pytestmark = pytest.mark.kernel

RECORD = "application/vnd.a3s.turn+json"


@pytest.fixture
def notebook(tmp_path: Path, model_server: ModelServer) -> Path:
    """An empty notebook whose model is scripted; the conversations are kept beside it."""
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    model_server.answer_with(lambda request: says(f"Answer {len(model_server.requests)}."))
    return saved(tmp_path / "one.ipynb")


def saved(path: Path, *cells: Ran) -> Path:
    """The notebook with the outputs of these cells."""
    outputs = [
        {"output_type": "display_data", **output} for cell in cells for output in displays(cell)
    ]
    cell = {"cell_type": "code", "source": "", "metadata": {}, "outputs": outputs}
    path.write_text(json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return path


def displays(ran: Ran) -> list[dict[str, Any]]:
    return [
        {"data": m["content"]["data"], "metadata": m["content"]["metadata"]}
        for m in ran.messages
        if m["msg_type"] == "display_data"
    ]


@pytest.fixture
def open_notebook(start_kernel: StartKernel, tmp_path: Path) -> Any:
    """Start a kernel as Jupyter does for a notebook."""

    def start(path: Path, **environ: str) -> Kernel:
        places = {"A3S_DATA_DIR": str(tmp_path / "data"), "A3S_UI": "final"}
        return start_kernel({**places, "JPY_SESSION_NAME": str(path), **environ})

    return start


def ask(kernel: Kernel, prompt: str) -> Ran:
    ran = kernel.run(f"%%a3s\n{prompt}")
    assert ran.reply["status"] == "ok", ran.reply
    return ran


def text(ran: Ran) -> str:
    (output,) = displays(ran)
    return str(output["data"]["text/plain"])


def prompts(request: dict[str, Any]) -> list[str]:
    """What the user has said, as the model was told."""
    return [m["content"] for m in request["messages"] if m["role"] == "user"]


def session_of(ran: Ran) -> str:
    (output,) = displays(ran)
    assert output["data"][RECORD]["session_id"] == output["metadata"]["a3s"]["session_id"]
    return str(output["metadata"]["a3s"]["session_id"])


def test_after_a_restart_the_conversation_goes_on(
    open_notebook: Any, notebook: Path, model_server: ModelServer
) -> None:
    """One line says so, once, and nothing runs again."""
    kernel = open_notebook(notebook)
    first = ask(kernel, "first")
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=DEADLINE_S)

    second, third = ask(kernel, "second"), ask(kernel, "third")

    assert len(model_server.requests) == 3
    assert prompts(model_server.requests[1]) == ["first", "second"]
    assert "conversation of 2 messages resumed; %a3s reset starts anew" in text(second)
    assert "resumed" not in text(first) + text(third)
    assert session_of(first) == session_of(second)


def test_reset_forgets_for_good(
    open_notebook: Any, notebook: Path, model_server: ModelServer
) -> None:
    """Also over a restart."""
    kernel = open_notebook(notebook)
    ask(kernel, "first")
    told = kernel.run("%a3s reset").stream("stdout")
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=DEADLINE_S)
    ask(kernel, "second")

    assert "2 messages were forgotten" in told
    assert prompts(model_server.requests[1]) == ["second"]


def test_two_kernels_on_one_notebook_keep_both_conversations(
    open_notebook: Any, notebook: Path, model_server: ModelServer, tmp_path: Path
) -> None:
    """The one that saves later goes on under an id of its own, and says so in one line."""
    one, two = open_notebook(notebook), open_notebook(notebook)
    two.run("%a3s status")  # both sessions exist before anything is saved
    first, other = ask(one, "one"), ask(two, "two")
    ask(one, "one again")
    later = ask(two, "two again")

    (line,) = re.findall(r"This conversation was also continued.*", other.stream("stdout"))
    assert session_of(later) in line
    assert session_of(later) != session_of(first)
    assert prompts(model_server.requests[2]) == ["one", "one again"]
    assert prompts(model_server.requests[3]) == ["two", "two again"]
    files = {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in tmp_path.rglob("data/sessions/*.json")
    }
    counts = {name: len(data["messages"]) for name, data in files.items()}
    assert counts == {session_of(first): 4, session_of(later): 4}


def test_a_renamed_notebook_keeps_its_conversation(
    open_notebook: Any, notebook: Path, model_server: ModelServer
) -> None:
    """And a new notebook under the old name begins one of its own."""
    kernel = open_notebook(notebook)
    saved(notebook, ask(kernel, "first"))
    renamed = notebook.rename(notebook.with_name("two.ipynb"))
    ask(open_notebook(renamed), "second")
    ask(open_notebook(saved(notebook)), "third")

    assert prompts(model_server.requests[1]) == ["first", "second"]
    assert prompts(model_server.requests[2]) == ["third"]


def test_a_copy_starts_its_own_conversation_and_names_the_other(
    open_notebook: Any, notebook: Path, model_server: ModelServer
) -> None:
    """It can be resumed by its id."""
    kernel = open_notebook(notebook)
    first = ask(kernel, "first")
    saved(notebook, first)
    copy = saved(notebook.with_name("copy.ipynb"), first)

    told = text(ask(open_notebook(copy), "second"))

    assert prompts(model_server.requests[1]) == ["second"]
    assert f"%a3s resume {session_of(first)}" in told


def test_the_chosen_model_survives(
    open_notebook: Any, notebook: Path, model_server: ModelServer
) -> None:
    """A model set for the notebook is not forgotten by a restart."""
    config = notebook.with_name("agent.hcl")
    more = config.read_text("utf-8").rstrip().removesuffix("}") + '  models { id = "n" }\n}\n'
    config.write_text(more, "utf-8")
    kernel = open_notebook(notebook)
    kernel.run("%a3s model openai/n")
    ask(kernel, "first")

    again = open_notebook(notebook)

    assert again.run("%a3s model").stream("stdout").split() == ["openai/n"]


def test_without_a_notebook_nothing_is_kept(
    start_kernel: StartKernel, notebook: Path, model_server: ModelServer, tmp_path: Path
) -> None:
    """Runs of nbclient and its relatives are fresh each time."""
    environ = {"A3S_DATA_DIR": str(tmp_path / "data"), "A3S_UI": "final"}
    for prompt in ("first", "second"):
        ask(start_kernel(environ), prompt)

    assert prompts(model_server.requests[1]) == ["second"]
    assert not list(tmp_path.rglob("data/*"))


def test_a_damaged_conversation_is_kept_and_a_new_one_starts(
    open_notebook: Any, notebook: Path, model_server: ModelServer, tmp_path: Path
) -> None:
    """The remark names the file."""
    kernel = open_notebook(notebook)
    first = ask(kernel, "first")
    file = tmp_path / "data" / "sessions" / f"{session_of(first)}.json"
    file.write_text("{", "utf-8")

    second = ask(open_notebook(notebook), "second")

    assert file.name in text(second)
    assert prompts(model_server.requests[1]) == ["second"]
    assert file.read_text("utf-8") == "{"


NESTED = """
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="a3s")
client.execute_interactive("%a3s status")
client.stop_channels()
manager.shutdown_kernel()
"""


def test_a_kernel_started_by_a_cell_is_not_the_cells_notebook(
    open_notebook: Any, notebook: Path
) -> None:
    """papermill in a notebook: what it runs inherits the environment, not the conversation."""
    kernel = open_notebook(notebook)
    own = kernel.run("%a3s status").stream("stdout")

    inner = kernel.run(NESTED).stream("stdout")

    assert str(notebook) in own
    assert re.search(r"notebook +none", inner), inner


def test_vs_code_tells_the_notebook_after_the_start(
    start_kernel: StartKernel, notebook: Path, tmp_path: Path, model_server: ModelServer
) -> None:
    """A hidden snippet sets a variable; the conversation is found with the first prompt after it."""
    environ = {"A3S_DATA_DIR": str(tmp_path / "data"), "A3S_UI": "final"}
    tell = f"__vsc_ipynb_file__ = {str(notebook)!r}"
    for prompt in ("first", "second"):
        kernel = start_kernel(environ)
        kernel.run(tell, store_history=False)
        ask(kernel, prompt)

    assert prompts(model_server.requests[1]) == ["first", "second"]


def test_notebooks_of_one_folder_do_not_mix(
    open_notebook: Any, notebook: Path, model_server: ModelServer
) -> None:
    """Each goes on with its own conversation after a restart."""
    other = saved(notebook.with_name("other.ipynb"))
    ask(open_notebook(notebook), "first")
    ask(open_notebook(other), "of the other")
    ask(open_notebook(notebook), "second")

    assert prompts(model_server.requests[1]) == ["of the other"]
    assert prompts(model_server.requests[2]) == ["first", "second"]


def test_a_moved_notebook_keeps_its_conversation_and_works_where_it_is(
    open_notebook: Any, notebook: Path, model_server: ModelServer, tmp_path: Path
) -> None:
    """Into another folder, with its outputs."""
    saved(notebook, ask(open_notebook(notebook), "first"))
    (tmp_path / "sub").mkdir()
    moved = notebook.rename(tmp_path / "sub" / notebook.name)
    kernel = open_notebook(moved)

    ask(kernel, "second")

    assert prompts(model_server.requests[1]) == ["first", "second"]
    assert str(tmp_path / "sub") in kernel.run("%a3s status").stream("stdout")
