"""What a turn with everything in it looks like, while it runs and when it is over, in both themes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenNotebook
from tests.browser.notebook import write_notebook
from tests.browser.test_decisions import READABLE, contrast
from tests.model_server import ModelServer, calls, says, status, turn, wait

pytestmark = pytest.mark.browser

ANSWER = """\
## What I found

The mean is $\\bar{x} = \\frac{1}{n}\\sum_i x_i$, and `describe()` tells the rest:

```python
def mean(values: list[float]) -> float:
    return sum(values) / len(values)  # of no values there is none
```

| column | nulls | smallest | largest | median | deviation |
|---|---|---|---|---|---|
| age | 3 | 1 | 99 | 41 | 12 |
| city | 0 | - | - | - | - |
"""
EDIT = {"file_path": "clean.py", "old_string": "rows = 1\n", "new_string": "rows = 2\ncols = 3\n"}
CODE = "import time\nfor step in range(3):\n    print('step', step)"
OVERFLOW = "element => element.scrollWidth - element.clientWidth"
LINES = """element => {
  const range = document.createRange();
  range.selectNodeContents(element);
  return new Set([...range.getClientRects()].map(part => Math.round(part.bottom))).size;
}"""


def picture() -> bytes:
    """A small chart."""
    image = Image.new("RGB", (320, 180), "white")
    draw = ImageDraw.Draw(image)
    for at in range(6):
        draw.rectangle((20 + at * 48, 170 - at * 25, 56 + at * 48, 170), fill="steelblue")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def change_theme(page: Page, name: str) -> None:
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", name)
    light = str(name == "JupyterLab Light").lower()
    expect(page.locator(f"body[data-jp-theme-light={light}]")).to_be_attached()


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    """The theme's name; the server keeps a theme, so that a test has to put the light one back."""
    return str(request.param)


def expect_readable(output: Locator, *places: str) -> None:
    """Enough contrast in each place, as soon as it is there; nothing is cut off at the side."""
    ratios = {place: contrast(output.locator(place).first) for place in places}
    assert {place: ratio for place, ratio in ratios.items() if ratio < READABLE} == {}
    assert output.evaluate(OVERFLOW) <= 0


def plan_of(*steps: str) -> Any:
    listed = [
        {"id": f"s{n}", "content": content, "dependencies": [f"s{n - 1}"] if n > 1 else []}
        for n, content in enumerate(steps, 1)
    ]
    return says(json.dumps({"goal": "clean data", "complexity": "Medium", "steps": listed}))


def test_a_turn_with_everything_in_it(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer, theme: str
) -> None:
    """Plan, thinking, a picture, a diff, a command that fails, code that runs, an agent at work."""
    (prompts / "chart.png").write_bytes(picture())
    (prompts / "clean.py").write_text("rows = 1\n", "utf-8")
    model_server.script(
        plan_of("Look at the data", "Clean it", "Report"),
        turn(
            says("I look at the picture.", thinking="A chart may help."),
            calls("read", id="c1", file_path="chart.png"),
        ),
        says("It has six bars, and they grow."),
        turn(calls("edit", id="c2", **EDIT)),
        turn(calls("bash", id="c3", command="echo no such thing >&2; exit 3")),
        turn(calls("python", id="c4", code=CODE)),
        turn(calls("task", id="c5", agent="explore", description="find callers", prompt="look")),
        says("Called in **two** places."),
        says("Cleaned."),
        says(ANSWER, wait(), "\nThat is all."),
    )
    path = write_notebook(prompts / "all.ipynb", "%%a3s --plan --yes\nClean my data.", "1")
    notebook = open_notebook(path)
    page, output = notebook.page, notebook.output(0)
    change_theme(page, f"JupyterLab {theme.title()}")
    try:
        notebook.run(0)
        expect(output.locator("td", has_text="city")).to_be_visible()  # the end of what was sent
        expect(output.locator("img.a3s-image")).to_be_visible()
        expect(output.locator(".a3s-text mjx-container").first).to_be_visible()
        expect(output.locator(".a3s-text code .k").first).to_be_visible()
        page.set_viewport_size({"width": 1280, "height": 2400})
        notebook.screenshot(f"everything-live-{theme}")
        expect_readable(
            output,
            ".a3s-card summary b",
            ".a3s-card pre",
            ".a3s-quiet",
            ".a3s-status",
            ".a3s-added",
            ".a3s-removed",
            ".a3s-text p",
            ".a3s-heading",
        )
        page.set_viewport_size({"width": 600, "height": 2400})
        notebook.screenshot(f"everything-narrow-{theme}")
        cancel = output.get_by_role("button", name="Cancel")
        assert cancel.evaluate(OVERFLOW) <= 0  # not `Can…`
        assert output.locator("th", has_text="deviation").evaluate(LINES) == 1  # words stay whole
        page.set_viewport_size({"width": 1280, "height": 2400})
        model_server.release()
        notebook.expect_finished(0)
        expect(output.locator("sub").first).to_be_visible()  # of the static form alone
        expect(output).to_contain_text("That is all.")
        expect(output.locator("details[open] img")).to_be_visible()
        notebook.screenshot(f"everything-done-{theme}")
        expect_readable(output, "summary", "sub", ".jp-RenderedMarkdown p")
    finally:
        change_theme(page, "JupyterLab Light")


def test_a_failed_turn(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer, theme: str
) -> None:
    """The reason is said once, in colours that the theme has."""
    model_server.script(calls("ls", id="c1"), status(401))
    notebook = open_notebook(write_notebook(prompts / "failed.ipynb", "%%a3s\nHello.", "1"))
    page, output = notebook.page, notebook.output(0)
    change_theme(page, f"JupyterLab {theme.title()}")
    try:
        notebook.run(0)
        notebook.expect_finished(0)
        expect(output.locator(".jp-RenderedMarkdown summary").first).to_be_visible()
        expect(output).to_contain_text("ModelRefused")
        notebook.screenshot(f"failed-{theme}")
        assert output.inner_text().count("scripted status 401") == 1
        expect_readable(output, ".jp-RenderedMarkdown p", "summary")
    finally:
        change_theme(page, "JupyterLab Light")
