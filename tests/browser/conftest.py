"""JupyterLab and Chromium for the tests of what a person sees."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from a3s_kernel.install import install
from tests.browser.notebook import READY_MS, Notebook
from tests.browser.server import LabServer
from tests.model_server import ModelServer, agent_hcl

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WINDOW = ViewportSize(width=1280, height=900)

expect.set_options(timeout=READY_MS)  # Playwright itself gives up after 5 s

OpenNotebook = Callable[[Path], Notebook]


def missing(reason: str) -> None:
    """Skip; but where the browser tests are obligatory, fail with the same reason."""
    if os.environ.get("A3S_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


# Playwright runs an event loop in this thread for as long as it is open, and no other test could
# use `asyncio.run` meanwhile: it ends with the browser tests, not with the session.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        missing("no Chromium on PATH; Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, headless=True, args=FLAGS, timeout=READY_MS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix that holds the kernelspec of the code under test."""
    prefix = tmp_path_factory.mktemp("kernels")
    assert install(["--prefix", str(prefix)]) == 0
    return prefix


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, kernels: Path) -> Iterator[LabServer]:
    """JupyterLab with the `a3s` kernel; every test works in a folder of its own below its root."""
    if importlib.util.find_spec("jupyterlab") is None:
        missing("JupyterLab is not installed: pip install 'a3s-kernel[lab]'")
    root, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("lab")
    with LabServer(root, home, kernels) as server:
        yield server


@pytest.fixture
def workspace(lab: LabServer, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The test's own folder; kernels that it started are gone afterwards."""
    folder = lab.root / request.node.name
    folder.mkdir()
    yield folder
    lab.shut_down_kernels()


@pytest.fixture
def prompts(workspace: Path, model_server: ModelServer) -> Path:
    """A folder whose `agent.hcl` names the scripted model."""
    (workspace / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    return workspace


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Pages of a browser profile that nobody has used before."""
    context = browser.new_context(viewport=WINDOW)
    context.set_default_timeout(READY_MS)
    yield context.new_page
    context.close()


@pytest.fixture
def open_notebook(lab: LabServer, new_page: Callable[[], Page]) -> OpenNotebook:
    """Open a notebook below the server's root and wait until its kernel is ready."""

    def open_it(path: Path) -> Notebook:
        page = new_page()
        page.goto(lab.page(path.relative_to(lab.root).as_posix()))
        notebook = Notebook(page)
        notebook.wait_for_kernel()
        return notebook

    return open_it


@pytest.fixture
def open_without_kernel(
    lab: LabServer, new_page: Callable[[], Page], tmp_path: Path
) -> Iterator[OpenNotebook]:
    """Open a saved notebook on a server that cannot start any kernel."""
    with LabServer(lab.root, tmp_path / "home") as server:
        page = new_page()

        def open_it(path: Path) -> Notebook:
            page.goto(server.page(path.relative_to(lab.root).as_posix()))
            notebook = Notebook(page)
            notebook.choose_no_kernel()
            return notebook

        yield open_it
        page.close()  # a server whose page is open may take half a minute to stop
