"""In a kernel of ours tools go by their own names, and Shift-Tab explains them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deadlines import DEADLINE_S

from .conftest import Kernel

pytestmark = pytest.mark.kernel

CONFIG = """\
default_model = "o/m"
providers {
  name     = "o"
  api_key  = "k"
  base_url = "http://127.0.0.1:9/v1"
  models { id = "m" }
}
"""


def test_tools_have_short_names_where_ipython_has_none(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "agent.hcl").write_text(CONFIG)
    (tmp_path / "a.txt").write_text("some words\n")

    assert "some words" in kernel.run("%read a.txt").result
    assert kernel.run("x = %grep words?\n[m.path for m in x]").result == "['a.txt']"
    assert kernel.run("%glob *.txt").result == "['a.txt']"
    # IPython's own: `%edit` opens an editor, `%%bash` runs a script.
    assert "editor" in kernel.run("get_ipython().find_line_magic('edit').__doc__").result
    assert kernel.run("%bash ls").reply["ename"] == "UsageError"


def test_shift_tab_shows_a_tools_options(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "agent.hcl").write_text(CONFIG)

    reply = kernel.client.inspect("%a3s_grep", reply=True, timeout=DEADLINE_S)["content"]

    assert reply["found"]
    assert "--tell" in reply["data"]["text/plain"]


def test_the_mode_is_changed_by_a_line(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "agent.hcl").write_text(CONFIG)

    assert kernel.run("%a3s mode").stream("stdout") == "mode: python\n"
    assert kernel.run("%a3s mode prompt").stream("stdout") == "mode: prompt\n"
    assert kernel.run("%a3s mode nonsense").reply["ename"] == "UsageError"
    assert kernel.run("%a3s mode python").stream("stdout") == "mode: python\n"
