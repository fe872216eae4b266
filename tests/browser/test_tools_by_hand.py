"""Tools by hand as a person meets them: the explorer's form, by keyboard and in the dark, and Tab."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenNotebook
from tests.browser.notebook import write_notebook
from tests.model_server import ModelServer, agent_hcl

pytestmark = pytest.mark.browser

DARK = """() => window.jupyterapp.commands.execute(
  'apputils:change-theme', {theme: 'JupyterLab Dark'})"""
# Brightness from 0 to 255 of an element's own text and of the first background behind it.
CONTRAST = """element => {
  const levels = colour => colour.match(/[\\d.]+/g).map(Number);
  const bright = ([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b;
  let behind = element, colour;
  do {
    colour = levels(getComputedStyle(behind).backgroundColor);
    behind = behind.parentElement;
  } while (behind && colour.length > 3 && colour[3] === 0);
  return Math.abs(bright(levels(getComputedStyle(element).color)) - bright(colour));
}"""


@pytest.fixture
def folder(workspace: Path, model_server: ModelServer) -> Path:
    """A folder with a configuration and something to find."""
    (workspace / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    (workspace / "a.txt").write_text("one\nTODO <b>two</b>\n", "utf-8")
    return workspace


def test_the_explorer_is_used_by_keyboard_in_the_dark(
    open_notebook: OpenNotebook, folder: Path
) -> None:
    notebook = open_notebook(write_notebook(folder / "explore.ipynb", "%a3s explore grep"))
    notebook.page.evaluate(DARK)
    output = notebook.output(0)
    notebook.run(0)
    notebook.expect_finished(0)

    form = output.locator(".a3s-explorer")
    expect(form).to_be_visible()
    form.locator(".a3s-field input").first.focus()
    keyboard = notebook.page.keyboard
    keyboard.type("TODO")
    run = form.get_by_role("button", name="Run")
    for _ in range(12):
        keyboard.press("Tab")
        if run.evaluate("element => element === document.activeElement"):
            break
    expect(run).to_be_focused()
    keyboard.press("Enter")

    card = form.locator(".a3s-card")
    expect(card).to_contain_text("a.txt:2:TODO <b>two</b>")
    assert card.locator("pre b").count() == 0
    line = form.locator(".widget-text", has_text="Magic").locator("input")
    expect(line).to_have_value("%a3s_grep TODO")
    notebook.screenshot("explorer-dark")
    for part in (".a3s-about label, label.a3s-about, .a3s-about", ".a3s-card pre", ".widget-label"):
        assert form.locator(part).first.evaluate(CONTRAST) > 60, part


def test_tab_offers_models_and_options(open_notebook: OpenNotebook, folder: Path) -> None:
    path = write_notebook(folder / "tab.ipynb", "%a3s model", "%%a3s --model o")
    notebook = open_notebook(path)
    notebook.run(0)  # JupyterLab waits a second for completions; the first session takes longer
    notebook.expect_finished(0)
    editor = notebook.cell(1).locator(".cm-content")
    editor.click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.press("Tab")
    popup = notebook.page.locator(".jp-Completer")
    expect(popup.get_by_text("openai/m")).to_be_visible()
    expect(popup.locator(".jp-Completer-item")).to_have_count(1)
    notebook.page.keyboard.press("Enter")
    expect(editor).to_contain_text("--model openai/m")

    notebook.page.keyboard.type(" --y")
    notebook.page.keyboard.press("Tab")
    expect(popup.get_by_text("--yes")).to_be_visible()
    notebook.page.keyboard.press("Enter")
    expect(editor).to_contain_text("--model openai/m --yes")
