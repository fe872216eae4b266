"""A misspelt tool in a rule is said, with the name that was meant."""

from __future__ import annotations

import pytest

from a3s_code import PermissionPolicy, builtin_tool_names
from a3s_code.permissions.spelling import spelling_remarks


@pytest.mark.parametrize(
    ("rule", "meant"),
    [
        ("baash", "bash"),
        ("Raed", "read"),
        ("wirte(notes/**)", "write"),
        ("webfetch", "web_fetch"),
        ("skil", "Skill"),
    ],
)
def test_a_misspelt_tool(rule: str, meant: str) -> None:
    (remark,) = spelling_remarks(PermissionPolicy(deny=[rule]), builtin_tool_names())
    assert f"in the deny rule {rule!r}; did you mean {meant!r}?" in remark


@pytest.mark.parametrize(
    "rule",
    ["bash", "BASH(git log:*)", "web_*", "*", "skill", "mcp__bash", "mcp__*", "python", "my_tool"],
)
def test_known_tools_patterns_and_tools_that_may_come(rule: str) -> None:
    assert spelling_remarks(PermissionPolicy(allow=[rule]), builtin_tool_names()) == []
