"""Agent definitions: files, built-in ones, and what they may use."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from a3s_code.agents.builtins import builtin_agents
from a3s_code.agents.definition import AgentDefinition, agent_from, load_agent
from a3s_code.agents.registry import AgentRegistry
from a3s_code.errors import InvalidArgument
from a3s_code.permissions.policy import PermissionPolicy


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


YAML = """\
name: auditor
description: Looks at tables
prompt: You audit tables.
permissions:
  allow: [read, {rule: "grep(*)"}]
  deny: ["bash(rm:*)"]
  ask: [write]
  default_decision: deny
model: {model: m, provider: openai}
max_steps: 7
hidden: true
native: true
unknown: ignored
"""


def test_a_yaml_file_with_every_key(tmp_path: Path) -> None:
    for suffix in ("yaml", "yml"):
        assert load_agent(write(tmp_path / f"a.{suffix}", YAML)) == AgentDefinition(
            name="auditor",
            description="Looks at tables",
            prompt="You audit tables.",
            permissions=PermissionPolicy(
                allow=["read", "grep(*)"],
                deny=["bash(rm:*)"],
                ask=["write"],
                default_decision="deny",
            ),
            model="openai/m",
            max_steps=7,
            hidden=True,
            native=True,
        )


@pytest.mark.parametrize(
    ("front", "prompt"),
    [("", "The body."), ("prompt: In front.\n", "In front.")],
)
def test_the_body_of_markdown_is_the_prompt(front: str, prompt: str, tmp_path: Path) -> None:
    text = f"---\nname: x\n{front}---\n\nThe body.\n"
    assert load_agent(write(tmp_path / "x.md", text)).prompt == prompt


def test_defaults() -> None:
    agent = agent_from({"name": "x"})
    assert agent == AgentDefinition(name="x")
    assert (agent.description, agent.prompt, agent.model, agent.max_steps) == ("", None, None, None)
    assert (agent.hidden, agent.native) == (False, False)
    assert agent.permissions.default_decision == "ask"
    assert agent.permissions.enabled


@pytest.mark.parametrize(
    ("model", "selector"),
    [
        ("openai/gpt", "openai/gpt"),
        ("claude", "anthropic/claude"),
        ({"model": "claude"}, "anthropic/claude"),
        ({"model": "m", "provider": "p"}, "p/m"),
        ({"provider": "p"}, None),
        (None, None),
    ],
)
def test_models(model: Any, selector: str | None) -> None:
    assert agent_from({"name": "x", "model": model}).model == selector


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "`name`"),
        ({"name": "a\nb"}, "`name`"),
        ({"name": "x", "max_steps": 0}, "max_steps"),
        ({"name": "x", "max_steps": True}, "max_steps"),
        ({"name": "x", "model": 3}, "model"),
        ({"name": "x", "hidden": "yes please"}, "hidden"),
        ({"name": "x", "permissions": []}, None),
        ({"name": "x", "permissions": "read"}, "must be a mapping"),
        ({"name": "x", "permissions": {"deny": "bash"}}, "must be a list"),
        ({"name": "x", "permissions": {"deny": ["bash("]}}, "not a permission rule"),
        ({"name": "x", "permissions": {"deny": [{"no": 1}]}}, "not a permission rule"),
        ({"name": "x", "permissions": {"dney": ["bash"]}}, "has no dney"),
        ({"name": "x", "permissions": {"default_decision": "no"}}, "default_decision"),
    ],
)
def test_definitions_that_cannot_be_honoured(values: dict[str, Any], problem: str | None) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        agent_from(values)


def _tenfold(levels: int) -> str:
    """Lists of ten times the one before; the last one stands for 10**levels values."""
    lists = [f"l{n}: &l{n} [{', '.join(['*l' + str(n - 1)] * 10)}]" for n in range(1, levels + 1)]
    return "\n".join(["l0: &l0 x", *lists])


@pytest.mark.parametrize("levels", [6, 100])
@pytest.mark.parametrize("line", ["max_steps: *l6", "permissions: {allow: [*l6]}", "x: &x [*x]"])
def test_a_file_that_is_larger_than_it_looks(tmp_path: Path, levels: int, line: str) -> None:
    """700 bytes of YAML aliases would fill the memory as soon as somebody shows the value."""
    file = write(tmp_path / "a.yaml", f"name: a\n{_tenfold(levels)}\n{line}\n")
    with pytest.raises(InvalidArgument, match="more than 100000 values"):
        load_agent(file)


def test_directories(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "a.md", "---\nname: a\n---\nbody")
    write(tmp_path / "b.yaml", "name: explore\ndescription: mine")
    write(tmp_path / "bad.yml", "- no mapping")
    write(tmp_path / "c.txt", "name: c")
    (tmp_path / "deeper").mkdir()
    write(tmp_path / "deeper" / "d.md", "---\nname: d\n---\n")
    registry = AgentRegistry()
    with caplog.at_level(logging.WARNING):
        assert registry.load_from_dir(tmp_path) == 2
        assert registry.load_from_dir(tmp_path / "missing") == 0
    explore = registry.get("explore")
    assert explore is not None
    assert (explore.description, explore.native) == ("mine", False)
    assert registry.get("c") is registry.get("d") is None
    assert "bad.yml" in caplog.text
    assert "missing" in caplog.text


BUILTIN = {agent.name: agent for agent in builtin_agents()}


def test_built_in_names_steps_and_flags() -> None:
    assert {name: agent.max_steps for name, agent in BUILTIN.items()} == {
        "explore": 20,
        "general": 50,
        "plan": 30,
        "verification": 30,
        "review": 25,
        "title": 1,
        "summary": 5,
    }
    assert all(agent.native and agent.description and agent.prompt for agent in BUILTIN.values())
    offered = [agent.name for agent in AgentRegistry().offered()]
    assert offered == ["explore", "general", "plan", "verification", "review"]


FILE = {"file_path": "a.txt"}


@pytest.mark.parametrize(
    ("agent", "tool", "args", "verdict"),
    [
        *[("explore", tool, {}, "allow") for tool in ("read", "grep", "glob", "ls")],
        *[("explore", tool, FILE, "deny") for tool in ("write", "edit", "patch", "task")],
        *[
            ("explore", "bash", {"command": command}, "allow")
            for command in ("ls", "ls -l", "cat a", "head a", "tail a", "find .", "wc a")
        ],
        *[("explore", "bash", {"command": c}, "deny") for c in ("rm a", "mv a b", "cp a b")],
        *[("explore", "bash", {"command": c}, "ask") for c in ("lsof", "python x.py")],
        *[
            ("general", tool, {}, "allow")
            for tool in ("read", "write", "edit", "patch", "grep", "glob", "ls", "bash")
        ],
        ("general", "task", {}, "deny"),
        *[("plan", tool, {}, "allow") for tool in ("read", "grep", "glob", "ls")],
        *[("plan", t, {}, "deny") for t in ("write", "edit", "patch", "bash", "task")],
        *[
            (name, tool, {}, "allow")
            for name in ("verification", "review")
            for tool in ("read", "grep", "glob", "ls", "bash")
        ],
        *[
            (name, tool, {}, "deny")
            for name in ("verification", "review")
            for tool in ("write", "edit", "patch", "task")
        ],
        *[("title", tool, {}, "deny") for tool in ("read", "bash", "mcp__a__b")],
        ("summary", "read", {}, "allow"),
        *[("summary", tool, {}, "deny") for tool in ("grep", "bash", "mcp__a__b")],
    ],
)
def test_built_in_permissions(agent: str, tool: str, args: dict[str, Any], verdict: str) -> None:
    assert BUILTIN[agent].permissions.check(tool, args) == verdict


@pytest.mark.parametrize(
    ("permissions", "tool", "offered"),
    [
        (PermissionPolicy(), "write", True),
        (PermissionPolicy(deny=["write"]), "write", False),
        (PermissionPolicy(deny=["write(*)"]), "write", False),
        (PermissionPolicy(deny=["write(*.py)"]), "write", True),
        (PermissionPolicy(default_decision="deny"), "write", False),
        (PermissionPolicy(allow=["write(*.py)"], default_decision="deny"), "write", True),
        (PermissionPolicy(ask=["write"], default_decision="deny"), "write", True),
        (PermissionPolicy(deny=["write"], enabled=False), "write", True),
    ],
)
def test_what_is_offered_to_its_model(
    permissions: PermissionPolicy, tool: str, offered: bool
) -> None:
    assert AgentDefinition(name="x", permissions=permissions).may_use(tool) is offered
