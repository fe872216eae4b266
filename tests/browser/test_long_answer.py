"""A long answer from a model at full speed: the server's limits on output must not drop any of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenNotebook
from tests.browser.notebook import write_notebook
from tests.model_server import ModelServer, says, wait

pytestmark = pytest.mark.browser

WORDS = 20_000  # about 140,000 characters
DELTA_CHARS = 20


def test_no_word_is_lost_under_the_servers_default_limits(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer
) -> None:
    """Neither on screen while the answer streams nor in the notebook that is saved."""
    words = [f"w{number}" for number in range(WORDS)]
    text = "\n\n".join(" ".join(words[at : at + 40]) for at in range(0, WORDS, 40))
    model_server.script(says(text, "\n\nlast", wait(), size=DELTA_CHARS))
    path = write_notebook(prompts / "long.ipynb", "%%a3s\nCount.", "1")
    notebook = open_notebook(path)
    output = notebook.output(0)

    notebook.run(0)
    expect(output).to_contain_text("last")
    assert re.findall(r"w\d+", output.text_content() or "") == words
    expect(output).not_to_contain_text("rate exceeded")

    model_server.release()
    notebook.expect_finished(0)
    notebook.save()
    cell = json.loads(path.read_text("utf-8"))["cells"][0]
    (shown,) = (out["data"]["text/markdown"] for out in cell["outputs"] if "data" in out)
    assert re.findall(r"w\d+", "".join(shown)) == words
