"""`make demo`: a notebook without a browser, its answers on standard output as they come."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deadlines import PROGRAM_S

pytestmark = pytest.mark.kernel

DEMO = Path(__file__).parents[2] / "scripts" / "demo.py"


def notebook(folder: Path, *sources: str) -> Path:
    """A notebook with these code cells and one of text."""
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": "# Title"}]
    cells += [{"cell_type": "code", "metadata": {}, "source": text} for text in sources]
    path = folder / "example.ipynb"
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    return path


def demo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the script to its end."""
    return subprocess.run(
        [sys.executable, str(DEMO), *map(str, arguments)],
        timeout=PROGRAM_S,
        check=False,
        capture_output=True,
        text=True,
    )


GROWING = """
from IPython.display import clear_output, display
notice = display({"text/plain": "loading"}, raw=True, display_id=True)
answer = display({"text/plain": "one"}, raw=True, display_id=True)
answer.update({"text/markdown": "one *two*", "text/plain": "one two"}, raw=True)
notice.update({"text/plain": "one two"}, raw=True)
answer.update({"text/plain": ""}, raw=True)
notice.update({"text/plain": "one two three"}, raw=True)
notice.update({"text/markdown": "something *else*"}, raw=True)
clear_output(wait=True)
display({"text/plain": "something *else*\\ndone"}, raw=True)
"""


def test_outputs_are_printed_as_they_grow(tmp_path: Path) -> None:
    """An updated output adds what is new, also when its text moved to another output."""
    done = demo(notebook(tmp_path, "print('a', end='')\nprint('b')", "6 * 7", GROWING))

    lines = [line for line in done.stdout.splitlines() if line and not line.startswith(">>>")]
    assert done.returncode == 0
    assert lines == ["ab", "42", "loading", "one two three", "something *else*", "done"]


def test_a_failing_cell_is_named_and_ends_the_run(tmp_path: Path) -> None:
    """The last line says which cell failed and why; later cells do not run."""
    done = demo(notebook(tmp_path, "1", "raise ValueError('not\\ntoday')", "print('never')"))

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: cell 2 failed: ValueError: not today"
    assert "never" not in done.stdout.replace(">>> print('never')", "")


def test_a_missing_notebook_is_one_line(tmp_path: Path) -> None:
    """The line names what was asked for."""
    done = demo(tmp_path / "nowhere.ipynb")

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "nowhere.ipynb" in line
