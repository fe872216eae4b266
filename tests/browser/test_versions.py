"""Cancel in the browser with stock kernels of each supported ipykernel, the extension loaded."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenNotebook
from tests.browser.notebook import write_notebook
from tests.kernel.environments import environment
from tests.kernel.test_ipykernel_versions import (
    OLDEST_FOR_THE_EXTENSION,
    OLDEST_FOR_THE_KERNEL,
    ROOT,
)
from tests.model_server import ModelServer, calls, says, wait

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NEWEST = "newest"
CODE = "print('step', 1)\nimport time\nwhile True: time.sleep(0.05)"


@pytest.fixture(params=[OLDEST_FOR_THE_EXTENSION, OLDEST_FOR_THE_KERNEL, NEWEST])
def stock(request: pytest.FixtureRequest, kernels: Path, tmp_path: Path) -> str:
    """The name of a kernelspec with this ipykernel."""
    version = str(request.param)
    python = Path(sys.executable)
    if version != NEWEST:
        python = environment(tmp_path / "environment", f"ipykernel=={version}")
    name = f"ipykernel-{version}"
    folder = kernels / "share" / "jupyter" / "kernels" / name
    folder.mkdir(parents=True, exist_ok=True)
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        "env": {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "magics")])},
    }
    (folder / "kernel.json").write_text(json.dumps(spec), "utf-8")
    return name


def test_cancel_is_heard_while_the_model_answers_and_while_its_code_runs(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer, stock: str
) -> None:
    model_server.script(
        says("The first half. ", wait(), "Never seen."), calls("python", code=CODE), says("Bye.")
    )
    cells = ["%load_ext a3s_magics", "%%a3s\nTell.", "%%a3s --yes\nCount.", "%%a3s\nAnd?", "1"]
    notebook = open_notebook(write_notebook(prompts / "stock.ipynb", *cells, kernel=stock))
    notebook.run(0)
    notebook.expect_finished(0)

    for number, seen in ((1, "The first half."), (2, "step 1")):
        output = notebook.output(number)
        notebook.run(number)
        expect(output).to_contain_text(seen)
        notebook.expect_running(number)
        output.get_by_role("button", name="Cancel").click()
        notebook.expect_finished(number)
        expect(output).to_contain_text("TurnCancelled")
        expect(output).to_contain_text(seen)
        expect(output.get_by_role("button")).to_have_count(0)

    notebook.run(3)
    notebook.expect_finished(3)
    expect(notebook.output(3)).to_contain_text("Bye.")
    assert "Never seen." not in notebook.page.inner_text(".jp-Notebook")
