"""What the kernel adds to IPython's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deadlines import DEADLINE_S

from .conftest import Kernel, StartKernel

pytestmark = pytest.mark.kernel


def test_magics_are_there_before_the_first_cell(kernel: Kernel) -> None:
    """No `%load_ext` is needed."""
    ran = kernel.run("'a3s' in get_ipython().magics_manager.magics['cell']")

    assert ran.result == "True"


def test_info_is_python_with_our_name(kernel: Kernel) -> None:
    """Front ends that look for Python find it; the banner names the magics."""
    info = kernel.client.kernel_info(reply=True, timeout=DEADLINE_S)["content"]

    assert info["implementation"] == "a3s"
    assert info["language_info"]["name"] == "python"
    assert info["language_info"]["codemirror_mode"]["name"] == "ipython"
    assert "%%a3s" in info["banner"]
    assert "IPython" in info["banner"]


def test_a_broken_extension_is_said_once_and_python_still_works(
    start_kernel: StartKernel, import_first: Callable[[str, str], dict[str, str]]
) -> None:
    """The reason stands in one line under the first cell that a person runs."""
    kernel = start_kernel(import_first("a3s_magics", "raise ImportError('no such wheel')"))

    hidden = kernel.run("0", store_history=False)
    first = kernel.run("6 * 7")
    second = kernel.run("7 * 7")

    assert hidden.stream("stderr") == ""
    assert first.result == "42"
    (line,) = first.stream("stderr").splitlines()
    assert "ImportError: no such wheel" in line
    assert "doctor" in line
    assert second.result == "49"
    assert second.stream("stderr") == ""


def test_modules_of_the_notebook_folder_do_not_break_the_start(
    start_kernel: StartKernel, tmp_path: Path
) -> None:
    """A notebook may stand beside a `random.py`; cells can still import their neighbours."""
    (tmp_path / "random.py").write_text("raise SystemError('shadowed')", "utf-8")
    (tmp_path / "neighbour.py").write_text("x = 1", "utf-8")

    assert start_kernel().run("import neighbour; neighbour.x").result == "1"
