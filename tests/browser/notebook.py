"""A notebook open in JupyterLab, driven as a person would: pointer and keyboard."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.deadlines import DEADLINE_S

READY_MS = DEADLINE_S * 1000
IDLE = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.sessionContext?.session?.kernel?.status === 'idle' && panel.context?.isReady;
}"""
# Counts restarts of the notebook's kernel from the first call on.
KERNEL_RESTARTS = """() => {
  const context = window.jupyterapp.shell.currentWidget.sessionContext;
  if (context.a3sRestarts === undefined) {
    context.a3sRestarts = 0;
    context.statusChanged.connect((_, status) => {
      if (status === 'restarting' || status === 'autorestarting') context.a3sRestarts += 1;
    });
  }
  return context.a3sRestarts;
}"""
CLEAN = "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"


def write_notebook(path: Path, *cells: str, kernel: str = "a3s") -> Path:
    """Write a notebook of code cells without outputs."""
    document: dict[str, Any] = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document), "utf-8")
    return path


class Notebook:
    """The notebook of the page that is in front; cells count from 0."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def wait_for_kernel(self) -> None:
        """Return when the kernel is idle and the document is loaded."""
        self.page.wait_for_function(IDLE)

    def cell(self, number: int) -> Locator:
        """A code cell with its outputs."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)

    def output(self, number: int) -> Locator:
        """What stands below a cell."""
        return self.cell(number).locator(".jp-Cell-outputArea")

    def run(self, number: int) -> None:
        """Put the cursor in the cell and press Shift+Enter."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")

    def expect_running(self, number: int) -> None:
        """The cell's prompt shows a star."""
        expect(self.cell(number).locator(".jp-InputPrompt")).to_have_text("[*]:")

    def expect_finished(self, number: int) -> None:
        """The cell's prompt shows a count."""
        prompt = self.cell(number).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"))

    def restart_kernel(self) -> None:
        """Press the toolbar's button, confirm, and return when the new kernel is ready."""
        before = self.page.evaluate(KERNEL_RESTARTS)
        self.page.locator("[data-command='notebook:restart-kernel']").first.click()
        self.page.locator(".jp-Dialog").locator(".jp-mod-accept").click()
        self.page.wait_for_function(f"before => ({KERNEL_RESTARTS})() > before", arg=before)
        self.wait_for_kernel()

    def save(self) -> None:
        """Press Ctrl+S and return when the file is written."""
        self.page.keyboard.press("Control+s")
        self.page.wait_for_function(CLEAN)

    def reload(self) -> None:
        """Press F5 and return when the cells are there again; the kernel may be busy."""
        self.page.reload()
        self.cell(0).wait_for()

    def choose_no_kernel(self) -> None:
        """Answer the question for a kernel, which comes when the notebook's own is not installed."""
        dialog = self.page.locator(".jp-Dialog")
        dialog.get_by_role("button", name="No Kernel").click()
        expect(self.page.locator(".jp-KernelName")).to_contain_text("No Kernel")

    def screenshot(self, name: str) -> None:
        """Keep a picture when the environment names a folder for them."""
        if folder := os.environ.get("A3S_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png")
