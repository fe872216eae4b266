"""A turn as a person sees it: text before the end, Cancel while it runs, the answer after a reload."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenNotebook
from tests.browser.notebook import write_notebook
from tests.browser.server import LabServer
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, calls, says, wait

pytestmark = pytest.mark.browser


def test_cancel_keeps_the_partial_answer_through_a_reload_without_a_kernel(
    open_notebook: OpenNotebook,
    prompts: Path,
    model_server: ModelServer,
    lab: LabServer,
    open_without_kernel: OpenNotebook,
) -> None:
    """The whole way of a cancelled turn."""
    model_server.script(says("## Half\n\nThe *first* half of it. ", wait(), "Never seen."))
    path = write_notebook(prompts / "story.ipynb", "%%a3s\nTell me a story.", "print('next')")
    notebook = open_notebook(path)
    output = notebook.output(0)

    notebook.run(0)
    expect(output).to_contain_text("half of it.")
    assert model_server.waiting.wait(DEADLINE_S)
    notebook.expect_running(0)
    notebook.screenshot("turn-live")

    output.get_by_role("button", name="Cancel").click()
    notebook.expect_finished(0)
    assert model_server.disconnected.wait(DEADLINE_S)
    expect(output).to_contain_text("half of it.")
    expect(output).to_contain_text("TurnCancelled")
    expect(output.get_by_role("button")).to_have_count(0)
    notebook.screenshot("turn-cancelled")

    notebook.save()
    notebook.page.close()
    lab.shut_down_kernels()
    reopened = open_without_kernel(path)
    expect(reopened.output(0)).to_contain_text("half of it.")
    expect(reopened.output(0).locator("em").first).to_have_text("first")
    expect(reopened.output(0)).not_to_contain_text("Error displaying widget")
    expect(reopened.output(0)).not_to_contain_text("Never seen.")
    reopened.screenshot("turn-reopened")


def test_a_tool_runs_after_approve_and_its_card_stays(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer
) -> None:
    """Nothing runs before the click; afterwards the card tells command and output without buttons."""
    model_server.script(
        calls("bash", command="echo made > made.txt && cat made.txt"),
        says("Done: the file holds **made**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"),
    )
    path = write_notebook(prompts / "tools.ipynb", "%%a3s\nMake a file.", "print('next')")
    notebook = open_notebook(path)
    output = notebook.output(0)

    notebook.run(0)
    approve = output.get_by_role("button", name="Approve once")
    expect(approve).to_be_enabled()
    assert not (prompts / "made.txt").exists()
    notebook.screenshot("approval-open")

    approve.click()
    notebook.expect_finished(0)
    expect(output.locator("strong", has_text="made")).to_be_visible()
    expect(output).to_contain_text("cat made.txt")
    expect(output.get_by_role("button")).to_have_count(0)
    assert (prompts / "made.txt").read_text("utf-8") == "made\n"
    notebook.screenshot("approval-done")
