"""Tool calls as cards: what they tell, and that nothing in them is taken for markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nbconvert.filters import markdown2html

from a3s_magics.cards import (
    capped,
    card_html,
    card_markdown,
    card_text,
    fenced,
    headline,
    parts,
    question_text,
    sign,
    standing,
)
from a3s_magics.transcript import ToolCall
from tests.magics.test_sanitise import HOSTILE, Found


def call(name: str = "bash", **values: Any) -> ToolCall:
    values = {
        "state": "done",
        "args": {"command": "ls"},
        "result": "a.txt",
        "exit_code": 0,
    } | values
    return ToolCall(tool_id="1", name=name, **values)


@pytest.mark.parametrize(
    ("given_call", "expected"),
    [
        (call(duration_ms=1234), "✓ bash: ls (1.2 s)\n    a.txt"),
        (call(exit_code=2), "✗ bash: ls (exit 2, 0.0 s)\n    a.txt"),
        (call(approved=True), "✓ bash: ls (approved, 0.0 s)\n    a.txt"),
        (call(state="refused", reason="too\nrisky", result=None), "⊘ bash: ls (denied: too risky)"),
        (call(state="asking", result=None), "? bash: ls (waits for approval)"),
        (call(state="cancelled", result=None), "■ bash: ls (cancelled)"),
    ],
)
def test_the_text_of_a_card(given_call: ToolCall, expected: str) -> None:
    assert card_text(given_call) == expected


def test_an_edit_shows_a_diff_and_not_the_tools_words() -> None:
    edit = call(
        "edit",
        args={"file_path": "a.py", "old_string": "x = 1\ny = 2", "new_string": "x = 3\ny = 2"},
        result="Replaced 1 occurrence(s) in a.py",
    )

    (diff,) = parts(edit)
    assert diff.language == "diff"
    assert "-x = 1\n+x = 3\n y = 2" in diff.text


def test_a_write_shows_what_changed_in_the_file() -> None:
    facts = {"before": "a\nb\n", "after": "a\nc\n"}
    write = call("write", args={"file_path": "f", "content": "a\nc\n"}, metadata=facts)

    (diff,) = parts(write)
    assert "-b\n+c" in diff.text


def test_a_failed_edit_shows_the_reason() -> None:
    edit = call(
        "edit",
        args={"file_path": "a", "old_string": "x", "new_string": "y"},
        exit_code=1,
        result="old_string not found in a",
    )

    assert "not found" in parts(edit)[-1].text


def test_huge_files_get_no_diff() -> None:
    facts = {"before": "a\n" * 5000, "after": "b\n" * 5000}
    (part,) = parts(call("write", args={"file_path": "f", "content": ""}, metadata=facts))

    assert part.text == "@@ 5000 lines become 5000 lines @@"


def test_long_output_keeps_head_and_tail() -> None:
    text = capped("\n".join(f"line {n}" for n in range(1000)), 30)

    assert text.startswith("line 0\n")
    assert text.endswith("line 999")
    assert "970 lines left out" in text
    assert text.count("\n") == 30


def test_a_long_line_is_cut() -> None:
    assert len(capped("x" * 100_000)) < 500


def test_long_cards_start_folded() -> None:
    short, long = call(result="one"), call(result="line\n" * 100)

    assert "<details" in card_html(short)
    assert " open>" in card_html(short)
    assert " open>" not in card_html(long)
    assert " open>" in card_html(replace(long, state="running"))


def test_the_sign_of_a_running_call_is_no_second_triangle() -> None:
    """A folding card has one of its own in front of the sign, which is the marker of `details`."""
    running = call(args={"pattern": "x"}, state="running")

    assert sign(running) not in "▶▼▸▾►"
    assert card_text(running).startswith(f"{sign(running)} ")


@pytest.mark.parametrize(
    "text", [*HOSTILE, "</pre></details><script>alert(1)</script>", "````\n```"]
)
def test_hostile_arguments_and_outputs_stay_text(text: str) -> None:
    hostile = call(name=f"x{text}", args={"command": text}, result=text)
    pages = [
        card_html(hostile),
        str(MarkdownIt("commonmark", {"html": True}).render(card_markdown(hostile))),
    ]
    for page in pages:
        found = Found()
        found.feed(page)
        assert set(found.problems) <= {"details", "summary", "samp", "b"}


def test_a_dollar_in_a_summary_starts_no_formula() -> None:
    markdown = card_markdown(call(args={"command": "echo $HOME $PATH"}))

    assert "$" not in markdown.partition("</summary>")[0]


@given(st.text(alphabet="`~a\n ", max_size=60))
def test_no_text_leaves_its_fence(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(fenced(text))

    assert [token.type for token in tokens] == ["fence"]


def test_a_call_that_is_being_written_shows_its_arguments_so_far() -> None:
    writing = call(state="preparing", args=None, result=None)
    writing = replace(writing, args_text=writing.args_text + '{"command": "l')

    assert headline(writing) == '{"command": "l'
    assert (sign(writing), standing(writing)) == ("…", "is being written")


def test_a_program_is_code_and_its_first_line_the_topic() -> None:
    told = call(name="python", args={"code": "x = 1\nprint(x)"}, result="1")

    assert headline(told) == "x = 1 …"
    assert "```python\nx = 1\nprint(x)\n```" in card_markdown(told)
    assert "x = 1\nprint(x)</pre>" in card_html(told)
    assert parts(call(name="python", args={"code": "print(1)"}, result="")) == []


@pytest.mark.parametrize(
    ("tool", "args"),
    [
        ("git", {"command": "checkout", "ref": "main", "force": True}),
        ("git", {"command": "branch", "name": "new"}),
        ("web_fetch", {"url": "https://example.org/?q=" + "s" * 200 + "TAIL"}),
        ("batch", {"invocations": [{"tool": "bash", "args": {"command": "x" * 300 + "TAIL"}}]}),
        ("bash", {"command": "ls", "timeout": 5000}),
        ("bash", {"command": "ls  -l\t" + "x" * 200 + "; rm TAIL"}),
        ("edit", {"file_path": "a", "old_string": "b", "new_string": "c", "replace_all": True}),
        ("write", {"file_path": "d/" * 100 + "TAIL", "content": "one"}),
        ("python", {"code": "x = 1\n" * 30 + "evil()\n" + "x = 1\n" * 30}),
        ("lookup", {"key": "a\nb", "command": "rm TAIL"}),
    ],
)
def test_whoever_is_asked_sees_every_argument(tool: str, args: dict[str, Any]) -> None:
    """In the card and in the question of a console: no value and no part of one is missing."""
    asking = call(tool, args=args, state="asking", result=None)

    for shown in (card_text(asking), question_text(asking), card_html(asking)):
        for word in words_of(args):
            assert word in shown


def words_of(value: Any) -> set[str]:
    """All words of all values in the arguments, as JSON spells those that are no text."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return set().union(*map(words_of, value))
    return set(re.findall(r"\w+", value if isinstance(value, str) else json.dumps(value)))


def test_what_a_card_holds_has_columns_in_exported_html() -> None:
    """In outputs, nbconvert leaves the font of a code block to the element around it."""
    page = markdown2html(card_markdown(call("python", args={"code": "a = 1\nb = 2"})))

    assert re.search(
        r'<samp>\s*<div class="highlight"><pre>.*</samp>\s*</details>', page, re.DOTALL
    )


def test_a_search_is_about_what_is_looked_for() -> None:
    """And the folder stays in the card, with the other arguments."""
    search = call("grep", args={"path": "src", "pattern": "TODO"}, result="src/a.py:1:TODO")

    assert headline(search) == "TODO"
    assert '"path": "src"' in card_text(search)


def test_a_call_without_arguments_has_no_empty_topic() -> None:
    bare = call(name="ls", args={}, result="")

    assert "<code" not in card_html(bare) + card_markdown(bare)
    assert card_text(bare).startswith("✓ ls (")


def test_only_lines_that_change_are_marked_in_a_diff() -> None:
    edited = call(name="edit", args={"file_path": "a", "old_string": "b", "new_string": "c"})
    html = card_html(edited)

    assert '<span class="a3s-removed">-b</span>' in html
    assert '<span class="a3s-added">+c</span>' in html
    assert "\n+++ b/a\n" in html
