"""A turn in JupyterLab and Chromium: how soon a click on Cancel ends it, or what of it gets lost."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

if importlib.util.find_spec("playwright") is None or importlib.util.find_spec("jupyterlab") is None:
    sys.exit("Playwright or JupyterLab is not installed")

from playwright.sync_api import expect, sync_playwright

from a3s_kernel.install import install
from tests.browser.conftest import BROWSERS, FLAGS
from tests.browser.notebook import READY_MS, Notebook, write_notebook
from tests.browser.server import LabServer
from tests.model_server import ModelServer, agent_hcl, says, wait

PARAMETERS: dict[str, Any] = json.loads(sys.argv[1])
# The page's own clock, from the click to the moment at which the cell has its number again.
WATCH = """cell => {
  const prompt = cell.querySelector('.jp-InputPrompt');
  window.a3sClicked = window.a3sTaken = null;
  cell.addEventListener('click', event => {
    if (event.target.closest('button')) window.a3sClicked ??= performance.now();
  }, {capture: true});
  new MutationObserver(() => {
    if (window.a3sClicked && /\\d/.test(prompt.textContent))
      window.a3sTaken ??= performance.now() - window.a3sClicked;
  }).observe(prompt, {childList: true, characterData: true, subtree: true});
}"""


def cancelled(notebook: Notebook, server: ModelServer) -> dict[str, float]:
    """Milliseconds from click to end, over many turns."""
    server.answer_with(lambda _request: says("An answer that ", "goes on. " * 20, wait()))
    taken = []
    for _ in range(PARAMETERS["count"]):
        notebook.run(0)
        expect(notebook.output(0)).to_contain_text("goes on.", timeout=READY_MS)
        cancel = notebook.output(0).get_by_role("button", name="Cancel")
        expect(cancel).to_be_enabled(timeout=READY_MS)
        notebook.cell(0).evaluate(WATCH)
        cancel.click()
        notebook.page.wait_for_function("() => window.a3sTaken !== null", timeout=READY_MS)
        taken.append(float(notebook.page.evaluate("() => window.a3sTaken")))
    last = (
        statistics.quantiles(taken, n=100, method="inclusive")[98] if len(taken) > 1 else taken[0]
    )
    return {"median_ms": statistics.median(taken), "p99_ms": last}


def flooded(notebook: Notebook, server: ModelServer, path: Path) -> dict[str, float]:
    """Characters that are missing on screen at the end of the answer, and in the saved notebook."""
    words = [f"w{number:06}" for number in range(PARAMETERS["characters"] // 8)]
    text = "\n\n".join(" ".join(words[at : at + 40]) for at in range(0, len(words), 40))
    server.script(says(text, "\n\nlast", wait(), size=5))
    notebook.run(0)
    expect(notebook.output(0)).to_contain_text("last", timeout=READY_MS)
    seen = re.findall(r"w\d{6}", notebook.output(0).text_content() or "")
    server.release()
    notebook.expect_finished(0)
    notebook.save()
    outputs = json.loads(path.read_text("utf-8"))["cells"][0]["outputs"]
    saved = re.findall(r"w\d{6}", "".join("".join(o["data"]["text/markdown"]) for o in outputs))
    return {"lost_on_screen": lost(words, seen), "lost_in_file": lost(words, saved)}


def lost(expected: list[str], found: list[str]) -> float:
    """Characters of the words that are missing, or stand in the wrong place."""
    return 7.0 * (len(expected) - sum(a == b for a, b in zip(expected, found, strict=False)))


def main() -> None:
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        sys.exit("there is no Chromium")
    with tempfile.TemporaryDirectory() as place, ModelServer() as server, sync_playwright() as play:
        folder = Path(place)
        root, kernels = folder / "root", folder / "kernels"
        root.mkdir()
        sys.stdout = sys.stderr  # what installing prints is no figure
        if install(["--prefix", str(kernels)]) != 0:
            sys.exit("the kernelspec could not be installed")
        sys.stdout = sys.__stdout__
        (root / "agent.hcl").write_text(agent_hcl(server), "utf-8")
        path = write_notebook(root / "turn.ipynb", "%%a3s\nGo.", "1")
        with LabServer(root, folder / "home", kernels) as lab:
            browser = play.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
            page = browser.new_page()
            page.goto(lab.page("turn.ipynb"))
            notebook = Notebook(page)
            notebook.wait_for_kernel()
            cancelling = PARAMETERS["what"] == "cancel"
            figures = cancelled(notebook, server) if cancelling else flooded(notebook, server, path)
            browser.close()
            lab.shut_down_kernels()
    sys.stdout.write(f"\n{json.dumps(figures)}\n")


main()
