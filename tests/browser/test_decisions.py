"""Deny and Approve for this session, as a person presses them, and how they look in the dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenNotebook
from tests.browser.notebook import write_notebook
from tests.model_server import ModelServer, calls, says, turn, wait

pytestmark = pytest.mark.browser

# WCAG 2.1, section 1.4.3: the contrast of text with the first opaque background below it.
CONTRAST = """element => {
  const parse = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const linear = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  let below = element, ground = [255, 255, 255];
  for (; below; below = below.parentElement) {
    const colour = parse(getComputedStyle(below).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) { ground = colour; break; }
  }
  const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
READABLE = 4.5


def contrast(place: Locator) -> float:
    """The contrast ratio of a place's text, from 1 to 21."""
    return float(place.evaluate(CONTRAST))


def test_the_reason_of_a_denial_is_told_to_the_model_and_to_the_reader_in_the_dark(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer
) -> None:
    """The question is readable in the dark theme and says once what would be run."""
    model_server.script(
        calls("bash", command="touch denied.txt"),
        turn(says("Once more. ", wait()), calls("bash", command="touch again.txt", id="c2")),
        says("Then not."),
    )
    notebook = open_notebook(write_notebook(prompts / "deny.ipynb", "%%a3s\nTouch it.", "1"))
    page, output = notebook.page, notebook.output(0)
    page.evaluate(
        "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", "JupyterLab Dark"
    )
    expect(page.locator("body[data-jp-theme-light=false]")).to_be_attached()

    try:
        notebook.run(0)
        deny = output.get_by_role("button", name="Deny")
        expect(deny).to_be_enabled()
        notebook.screenshot("dark-question")
        expect(output).to_contain_text("touch denied.txt")
        assert output.inner_text().count("touch denied.txt") == 1
        places = (".a3s-question", ".a3s-card summary b", ".a3s-quiet", ".a3s-status")
        ratios = {name: contrast(output.locator(name).first) for name in places}
        assert {name: ratio for name, ratio in ratios.items() if ratio < READABLE} == {}

        output.get_by_placeholder("reason").fill("too early")
        deny.click()
        reason = output.get_by_placeholder("reason")
        expect(reason).to_have_count(0)
        model_server.release()
        expect(output).to_contain_text("touch again.txt")
        reason.fill("still too early")
        reason.press("Enter")
        notebook.expect_finished(0)
    finally:  # the server keeps the theme for the tests that follow
        page.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})",
            "JupyterLab Light",
        )

    expect(output).to_contain_text("denied: too early")
    expect(output).to_contain_text("denied: still too early")
    assert "Reason: too early" in model_server.requests[1]["messages"][-1]["content"]
    assert "Reason: still too early" in model_server.requests[2]["messages"][-1]["content"]
    assert not list(prompts.glob("*.txt"))


def test_an_approval_for_the_session_also_answers_the_next_cell(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer
) -> None:
    """One click, three calls in two cells."""
    model_server.script(
        calls("bash", command="touch one.txt"),
        calls("bash", command="touch two.txt"),
        says("Both."),
        calls("bash", command="touch three.txt"),
        says("The third."),
    )
    path = write_notebook(prompts / "session.ipynb", "%%a3s\nTwo.", "%%a3s\nOne more.")
    notebook = open_notebook(path)

    notebook.run(0)
    approve = notebook.output(0).get_by_role("button", name="Approve for this session")
    expect(approve).to_be_enabled()
    approve.click()
    notebook.expect_finished(0)
    notebook.run(1)
    notebook.expect_finished(1)

    expect(notebook.output(1)).to_contain_text("The third.")
    assert [(prompts / f"{name}.txt").exists() for name in ("one", "two", "three")] == [True] * 3
