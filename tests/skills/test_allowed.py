"""`allowed-tools`, and what it means for a session."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from a3s_code.skills.allowed import AllowedTools
from a3s_code.skills.restriction import SkillRestriction
from a3s_code.skills.skill import Skill, SkillKind

PY = {"file_path": "a.py"}
TXT = {"file_path": "a.txt"}
VIEW = {"command": "gh issue view 3"}


@pytest.mark.parametrize(
    ("entries", "tool", "args", "permitted"),
    [
        ("read(*)", "read", TXT, True),
        ("read", "read", TXT, True),
        ("READ(*)", "read", TXT, True),
        ("read(*)", "write", TXT, False),
        ("read(*.py)", "read", PY, True),
        ("read(*.py)", "read", TXT, False),
        ("read(*.py)", "read", {"file_path": "b/../a.py"}, True),
        ("read(*.py)", "read", {"file_path": "../a.py"}, False),
        ("grep(TODO:*)", "grep", {"pattern": "TODO later"}, True),
        ("grep(TODO:*)", "grep", {"pattern": "later TODO"}, False),
        ("bash(gh issue view:*)", "bash", VIEW, True),
        ("bash(gh issue view:*)", "bash", {"command": "gh issue close 3"}, False),
        ("Skill(other)", "Skill", {"skill_name": "other"}, True),
        ("Skill(other)", "Skill", {"skill_name": "another"}, False),
        ("*", "bash", VIEW, True),
        ("read(*.py), *", "bash", VIEW, True),
        ("read grep", "grep", {"pattern": "x"}, True),
        ("read grep", "bash", VIEW, False),
        ("bash(echo a, b), read(*)", "bash", {"command": "echo a, b"}, True),
        ("bash(echo a, b), read(*)", "read", TXT, True),
        ("mcp__*", "mcp__x__y", {}, True),
        ("", "read", TXT, False),
        (None, "read", TXT, False),
        (" , ", "read", TXT, False),
    ],
)
def test_entries(
    entries: str | None, tool: str, args: dict[str, Any], permitted: bool, tmp_path: Path
) -> None:
    assert AllowedTools.parse(entries).permits(tool, args, tmp_path) is permitted


def test_an_entry_that_is_no_rule_permits_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        allowed = AllowedTools.parse("bash)(, read(*")
    assert not allowed.permits("bash", VIEW)
    assert not allowed.permits("read", TXT)
    assert "is not a permission rule" in caplog.text


def test_the_rest_still_holds_beside_such_an_entry() -> None:
    assert AllowedTools.parse("read(), grep(*)").permits("grep", {"pattern": "x"})


@pytest.mark.parametrize(
    ("skills", "read", "bash"),
    [
        ([], True, True),
        ([Skill("free")], True, True),
        ([Skill("a", allowed_tools="read(*)")], True, False),
        ([Skill("a", allowed_tools="read(*)"), Skill("free")], True, False),
        ([Skill("a", allowed_tools="read(*)"), Skill("b", allowed_tools="bash")], True, True),
        ([Skill("a", allowed_tools="")], False, False),
        ([Skill("a", allowed_tools="read", is_builtin=True)], True, True),
        ([Skill("a", allowed_tools="read", kind=SkillKind.TOOL)], True, True),
        ([Skill("a", allowed_tools="read", kind=SkillKind.PERSONA)], True, True),
        ([Skill("a", allowed_tools="*")], True, True),
    ],
)
def test_loaded_skills_restrict_as_a_union(skills: list[Skill], read: bool, bash: bool) -> None:
    restriction = SkillRestriction(skills)
    assert restriction.permits("read", TXT) is read
    assert restriction.permits("bash", VIEW) is bash
    assert restriction.permits("Skill", {"skill_name": "x"})
