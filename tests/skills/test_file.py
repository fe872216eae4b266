"""Skill files: what every key means, and that a bad file never does harm."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from a3s_code.errors import InvalidArgument
from a3s_code.skills.file import MAX_FILE_BYTES, load_skill, parse_skill
from a3s_code.skills.skill import Skill, SkillKind

CSV_AUDIT = """\
---
name: csv-audit
description: Check CSV files for missing values
allowed-tools: "read(*.csv), grep(*)"
tags: [data]
---
List every column that has empty cells.
"""


def head(lines: str) -> str:
    return f"---\nname: x\n{lines}\n---\ntext\n"


def test_the_documented_file() -> None:
    skill = parse_skill(CSV_AUDIT)
    assert skill == Skill(
        "csv-audit",
        "Check CSV files for missing values",
        "read(*.csv), grep(*)",
        SkillKind.INSTRUCTION,
        "List every column that has empty cells.",
        ["data"],
    )
    assert skill.to_system_prompt() == (
        "# Skill: csv-audit\n\nCheck CSV files for missing values\n\n"
        "List every column that has empty cells."
    )


@pytest.mark.parametrize(
    ("lines", "attribute", "value"),
    [
        ("", "description", ""),
        ("", "allowed_tools", None),
        ("", "kind", SkillKind.INSTRUCTION),
        ("", "tags", []),
        ("", "version", None),
        ("", "model_may_call", True),
        ("allowed-tools: read", "allowed_tools", "read"),
        (
            "allowed-tools: [read(*), 'bash(git log:*)']",
            "allowed_tools",
            "read(*), bash(git log:*)",
        ),
        ("allowed-tools: ''", "allowed_tools", ""),
        ("allowed-tools:", "allowed_tools", None),
        ("kind: persona", "kind", SkillKind.PERSONA),
        ("kind: tool", "kind", SkillKind.TOOL),
        ("kind: Instruction", "kind", SkillKind.INSTRUCTION),
        ("tags: [a, b]", "tags", ["a", "b"]),
        ("tags: one", "tags", ["one"]),
        ("version: 1.0.0", "version", "1.0.0"),
        ("version: 2.5", "version", "2.5"),
        ("disable-model-invocation: true", "model_may_call", False),
        ("triggers: [check data]", "triggers", ["check data"]),
        ("something-else: {a: [1, 2]}", "name", "x"),
    ],
)
def test_every_key(lines: str, attribute: str, value: Any) -> None:
    assert getattr(parse_skill(head(lines)), attribute) == value


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_endings_and_a_mark_in_front(newline: str) -> None:
    skill = parse_skill("\ufeff" + CSV_AUDIT.replace("\n", newline))
    assert (skill.name, skill.content) == ("csv-audit", "List every column that has empty cells.")


def test_a_line_in_the_content_does_not_end_it() -> None:
    assert parse_skill(head("") + "---\nmore").content == "text\n---\nmore"


def test_an_unknown_kind_is_an_instruction_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert parse_skill(head("kind: agent")).kind is SkillKind.INSTRUCTION
    assert "unknown kind 'agent'" in caplog.text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no front matter"),
        ("just text", "no front matter"),
        ("---\nname: x\n", "no front matter"),
        ("---\n- a\n---\n", "is a list, not a mapping"),
        ("---\nname: [\n---\n", "cannot be read"),
        ("---\nname: !!python/object/apply:os.getcwd []\n---\n", "cannot be read"),
        ("---\nname: x\nversion: 2024-99-99\n---\n", "cannot be read: ValueError"),
        ("---\nname: x\nversion: !!timestamp no\n---\n", "cannot be read: AttributeError"),
        ("---\nname: " + "[" * 5000 + "\n---\n", "cannot be read"),
        ("---\ndescription: none\n---\n", "has no `name`"),
        (head("description: [a]"), "`description` must be a text"),
        (head("tags: [[a]]"), "`tags` must be a list of texts"),
        (head("disable-model-invocation: maybe"), "must be true or false"),
        ('---\nname: "a\\nb"\n---\n', "one line of text"),
    ],
)
def test_what_is_no_skill(text: str, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        parse_skill(text)


def test_default_names(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("---\n---\ntext", encoding="utf-8")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "SKILL.md").write_text("---\ntags: []\n---\ntext", encoding="utf-8")
    assert load_skill(tmp_path / "one.md").name == "one"
    assert load_skill(tmp_path / "two" / "SKILL.md").name == "two"


def test_unusable_files_are_named(tmp_path: Path) -> None:
    binary, large = tmp_path / "binary.md", tmp_path / "large.md"
    binary.write_bytes(b"---\nname: \xff\n---\n")
    large.write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    for path, problem in (
        (binary, "not UTF-8"),
        (large, "larger than"),
        (tmp_path, "not a file"),
        (tmp_path / "gone.md", "does not exist"),
    ):
        with pytest.raises(InvalidArgument, match=problem) as caught:
            load_skill(path)
        assert str(path) in str(caught.value)


def test_a_skill_made_in_code() -> None:
    """The order of the arguments and their defaults are documented."""
    values = ("a", "Does a.", "read", SkillKind.TOOL, "Do a.", ["data"], "1.0.0")
    names = ("name", "description", "allowed_tools", "kind", "content", "tags", "version")
    skill, bare = Skill(*values), Skill("a")
    assert tuple(getattr(skill, name) for name in names) == values
    defaults = ("a", "", None, SkillKind.INSTRUCTION, "", [], None)
    assert tuple(getattr(bare, name) for name in names) == defaults
    assert Skill(**dict(zip(names, values, strict=True))) == skill  # type: ignore[arg-type]  # a mixed dict
    assert skill.to_system_prompt() == "# Skill: a\n\nDoes a.\n\nDo a."


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"name": ""}, "name"),
        ({"name": "x", "kind": "agent"}, "kind"),
        ({"name": "x", "tags": "data"}, "tags"),
    ],
)
def test_a_skill_made_in_code_is_checked(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        Skill(**arguments)


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("Run a CSV-Audit please", True),
        ("run the csv audit", True),
        ("clean this data", True),
        ("is anything missing here?", True),
        ("use R for it", True),
        ("hello", False),
        ("read the rest", False),
    ],
)
def test_what_calls_a_skill_to_mind(prompt: str, found: bool) -> None:
    skill = Skill("csv-audit", tags=["Data", "r"], triggers=["anything missing"])
    assert skill.is_called_to_mind_by(prompt) is found
    assert Skill("x", triggers=["*"]).is_called_to_mind_by(prompt)
