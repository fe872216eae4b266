"""The pure rule that tells prompts from Python."""

from __future__ import annotations

import pytest

from a3s_kernel.cells import is_complete_prompt


@pytest.mark.parametrize(
    "source",
    ["%%a3s\nhello", "%%a3s --model a/b\nhello\n", "\n%%a3s\n\nhello", "%%a3s\nfor x in y:\n"],
)
def test_a_cell_with_a_prompt_is_complete(source: str) -> None:
    """Whatever the prompt looks like to Python, it can be sent."""
    assert is_complete_prompt(source)


@pytest.mark.parametrize(
    "source",
    ["", "%%a3s", "%%a3s\n", "%%a3s  \n \n", "%%a3s_bash\nls", "%%bash\nls", "x = 1\n%%a3s\nhello"],
)
def test_everything_else_is_left_to_ipython(source: str) -> None:
    """A header alone, another magic, and Python that only mentions ours."""
    assert not is_complete_prompt(source)
