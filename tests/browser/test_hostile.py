"""A model that was talked into attacking its reader: nothing of it runs, nothing is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.canary import Canary
from tests.browser.conftest import OpenNotebook
from tests.browser.notebook import write_notebook
from tests.model_server import ModelServer, calls, says, turn, wait

pytestmark = pytest.mark.browser


def attack(url: str) -> str:
    """Markdown with everything that would run or load something if it were taken at its word."""
    return f"""Before.

<script>window.a3sOwned = "script"</script>
<img src="{url}/raw.png" onerror="window.a3sOwned = 'onerror'">
<img src=x onerror=window.a3sOwned='bare'>
<svg onload="window.a3sOwned = 'svg'"></svg>
<iframe src="{url}/frame" srcdoc="<script>parent.a3sOwned = 'frame'</script>"></iframe>
<style>@import url("{url}/style.css"); body {{ background: url("{url}/style.png") }}</style>
<details open ontoggle="window.a3sOwned = 'toggle'"><summary>x</summary></details>

[click me](javascript:window.a3sOwned='link') and <a href="javascript:window.a3sOwned=1">me</a>
and [me](JaVa&Tab;Script:window.a3sOwned='entity') and [data](data:text/html,<script>1</script>).

![remote]({url}/image.png) ![titled]({url}/title.png "t\\" onerror=\\"window.a3sOwned='title'")
![by reference][r]

[r]: {url}/reference.png

$\\href{{javascript:window.a3sOwned='formula'}}{{x}}$ $\\unicode{{<img src="{url}/tex.png">}}$

| a |
|---|
| <img src="{url}/cell.png" onerror="window.a3sOwned='cell'"> |

"""


def expect_harmless(page: Page) -> None:
    """No link leads anywhere but to the web, nothing is embedded, nothing has run."""
    answer = page.locator(".jp-Cell-outputArea").first
    hrefs = [link.get_attribute("href") or "" for link in answer.locator("a").all()]
    assert [href for href in hrefs if not href.startswith(("http:", "https:", "#"))] == []
    expect(answer.locator("img, iframe, script, object, embed")).to_have_count(0)
    assert page.evaluate("() => window.a3sOwned ?? null") is None


def test_hostile_output_neither_runs_nor_loads(
    open_notebook: OpenNotebook, prompts: Path, model_server: ModelServer
) -> None:
    """Live and after the end, in the answer, the thinking, a tool's arguments and its output."""
    with Canary() as canary:
        text = attack(canary.url)
        (prompts / "evil.txt").write_text(text, "utf-8")
        model_server.script(
            turn(says("", thinking=text), says(text), calls("read", file_path="evil.txt")),
            turn(calls("grep", pattern=f'<img src="{canary.url}/arg.png" onerror="a3sOwned=1">')),
            says(text, "The end.", wait()),
        )
        notebook = open_notebook(write_notebook(prompts / "evil.ipynb", "%%a3s\nRead it.", "1"))
        page, output = notebook.page, notebook.output(0)

        notebook.run(0)
        expect(output).to_contain_text("The end.")
        notebook.screenshot("hostile-live")
        expect_harmless(page)
        model_server.release()
        notebook.expect_finished(0)
        expect(output).to_contain_text("The end.")
        expect_harmless(page)
        notebook.screenshot("hostile-done")

        assert canary.heard == []
        page.evaluate("url => fetch(url, {mode: 'no-cors'}).then(() => 1)", f"{canary.url}/alive")
        assert canary.heard == ["/alive"]  # the page could have reached it
