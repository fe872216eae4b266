"""The kernel in JupyterLab, before any prompt is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenNotebook
from tests.browser.notebook import write_notebook

pytestmark = pytest.mark.browser


def test_python_cells_run_in_the_a3s_kernel(open_notebook: OpenNotebook, workspace: Path) -> None:
    """The launcher's name of the kernel stands in the toolbar and a cell answers."""
    notebook = open_notebook(write_notebook(workspace / "sum.ipynb", "sum(range(10))"))

    notebook.run(0)

    expect(notebook.output(0)).to_contain_text("45")
    expect(notebook.page.locator(".jp-KernelName")).to_contain_text("A3S (Python)")
    notebook.screenshot("python-cell")
