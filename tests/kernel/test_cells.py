"""The pure rule that tells prompts from Python."""

from __future__ import annotations

import pytest

from a3s_kernel.cells import (
    as_python,
    is_prompt,
    prompt_completeness,
    prompt_start,
    without_python_magic,
)


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


def prompts(source: str, **metadata: object) -> bool:
    """Whether the cell is a prompt where only `df` and `zip` are defined."""
    return is_prompt(source, defined={"df", "zip"}.__contains__, metadata=metadata)


@pytest.mark.parametrize(
    "source",
    [
        "exit the loop?",
        "hello",
        "What is in data.csv?",
        "why?",
        "x == 1?",
        "/help",
        "# Title\nsummarise",
        "a = b",
        "import os",
        "x = 1\nexplain this",
        "{x} costs $5",
        "@df what is this",
    ],
)
def test_prose_is_a_prompt(source: str) -> None:
    """Questions, commands, even code that somebody wants explained."""
    assert prompts(source)


@pytest.mark.parametrize(
    "source",
    ["", " \n", "%%py\nx", "%time x", "  !ls", "?df", "df?", "df.head??", "zip?", "%%a3s\nhi"],
)
def test_escapes_are_python(source: str) -> None:
    """Magics, shell commands, and help on names that exist."""
    assert not prompts(source)


@pytest.mark.parametrize(
    "source",
    [
        "# Parameters\nalpha = 0.1\nname = 'x'\n",
        "x = 1",
        'x: int = -3\nfiles = ["a", {"b": None}]',
        'limit = float("inf")',
    ],
)
def test_parameters_are_python(source: str) -> None:
    """What papermill injects arrives without its tag."""
    assert not prompts(source)


def test_cells_tagged_as_parameters_are_python() -> None:
    """Front ends that send the tags are believed."""
    assert not prompts("a = b", tags=["injected-parameters"])
    assert prompts("a = b", tags=["other"])
    assert prompts("a = b", tags=3)


def test_the_header_of_a_python_cell_becomes_a_comment() -> None:
    """Line numbers and positions in the text stay."""
    assert without_python_magic(["\n", "%%py\n", "x\n"]) == ["\n", "#%py\n", "x\n"]
    assert as_python("%%py\nzi") == "#%py\nzi"


@pytest.mark.parametrize("source", ["x = 1\n%%py\n", "%%pyx\n", "%%python\nx", ""])
def test_other_cells_stay_as_they_are(source: str) -> None:
    """Only the first line of a cell can be its header."""
    assert as_python(source) == source


@pytest.mark.parametrize(
    ("source", "start"),
    [("%%a3s\nhi", 6), ("\n%%a3s --new\nhi", 13), ("%%a3s", None), ("x\n%%a3s\nhi", None)],
)
def test_where_the_prompt_begins(source: str, start: int | None) -> None:
    """Behind the header of a `%%a3s` cell."""
    assert prompt_start(source) == start


@pytest.mark.parametrize("source", ["exit", "quit\n", "exit()"])
def test_words_that_leave_a_console_are_python(source: str) -> None:
    """They do in every other kernel."""
    assert not prompts(source)
