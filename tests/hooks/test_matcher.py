"""Conditions of hooks, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from a3s_code.hooks.matcher import Matcher

BASH = {"command": "git push origin main"}


def call(tool: str, **args: Any) -> dict[str, Any]:
    return {"session_id": "s", "tool": tool, "args": args}


@pytest.mark.parametrize(
    ("conditions", "payload", "expected"),
    [
        (None, call("bash"), True),
        ({}, call("bash"), True),
        ({"tool": "bash"}, call("bash"), True),
        ({"tool": "Bash"}, call("bash"), True),
        ({"tool": "skill"}, call("Skill"), True),
        ({"tool": "bash"}, call("read"), False),
        ({"tool": "ba"}, call("bash"), False),
        ({"tool": "*"}, call("anything"), True),
        ({"tool": "mcp__*"}, call("mcp__pencil__draw"), True),
        ({"path_pattern": "*.env"}, call("read", file_path="a/b/prod.env"), True),
        ({"path_pattern": "*.env"}, call("read", file_path="prod.env"), True),
        ({"path_pattern": "*.env"}, call("read", file_path="prod.env.md"), False),
        ({"path_pattern": "*.env"}, call("read", path="x/prod.env"), True),
        ({"path_pattern": "**/*.py"}, call("edit", file_path="a.py"), True),
        ({"path_pattern": "**/*.py"}, call("edit", file_path="x/y/a.py"), True),
        ({"path_pattern": "src/*.py"}, call("edit", file_path="src/a.py"), True),
        ({"path_pattern": "src/*.py"}, call("edit", file_path="src/x/a.py"), False),
        ({"path_pattern": "src/**"}, call("edit", file_path="src/x/a.py"), True),
        ({"path_pattern": "src/**"}, call("edit", file_path="lib/../src/a.py"), True),
        ({"path_pattern": "src/**"}, call("edit", file_path="src\\a.py"), True),
        ({"path_pattern": "*"}, call("bash", command="ls"), False),
        ({"path_pattern": "*"}, call("read", file_path=5), False),
        ({"command_pattern": r"\bpush\b"}, call("bash", **BASH), True),
        ({"command_pattern": r"^push"}, call("bash", **BASH), False),
        ({"command_pattern": "push"}, call("read", **BASH), False),
        ({"command_pattern": "push ("}, call("bash", command="git push (x)"), True),
        ({"command_pattern": "push ("}, call("bash", **BASH), False),
        ({"command_pattern": "x"}, call("bash", command=None), False),
        ({"session_id": "s"}, call("bash"), True),
        ({"session_id": "S"}, call("bash"), False),
        ({"tool": "bash", "command_pattern": "push"}, call("bash", **BASH), True),
        ({"tool": "read", "command_pattern": "push"}, call("bash", **BASH), False),
        ({"skill": "*"}, call("bash"), False),
    ],
)
def test_tool_calls(
    conditions: dict[str, str] | None, payload: dict[str, Any], expected: bool
) -> None:
    matcher = Matcher(conditions)
    assert matcher.matches("pre_tool_use", payload) is expected
    assert matcher.matches("post_tool_use", payload) is expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"skill": "code-review"}, True),
        ({"skill": "code-*"}, True),
        ({"skill": "find-*"}, False),
        ({"tool": "*"}, False),
        ({"session_id": "s"}, False),
        ({}, True),
    ],
)
def test_skills(conditions: dict[str, str], expected: bool) -> None:
    payload = {"skill_name": "code-review", "tool_names": ["read"]}
    assert Matcher(conditions).matches("skill_load", payload) is expected


@pytest.mark.parametrize("key", ["tool", "path_pattern", "command_pattern", "skill"])
def test_a_condition_without_meaning_for_the_event_does_not_hold(key: str) -> None:
    payload = {"session_id": "s", "prompt": "x"}
    assert Matcher({key: "*"}).matches("generate_start", payload) is False


def test_every_spelling_of_a_path_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    matcher = Matcher({"path_pattern": "secret/*"})
    for path in ("secret/a", "./secret/a", f"{tmp_path}/secret/a", "link/a", "x/../secret/a"):
        payload = call("read", file_path=path)
        assert matcher.matches("pre_tool_use", payload, tmp_path.resolve()), path
