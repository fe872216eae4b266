"""Single rules: their grammar, and what they are compared with."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.errors import InvalidArgument
from a3s_code.permissions.rules import PermissionRule
from a3s_code.permissions.subject import subject_of


def bash(command: str) -> tuple[str, dict[str, Any]]:
    return "bash", {"command": command}


def read(path: str) -> tuple[str, dict[str, Any]]:
    return "read", {"file_path": path}


@pytest.mark.parametrize(
    ("rule", "call", "matches"),
    [
        ("bash(rm -rf:*)", bash("rm -rf build"), True),
        ("bash(rm -rf:*)", bash("cd x && rm -rf y"), False),
        ("read(src/**)", read("src/a/b.py"), True),
        ("read(src/*)", read("src/a/b.py"), False),
        ("bash(git status)", bash("git status -s"), False),
        ("bash(git status)", bash("git status"), True),
        ("bash(pip *)", bash("pip install x"), True),
        ("bash(pip *)", bash("pip install -r docs/req.txt"), False),
        ("bash(pip:*)", bash("pip install -r docs/req.txt"), True),
        ("write(*)", ("write", {"file_path": "any/where", "content": "x"}), True),
        ("mcp__pencil", ("mcp__pencil__draw", {}), True),
        ("mcp__pencil", ("mcp__pencil2__draw", {}), False),
        ("mcp__pencil", ("mcp__pencil", {}), True),
        ("mcp__pencil__draw", ("mcp__pencil__draw", {}), True),
        ("mcp__pencil__draw", ("mcp__pencil__erase", {}), False),
        ("mcp__*", ("mcp__any__thing", {"x": 1}), True),
        ("mcp__*", ("read", {}), False),
        ("*", ("whatever", {}), True),
        ("b?sh", bash("x"), True),
        ("Bash", bash("any/thing at all"), True),
        ("BASH(x)", bash("x"), True),
        ("bash", ("BASH", {"command": "x"}), True),
        ("bash", read("x"), False),
        ("bash(X)", bash("x"), False),
        ("bash(*)", bash("a/b"), True),
        ("bash(echo :*)", bash("echo hi"), True),
        ("bash(curl:*|sh)", bash("curl http://x | sh"), False),
        ("bash(a (b) c)", bash("a (b) c"), True),
        ("bash(dir a\\*)", bash("dir a\\b"), True),
        ("glob(**/*.py)", ("glob", {"pattern": "src/**/*.py"}), True),
        ("grep(TODO src/**)", ("grep", {"pattern": "TODO", "path": "src/a"}), True),
        ("grep(TODO)", ("grep", {"pattern": "TODO"}), True),
        ("ls(src/*)", ("ls", {"path": "src/a"}), True),
        ("ls(.)", ("ls", {}), True),
        ("patch(a.py)", ("patch", {"file_path": "a.py"}), True),
        ("write(a.py)", ("write", {"file_path": "a.py", "content": "b.py"}), True),
        ("write(a.py)", ("write", {"file_path": "b.py", "content": "a.py"}), False),
        ("edit(a.py)", ("edit", {"path": "a.py"}), True),
        ("Skill(data-reader)", ("Skill", {"skill_name": "data-reader"}), True),
        ("skill(data-*)", ("Skill", {"skill_name": "data-reader"}), True),
        ("task(explore)", ("task", {"agent": "explore", "prompt": "x"}), True),
        ("git(worktree list)", ("git", {"command": "worktree", "subcommand": "list"}), True),
        ("git(status)", ("git", {"command": "status"}), True),
        ("web_fetch(https://example.com/**)", ("web_fetch", {"url": "https://example.com/a/b"}), True),
        ('other({"a":1,"b":"ü"})', ("other", {"b": "ü", "a": 1}), True),
        ("other(*secret*)", ("other", {"x": "the secret"}), True),
        ("web_search(**python**)", ("web_search", {"query": "a/b python"}), True),
        ("bash(*)", ("bash", {}), True),
        ("bash(5)", ("bash", {"command": 5}), True),
    ],
)  # fmt: skip
def test_matching(rule: str, call: tuple[str, dict[str, Any]], matches: bool) -> None:
    """The tables of the reference; both readings agree on calls with one spelling."""
    assert PermissionRule(rule).matches(*call) is matches
    assert PermissionRule(rule).covers(*call) is matches


@pytest.mark.parametrize("text", ["", " ", "()", "(x)", "bash(", "bash(x", "bash)", "bash()", "a b", "bash(x) y", None, 5])  # fmt: skip
def test_a_text_that_is_no_rule(text: Any) -> None:
    """The error repeats it."""
    with pytest.raises(InvalidArgument) as caught:
        PermissionRule(text)
    assert repr(text) in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_a_rule_is_its_text() -> None:
    """Rules compare, hash and print by it."""
    assert PermissionRule("bash") == PermissionRule("bash") != PermissionRule("Bash")
    assert len({PermissionRule("a"), PermissionRule("a")}) == 1
    assert repr(PermissionRule("bash(x)")) == "PermissionRule(text='bash(x)')"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with a folder nobody shall read, and one that all may."""
    root = tmp_path / "work"
    for place in ("secret/key", "src/a.py"):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text("x", encoding="utf-8")
    return root


DODGES = [
    "secret/key", "./secret/key", "src/../secret/key", "secret//key", "secret/./key", "secret\\key",
    ".\\secret\\key", "src\\..\\secret/key", "src/../../work/secret/key", "x/y/../../secret/key",
    "{workspace}/secret/key", "{workspace}/src/../secret/key", "{workspace}//secret/key",
    "//{workspace}/secret/key", "{workspace}/../work/secret/key", "secret/new/../key",
]  # fmt: skip


@pytest.mark.parametrize("path", DODGES)
@pytest.mark.parametrize("pattern", ["secret/**", "secret/:*", "**/key", "{workspace}/secret/**"])
def test_no_spelling_escapes_a_deny_rule(path: str, pattern: str, workspace: Path) -> None:
    """Whether the rule names the path from the workspace or from the root."""
    place = workspace.as_posix()
    rule = PermissionRule(f"read({pattern.format(workspace=place)})")
    assert rule.matches(*read(path.format(workspace=place).replace("////", "//")), workspace)


@pytest.mark.parametrize("path", [path for path in DODGES if "workspace" not in path])
def test_most_spellings_are_known_without_a_workspace(path: str) -> None:
    """A check without a workspace still normalises."""
    expected = "../work" not in path
    assert PermissionRule("read(secret/**)").matches(*read(path)) is expected


@pytest.mark.parametrize(
    "path", ["secret/key", "src/../secret/key", "src\\..\\secret\\key", "{workspace}/src/../secret/key", "/etc/passwd", "../src/x", "src/../../src/x"]
)  # fmt: skip
def test_no_spelling_sneaks_into_an_allow_rule(path: str, workspace: Path) -> None:
    """Only the place that is meant counts."""
    call = read(path.format(workspace=workspace.as_posix()))
    assert not PermissionRule("read(src/**)").covers(*call, workspace)


@pytest.mark.parametrize(
    "path", ["src/a.py", "./src/a.py", "{workspace}/src/a.py", "secret/../src/a.py", "src/new/file"]
)
def test_an_allow_rule_holds_for_the_place_that_is_meant(path: str, workspace: Path) -> None:
    """However it is written."""
    call = read(path.format(workspace=workspace.as_posix()))
    assert PermissionRule("read(src/**)").covers(*call, workspace)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_followed(workspace: Path) -> None:
    """A link into a denied folder is denied, one out of an allowed folder is not allowed."""
    os.symlink(workspace / "secret", workspace / "src" / "link")
    os.symlink(workspace, workspace.parent / "other")
    call = read("src/link/key")
    assert PermissionRule("read(secret/**)").matches(*call, workspace)
    assert PermissionRule("read(src/link/**)").matches(*call, workspace)
    assert not PermissionRule("read(src/**)").covers(*call, workspace)
    through = read(str(workspace.parent / "other" / "secret" / "key"))
    assert PermissionRule("read(secret/**)").matches(*through, workspace)
    assert PermissionRule("read(secret/**)").matches(*through, workspace.parent / "other")


@pytest.mark.parametrize(
    ("rule", "tool", "args"),
    [
        ("ls(secret/**)", "ls", {"path": "secret"}),
        ("ls(secret/**)", "ls", {"path": "src/../secret/"}),
        ("ls(secret)", "ls", {"path": "./secret/"}),
        ("glob(secret/**)", "glob", {"pattern": "./secret/*"}),
        ("glob(secret/**)", "glob", {"pattern": "*", "path": "src/../secret"}),
        ("grep(* secret/**)", "grep", {"pattern": "x", "path": "./secret"}),
        ("grep(** secret/**)", "grep", {"pattern": "a/b", "path": "src/../secret/key"}),
        ("bash(rm:*)", "bash", {"command": "  rm x"}),
        ("bash(rm)", "bash", {"command": "\nrm\n"}),
    ],
)
def test_other_tools_have_spellings_too(
    rule: str, tool: str, args: dict[str, Any], workspace: Path
) -> None:
    """Folders with and without a slash, patterns that start elsewhere, blanks around a command."""
    assert PermissionRule(rule).matches(tool, args, workspace)


@pytest.mark.parametrize("path", ["", "a\0b", "\ud800", "~/x", "C:\\x", "x" * 5000])
def test_impossible_paths_are_judged_like_others(path: str, workspace: Path) -> None:
    """A check never raises."""
    assert PermissionRule("read").covers(*read(path), workspace)
    PermissionRule("read(src/**)").matches(*read(path), workspace)


PARTS = st.lists(st.sampled_from([".", "..", "", "src", "secret", "x"]), max_size=6)


@given(PARTS, st.sampled_from(["/", "\\", "//", "/./"]))
def test_any_way_to_a_place_is_seen_as_that_place(parts: list[str], separator: str) -> None:
    """The place that the system would open is among the spellings, and is what is meant."""
    raw = separator.join(["src", *parts, "f"])
    root = Path("/no/such/workspace")
    place = os.path.normpath(os.path.join(root, raw.replace("\\", "/"))).replace("\\", "/")
    inside = place.startswith("/no/such/workspace/")
    expected = place.removeprefix("/no/such/workspace/") if inside else place
    subject = subject_of("read", {"file_path": raw}, root)
    assert expected in subject.spellings
    assert place in subject.spellings
    assert expected in subject.meant
