"""Policies: three lists and a default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from a3s_code.errors import InvalidArgument
from a3s_code.permissions.policy import PermissionPolicy
from a3s_code.permissions.rules import PermissionRule

CALL: tuple[str, dict[str, Any]] = ("bash", {"command": "ls"})


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        (PermissionPolicy(), "ask"),
        (PermissionPolicy.permissive(), "allow"),
        (PermissionPolicy.strict(), "deny"),
        (PermissionPolicy(default_decision="deny"), "deny"),
        (PermissionPolicy(allow=["bash"]), "allow"),
        (PermissionPolicy(deny=["bash"]), "deny"),
        (PermissionPolicy(ask=["bash"], default_decision="allow"), "ask"),
        (PermissionPolicy(allow=["bash"], deny=["bash"], ask=["bash"]), "deny"),
        (PermissionPolicy(allow=["bash"], ask=["bash"]), "allow"),
        (PermissionPolicy(deny=["read"], allow=["read"], default_decision="deny"), "deny"),
        (PermissionPolicy(deny=["x", "y", "bash(ls)"], allow=["bash"]), "deny"),
        (PermissionPolicy(deny=["bash"], default_decision="deny", enabled=False), "allow"),
        (PermissionPolicy(["read"], ["bash"]), "deny"),
        (PermissionPolicy(allow=[PermissionRule("bash")]), "allow"),
        (PermissionPolicy(allow=(rule for rule in ("bash",))), "allow"),
    ],
)
def test_the_first_list_with_a_hit_decides(policy: PermissionPolicy, verdict: str) -> None:
    """Deny, then allow, then ask, then the default; the presets."""
    assert policy.check(*CALL) == verdict


def test_paths_are_read_from_the_workspace(tmp_path: Path) -> None:
    """A path that dodges the deny rule is denied, one that sneaks into the allow rule is not allowed."""
    policy = PermissionPolicy(allow=["read(src/**)"], deny=["read(src/secret/**)"])
    for path, verdict in [
        ("src/a", "allow"),
        (str(tmp_path / "src" / "a"), "allow"),
        ("src/x/../secret/a", "deny"),
        (str(tmp_path / "src" / "secret" / "a"), "deny"),
        ("src/../other", "ask"),
        (str(tmp_path.parent / "src" / "a"), "ask"),
    ]:
        assert policy.check("read", {"file_path": path}, tmp_path) == verdict, path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"default_decision": "maybe"}, "'maybe'"),
        ({"default_decision": None}, "None"),
        ({"allow": ["bash("]}, "'bash('"),
        ({"deny": [""]}, "''"),
        ({"ask": [5]}, "5"),
        ({"allow": "bash"}, "allow must be a list of rules, not 'bash'"),
        ({"deny": 5}, "deny must be a list of rules, not 5"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], said: str) -> None:
    """A policy that cannot be meant is refused at once."""
    with pytest.raises(InvalidArgument) as caught:
        PermissionPolicy(**arguments)
    assert said in str(caught.value)


def test_a_policy_survives_json() -> None:
    """And compares by what it says."""
    policy = PermissionPolicy(["read"], ["bash(rm:*)"], ["write"], "deny", False)
    data = json.loads(json.dumps(policy.to_dict()))
    assert data == {
        "allow": ["read"],
        "deny": ["bash(rm:*)"],
        "ask": ["write"],
        "default_decision": "deny",
        "enabled": False,
    }
    assert PermissionPolicy.from_dict(data) == policy != PermissionPolicy()
    assert PermissionPolicy.from_dict({}) == PermissionPolicy()
    assert "bash(rm:*)" in repr(policy)


def test_a_dictionary_with_other_keys_is_refused() -> None:
    """A typo must not loosen a policy."""
    with pytest.raises(InvalidArgument, match="denied"):
        PermissionPolicy.from_dict({"denied": ["bash"]})
