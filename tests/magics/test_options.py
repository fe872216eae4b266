"""The `%%a3s` line and the tool lines: options, help, complaints of one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.error import UsageError

from a3s_magics.cell_source import as_meant
from a3s_magics.options import HelpWanted, PromptOptions, parse_prompt_options, words_of
from a3s_magics.tool_parser import parse_tool_line, tool_parser

GREP = {
    "name": "grep",
    "description": "Search 100% of the files.",
    "parameters": {
        "type": "object",
        "required": ["pattern"],
        "properties": {
            "path": {"type": "string", "description": "where"},
            "pattern": {"type": "string", "description": "what"},
            "context": {"type": "integer"},
            "-i": {"type": "boolean", "description": "ignore case"},
            "replace_all": {"type": "boolean"},
            "output_mode": {"type": "string", "enum": ["content", "count"]},
            "env": {"type": "object"},
        },
    },
}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", PromptOptions()),
        ("--model openai/m", PromptOptions(model="openai/m")),
        ("--model=openai/m:7b --yes", PromptOptions(model="openai/m:7b", yes=True)),
        ("--new --ui final", PromptOptions(new=True, ui="final")),
        ("--model 'a/b c'", PromptOptions(model="a/b c")),
    ],
)
def test_options(line: str, expected: PromptOptions) -> None:
    assert parse_prompt_options(line) == expected


@pytest.mark.parametrize(
    ("line", "culprit"),
    [
        ("--bogus", "--bogus"),
        ("--yes --bogus x", "--bogus"),
        ("--ui pictures", "pictures"),
        ("--model", "--model needs a value"),
        ("--max-rounds", "--max-rounds needs a value"),
        ("--plan --no-plan", "--plan and --no-plan contradict"),
        ("--btw --new", "--new and --btw contradict"),
        ("--mod x", "--mod"),
        ("summarise this", "summarise this"),
        ("'unclosed", "'unclosed"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_culprit(line: str, culprit: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_prompt_options(line)

    assert culprit in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", ["--help", "-h", "--model x/y --help", "--help --bogus"])
def test_help_is_asked_for(line: str) -> None:
    with pytest.raises(HelpWanted, match="--model"):
        parse_prompt_options(line)


@given(st.text(max_size=60))
def test_any_line_gives_options_or_one_line(line: str) -> None:
    complaint = ""
    try:
        parse_prompt_options(line)
    except UsageError as error:
        complaint = str(error)
    except HelpWanted:
        pass
    assert len(complaint.splitlines()) <= 1


def test_backslashes_of_windows_paths_stay() -> None:
    assert words_of(r"C:\Users\me 'a b'", "x") == [r"C:\Users\me", "a b"]


def test_the_parser_of_a_tool_follows_its_schema() -> None:
    parser = tool_parser(GREP)

    assert parse_tool_line(GREP, "TODO src --context 2 -i --output-mode count").args == {
        "pattern": "TODO",
        "path": "src",
        "context": 2,
        "-i": True,
        "output_mode": "count",
    }
    assert parse_tool_line(GREP, "TODO").args == {"pattern": "TODO"}
    with pytest.raises(UsageError, match="PATTERN"):
        parser.parse_line("")
    with pytest.raises(UsageError, match="context"):
        parser.parse_line("x --context many")
    with pytest.raises(HelpWanted, match="100% of the files"):
        parser.parse_line("--help")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["%%a3s --help"], ["%%a3s --help\n", "\n"]),
        (["%%a3s\n", "  \n"], ["%%a3s\n", "\n"]),
        (["%%a3s\n", "hi\n"], ["%%a3s\n", "hi\n"]),
        (["%%a3s_other --help"], ["%%a3s_other --help"]),
        (["%a3s --help"], ["%a3s --help"]),
        (["%a3s?"], ["%a3s?"]),
        (["%a3s btw who?"], ["get_ipython().run_line_magic('a3s', 'btw who?')"]),
        (["x = %a3s_grep a?\n"], ["x = get_ipython().run_line_magic('a3s_grep', 'a?')\n"]),
        (["print?"], ["print?"]),
        (["%grep a?"], ["%grep a?"]),
        (["%%a3s\n", "%a3s btw who?"], ["%%a3s\n", "%a3s btw who?"]),
        (["'''\n", "%a3s btw who?\n", "'''"], ["'''\n", "%a3s btw who?\n", "'''"]),
        (["# why\n", "\n", "%%a3s --new\n", "# hi\n"], ["%%a3s --new\n", "# hi\n"]),
        (["\n", "%%a3s --help"], ["%%a3s --help\n", "\n"]),
        (["# why\n", "%%a3s_bash\n", "ls\n"], ["%%a3s_bash\n", "ls\n"]),
        (["# why\n", "%%a3sx\n", "ls\n"], ["# why\n", "%%a3sx\n", "ls\n"]),
        (["x = 1\n", "%%a3s\n", "hi\n"], ["x = 1\n", "%%a3s\n", "hi\n"]),
        (["%%writefile a\n", "# why\n", "%%a3s\n"], ["%%writefile a\n", "# why\n", "%%a3s\n"]),
        ([], []),
    ],
)
def test_cells_reach_the_magics_as_they_are_meant(lines: list[str], expected: list[str]) -> None:
    assert as_meant(lines) == expected
