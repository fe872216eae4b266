"""When an answer looks unfinished."""

import pytest

from a3s_code.loop.continuation import looks_unfinished


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "Now the details:",
        "Working on it...",
        "Working on it…",
        "First of all,",
        "I'll read the file now.",
        "I’ll read the file now.",  # noqa: RUF001  # a typographic apostrophe
        "I will run the tests.",
        "Let me check the configuration.",
        "I need to see the data.",
        "The file is there.\n\nNext, I look at the other one.",
        "To do this a second file is needed.",
        "I'm going to edit it.",
        "I should check the log first.",
        "First, I open the file.",
        "Now I run the tests.",
        "Let's start with the data.",
        "Let's begin by reading.",
        "LET ME check.",
        "x" * 78 + ":",
    ],
)
def test_promises_look_unfinished(text: str) -> None:
    assert looks_unfinished(text)


@pytest.mark.parametrize(
    "text",
    [
        "The answer is 42.",
        "Done. Let me know if you need more.",
        "It works now. I'll be happy to explain.",
        "Let me explain.\n\nThe mean is 3.5 and the median is 3.",
        "x" * 79 + ":",
        "Steps:\n- one\n- two:",
    ],
)
def test_results_and_courtesies_do_not(text: str) -> None:
    assert not looks_unfinished(text)
