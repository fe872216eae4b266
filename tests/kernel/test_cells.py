"""The pure rule that tells prompts from Python."""

from __future__ import annotations

import pytest

from a3s_kernel.cells import prompt_completeness


@pytest.mark.parametrize(
    "source",
    ["%%a3s\nhello", "%%a3s --model a/b\nhello\n", "\n%%a3s\n\nhello", "%%a3s\nfor x in y:\n"],
)
def test_a_prompt_that_has_begun_is_complete(source: str) -> None:
    """Whatever the prompt looks like to Python, it can be sent."""
    assert prompt_completeness(source) == "complete"


@pytest.mark.parametrize("source", ["%%a3s", "%%a3s\n", "%%a3s --model a/b\n  "])
def test_a_header_waits_for_its_prompt(source: str) -> None:
    """Enter behind the header gives a line to type in."""
    assert prompt_completeness(source) == "incomplete"


@pytest.mark.parametrize("source", ["%%a3s --help", "%%a3s -h\n", "%%a3s\n\n"])
def test_a_header_may_stand_alone(source: str) -> None:
    """Help needs no prompt; a blank line ends a cell magic as everywhere in IPython."""
    assert prompt_completeness(source) == "complete"


@pytest.mark.parametrize("source", ["", "%%a3s_bash\nls", "%%bash\nls", "x = 1\n%%a3s\nhello"])
def test_other_cells_are_left_to_ipython(source: str) -> None:
    """Another magic, and Python that only mentions ours."""
    assert prompt_completeness(source) is None
