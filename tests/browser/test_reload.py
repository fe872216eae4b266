"""The page is reloaded in the middle of a turn: the view goes on there, and its buttons work."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenNotebook
from tests.browser.notebook import write_notebook
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, calls, says, wait

pytestmark = pytest.mark.browser


def test_a_question_is_answered_after_a_reload_and_the_turn_is_followed_to_its_end(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer
) -> None:
    """The whole turn can be read on the new page, also when that is reloaded in its turn."""
    model_server.script(
        calls("bash", command="echo made > made.txt"),
        says("It is **made**, ", wait(), "and that is all."),
    )
    notebook = open_notebook(write_notebook(prompts / "reload.ipynb", "%%a3s\nMake it."))
    output = notebook.output(0)
    approve = output.get_by_role("button", name="Approve once")

    notebook.run(0)
    expect(approve).to_be_enabled()
    notebook.save()
    notebook.reload()
    expect(approve).to_be_enabled()
    notebook.screenshot("reloaded-question")
    assert not (prompts / "made.txt").exists()
    approve.click()
    expect(output.locator("strong", has_text="made")).to_be_visible()
    expect(output.get_by_role("button", name="Cancel")).to_be_enabled()
    model_server.release()
    expect(output).to_contain_text("and that is all.")
    expect(output.get_by_role("button")).to_have_count(0)
    notebook.screenshot("reloaded-done")
    assert (prompts / "made.txt").exists()

    notebook.save()
    notebook.reload()
    expect(output).to_contain_text("and that is all.")
    expect(output).not_to_contain_text("Error displaying widget")


def test_cancel_works_after_a_reload(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer
) -> None:
    """What had arrived stays to be read."""
    model_server.script(says("The first half. ", wait(), "Never seen."))
    notebook = open_notebook(write_notebook(prompts / "cancel.ipynb", "%%a3s\nTell me."))
    output = notebook.output(0)

    notebook.run(0)
    expect(output).to_contain_text("The first half.")
    notebook.save()
    notebook.reload()
    expect(output).to_contain_text("The first half.")
    output.get_by_role("button", name="Cancel").click()

    expect(output.get_by_role("button")).to_have_count(0)
    assert model_server.disconnected.wait(DEADLINE_S)
    expect(output).to_contain_text("The first half.")
    expect(output).to_contain_text("cancelled")
