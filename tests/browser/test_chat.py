"""A chat notebook as a person uses it: ask, cancel, restart the kernel, go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenNotebook
from tests.browser.notebook import write_notebook
from tests.model_server import ModelServer, says, wait

pytestmark = pytest.mark.browser


def test_the_conversation_goes_on_after_a_cancel_and_a_restart(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer
) -> None:
    """Plain cells are prompts; after the restart one line says what goes on, and nothing runs again."""
    model_server.script(
        says("It begins in a *small* town."),
        says("Half of the second part", wait(), " never seen"),
        says("And so it **ends**."),
    )
    cells = ("Tell me a story.", "What's next?", "How does it end?", "%%py\n6 * 7")
    notebook = open_notebook(write_notebook(prompts / "chat.ipynb", *cells, kernel="a3s-chat"))
    page = notebook.page
    expect(page.locator(".jp-KernelName")).to_contain_text("A3S (chat)")

    notebook.run(0)
    notebook.expect_finished(0)
    expect(notebook.output(0).locator("em")).to_have_text("small")
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("Half of the second part")
    expect(page.locator("#jp-main-statusbar")).to_contain_text("A3S (chat) | Busy")
    notebook.screenshot("chat-live")
    notebook.output(1).get_by_role("button", name="Cancel").click()
    notebook.expect_finished(1)
    expect(notebook.output(1)).to_contain_text("TurnCancelled")

    notebook.restart_kernel()
    notebook.run(2)
    notebook.expect_finished(2)

    expect(notebook.output(2).locator("strong", has_text="ends")).to_be_visible()
    expect(notebook.output(2)).to_contain_text("conversation of 4 messages resumed")
    expect(notebook.output(0)).to_contain_text("It begins in a small town.")
    expect(notebook.output(1)).to_contain_text("Half of the second part")
    assert len(model_server.requests) == 3
    told = [m["content"] for m in model_server.requests[2]["messages"] if m["role"] != "system"]
    assert told == [
        "Tell me a story.",
        "It begins in a *small* town.",
        "What's next?",
        "Half of the second part",
        "How does it end?",
    ]
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("42")
    notebook.screenshot("chat-resumed")
