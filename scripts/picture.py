"""Makes the picture of the README: `python scripts/picture.py`.

A real turn in a real JupyterLab in Chromium; only the model is scripted. Needs the extras `test` and
`lab`, and Chromium on the PATH.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "magics")]

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from a3s_kernel.install import install
from tests.browser.conftest import BROWSERS, FLAGS
from tests.browser.notebook import READY_MS, Notebook, write_notebook
from tests.browser.server import LabServer
from tests.model_server import ModelServer, agent_hcl, calls, says, turn

PICTURE = ROOT / "docs" / "images" / "turn.png"
WIDTH, SCALE, COLORS, MARGIN = 940, 2, 96, 6
USAGE = (1840, 96)  # tokens in and out of each answer
SETTLE_MS = 1000  # animations of the page
SOURCE = """\
def mean_wait(rows):
    total = sum(float(row["wait"] or 0) for row in rows)
    return total / len(rows)
"""
BEFORE = '    total = sum(float(row["wait"] or 0) for row in rows)\n    return total / len(rows)'
AFTER = '    waits = [float(row["wait"]) for row in rows if row["wait"]]\n    return sum(waits) / len(waits)'
DATA = """\
import csv
from clean import mean_wait

rows = list(csv.DictReader(open("visits.csv")))
mean_wait(rows)"""
PROMPT = """\
%%a3s
This mean looks too low: explain why, then correct clean.py."""
ANSWERS = (
    turn(
        says("I will look at the function and at the data behind it."),
        calls("read", file_path="clean.py"),
        calls("grep", pattern=",$", path="visits.csv"),
    ),
    turn(
        says(
            "**40 of the 120 visits have no waiting time**, and `mean_wait` counts each of them as 0:\n\n"
            "| | visits | mean wait |\n|---|---|---|\n"
            "| as counted now | 120 | 12.4 min |\n| with a time | 80 | 18.6 min |\n\n"
            "They should be left out of the mean. This is the change:"
        ),
        calls("edit", file_path="clean.py", old_string=BEFORE, new_string=AFTER),
    ),
    says("Done."),
)


def main() -> None:
    """Run the turn up to its question and keep what is on the screen."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)))
    with (
        tempfile.TemporaryDirectory() as place,
        ModelServer() as model,
        sync_playwright() as playwright,
    ):
        folders = [Path(place, name) for name in ("work", "home", "prefix")]
        for folder in folders:
            folder.mkdir()
        work, home, prefix = folders
        prepare(work, model)
        install(["--prefix", str(prefix)])
        with LabServer(work, home, prefix) as lab:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(
                viewport={"width": WIDTH, "height": 1100}, device_scale_factor=SCALE
            )
            page.goto(lab.page("visits.ipynb").replace("/lab/tree/", "/doc/tree/"))
            PICTURE.parent.mkdir(parents=True, exist_ok=True)
            PICTURE.write_bytes(smaller(taken(page)))
            browser.close()


def prepare(work: Path, model: ModelServer) -> None:
    """The notebook's folder and the model's answers."""
    waits = [str(8 + (7 * number) % 22) for number in range(80)]
    rows = [f"{number},{wait}" for number, wait in enumerate(waits + [""] * 40, start=1)]
    (work / "visits.csv").write_text("\n".join(["visit,wait", *rows]) + "\n", "utf-8")
    (work / "clean.py").write_text(SOURCE, "utf-8")
    named = agent_hcl(model).replace("openai/m", "openai/scripted").replace('= "m"', '= "scripted"')
    (work / "agent.hcl").write_text(named, "utf-8")
    write_notebook(work / "visits.ipynb", DATA, PROMPT)
    model.script(*(replace(reply, usage=USAGE) for reply in ANSWERS))


def taken(page: Page) -> bytes:
    """The notebook while its turn waits for an answer, as PNG."""
    notebook = Notebook(page)
    notebook.wait_for_kernel()
    notebook.run(0)
    notebook.expect_finished(0)
    notebook.run(1)
    output = notebook.output(1)
    expect(output.get_by_role("button", name="Approve once")).to_be_enabled(timeout=READY_MS)
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.locator(".jp-Cell").nth(0).scroll_into_view_if_needed()
    page.wait_for_timeout(SETTLE_MS)
    panel, end = page.locator(".jp-NotebookPanel").bounding_box(), output.bounding_box()
    assert panel
    assert end
    clip = {**panel, "height": end["y"] + end["height"] - panel["y"] + MARGIN}
    return page.screenshot(clip=clip)


def smaller(png: bytes) -> bytes:
    """The same picture with a palette: a third of the bytes."""
    written = io.BytesIO()
    palette = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLORS)
    palette.save(written, "PNG", optimize=True)
    return written.getvalue()


if __name__ == "__main__":
    main()
