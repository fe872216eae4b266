"""The `git` tool in a real repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from a3s_code.tools.git import Git
from a3s_code.tools.protocol import reads_only
from tests.tools.bench import Bench

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

ENV = {
    **os.environ,
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def _git(root: Path, *args: str) -> str:
    return subprocess.run(
        ["git", *args], cwd=root, env=ENV, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repo(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    _git(bench.root, "init", "-q", "-b", "main")
    bench.write("a.txt", "one\n")
    _git(bench.root, "add", ".")
    _git(bench.root, "commit", "-q", "-m", "first commit")
    return bench


def test_outside_of_a_repository(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(bench.root.parent))
    text = bench.failure("git", command="status")
    assert text == f"Not a git repository: {bench.ctx.workspace.root}"


def test_without_git(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(bench.root))
    assert "https://git-scm.com" in bench.failure("git", command="status")


def test_an_unknown_command(repo: Bench) -> None:
    assert repo.failure("git", command="push").startswith("Unknown command: push")
    assert repo.failure("git") == "command parameter is required"


def test_status_of_a_clean_and_of_a_changed_tree(repo: Bench) -> None:
    short = _git(repo.root, "rev-parse", "--short", "HEAD")
    output = repo("git", command="status")
    assert output.text == (
        f"Workspace: {repo.ctx.workspace.root}\nBranch: main\nCommit: {short} first commit\n"
        "Status: clean\nWorktree: no (main)"
    )
    assert output.metadata == {"branch": "main", "is_worktree": False, "dirty_count": 0}

    repo.write("new é.txt", "x")
    _git(repo.root, "mv", "a.txt", "b.txt")
    output = repo("git", command="status")
    assert "\nStatus: 2 uncommitted change(s)\n" in output.text
    assert output.metadata is not None
    assert output.metadata["dirty_count"] == 2


def test_status_counts_every_change(repo: Bench) -> None:
    for number in range(3000):
        repo.write(f"{'n' * 60}{number}", "")
    assert "Status: 3000 uncommitted change(s)" in repo.text("git", command="status")


def test_status_without_a_commit_and_with_a_detached_head(repo: Bench, tmp_path: Path) -> None:
    _git(repo.root, "checkout", "-q", "--detach")
    assert "Branch: (detached HEAD)" in repo.text("git", command="status")
    (tmp_path / "fresh").mkdir()
    _git(tmp_path / "fresh", "init", "-q", "-b", "main")
    assert "Commit: (no commits)" in Bench(tmp_path / "fresh").text("git", command="status")


def test_log_is_newest_first(repo: Bench) -> None:
    for number in range(12):
        _git(repo.root, "commit", "-q", "--allow-empty", "-m", f"commit {number}")
    lines = repo.text("git", command="log").splitlines()
    assert len(lines) == 10
    short = _git(repo.root, "rev-parse", "--short", "HEAD")
    day = _git(repo.root, "log", "-1", "--format=%as")
    assert lines[0] == f"{short} Ann {day} commit 11"
    assert len(repo.text("git", command="log", max_count=3).splitlines()) == 3


def test_branches_are_listed_and_made(repo: Bench) -> None:
    assert repo.text("git", command="branch") == "* main"
    _git(repo.root, "commit", "-q", "--allow-empty", "-m", "second")
    output = repo("git", command="branch", name="topic", base="HEAD~1")
    assert output.metadata == {"branch": "topic"}
    assert _git(repo.root, "log", "-1", "--format=%s", "topic") == "first commit"
    assert "already exists" in repo.failure("git", command="branch", name="topic")


def test_checkout(repo: Bench) -> None:
    repo.text("git", command="branch", name="topic")
    repo.text("git", command="checkout", ref="topic")
    assert _git(repo.root, "branch", "--show-current") == "topic"
    repo.text("git", command="checkout", name="main")
    assert _git(repo.root, "branch", "--show-current") == "main"
    assert repo.failure("git", command="checkout") == "ref parameter is required"
    assert "no-such" in repo.failure("git", command="checkout", ref="no-such")


def test_a_file_is_not_taken_for_a_reference(repo: Bench) -> None:
    repo.write("a.txt", "changed\n")
    repo.failure("git", command="checkout", ref="a.txt")
    assert (repo.root / "a.txt").read_text() == "changed\n"


def test_checkout_over_local_changes_needs_force(repo: Bench) -> None:
    _git(repo.root, "checkout", "-q", "-b", "topic")
    repo.write("a.txt", "two\n")
    _git(repo.root, "commit", "-q", "-a", "-m", "second")
    repo.write("a.txt", "three\n")
    assert "overwritten" in repo.failure("git", command="checkout", ref="main")
    repo.text("git", command="checkout", ref="main", force=True)
    assert (repo.root / "a.txt").read_text() == "one\n"


def test_diff(repo: Bench) -> None:
    assert repo.text("git", command="diff") == "No differences"
    repo.write("a.txt", "two\n")
    assert "-one\n+two" in repo.text("git", command="diff")
    _git(repo.root, "commit", "-q", "-a", "-m", "second")
    assert repo.text("git", command="diff") == "No differences"
    assert "-one\n+two" in repo.text("git", command="diff", target="HEAD~1")
    assert "nonsense" in repo.failure("git", command="diff", target="nonsense")


def test_stash(repo: Bench) -> None:
    assert repo.text("git", command="stash") == "No stashes"
    repo.write("a.txt", "two\n")
    repo.write("new.txt", "")
    repo.text("git", command="stash", message="half done")
    assert (repo.root / "a.txt").read_text() == "one\n"
    assert (repo.root / "new.txt").exists()
    assert "half done" in repo.text("git", command="stash")
    repo.text("git", command="stash", include_untracked=True)
    assert not (repo.root / "new.txt").exists()


def test_remotes(repo: Bench) -> None:
    assert repo.text("git", command="remote") == "No remotes"
    _git(repo.root, "remote", "add", "origin", "https://example.com/r.git")
    assert "origin\thttps://example.com/r.git (fetch)" in repo.text("git", command="remote")


def test_worktrees(repo: Bench) -> None:
    root = repo.ctx.workspace.root
    created = repo("git", command="worktree", subcommand="create", name="topic/x")
    path = str(root.parent / f"{root.name}-topic-x")
    assert created.metadata == {"path": path, "branch": "topic/x"}
    assert created.text == f"Created worktree\nPath: {path}\nBranch: topic/x"
    assert repo.text("git", command="worktree") == (
        f"Worktrees (2):\n  {root}  [main]\n  {path}  [topic/x]"
    )
    linked = Bench(Path(path))
    assert linked.text("git", command="status").endswith("Worktree: yes (linked)")

    (Path(path) / "dirty").write_text("")
    assert "force" in repo.failure("git", command="worktree", subcommand="remove", path=path)
    repo.text("git", command="worktree", subcommand="remove", path=path, force=True)
    assert not Path(path).exists()


def test_a_worktree_of_an_existing_branch_at_a_given_place(repo: Bench, tmp_path: Path) -> None:
    _git(repo.root, "branch", "old")
    repo.text(
        "git", command="worktree", subcommand="create", name="old", path="../w", new_branch=False
    )
    assert _git(tmp_path / "w", "branch", "--show-current") == "old"
    _git(tmp_path / "w", "checkout", "-q", "--detach")
    assert f"  {tmp_path / 'w'}  (detached HEAD)" in repo.text("git", command="worktree")


def test_a_worktree_begins_where_it_is_told(repo: Bench) -> None:
    _git(repo.root, "commit", "-q", "--allow-empty", "-m", "second")
    for name, more in (("here", {}), ("there", {"base": "HEAD~1"})):
        repo.text("git", command="worktree", subcommand="create", name=name, **more)
    subjects = [_git(repo.root, "log", "-1", "--format=%s", name) for name in ("here", "there")]
    assert subjects == ["second", "first commit"]


def test_a_branch_that_is_checked_out_needs_force(repo: Bench) -> None:
    args = {"subcommand": "create", "name": "main", "path": "../again", "new_branch": False}
    assert "main" in repo.failure("git", command="worktree", **args)
    repo.text("git", command="worktree", **args, force=True)
    assert (repo.root.parent / "again" / "a.txt").exists()


def test_a_bare_repository_is_marked(repo: Bench, tmp_path: Path) -> None:
    _git(tmp_path, "clone", "-q", "--bare", str(repo.root), "bare.git")
    listing = Bench(tmp_path / "bare.git").text("git", command="worktree", subcommand="list")
    assert listing == f"Worktrees (1):\n  {os.path.realpath(tmp_path / 'bare.git')}  (bare)"


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({"subcommand": "create"}, "name parameter is required"),
        ({"subcommand": "remove"}, "path parameter is required"),
        ({"subcommand": "prune"}, "Unknown subcommand: prune. Use list, create or remove"),
    ],
)
def test_worktree_arguments(repo: Bench, args: dict[str, str], problem: str) -> None:
    assert repo.failure("git", command="worktree", **args) == problem


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("diff", "target"),
        ("checkout", "ref"),
        ("branch", "name"),
        ("branch", "base"),
        ("worktree", "path"),
    ],
)
def test_arguments_are_never_options(repo: Bench, command: str, name: str) -> None:
    args = {"name": "x", name: "--output=stolen"}
    expected = f"{name} parameter must not start with '-'"
    assert repo.failure("git", command=command, **args) == expected
    assert not (repo.root / "stolen").exists()


@pytest.mark.parametrize(
    ("args", "reads"),
    [
        ({"command": "status"}, True),
        ({"command": "diff", "target": "x"}, True),
        ({"command": "branch"}, True),
        ({"command": "branch", "name": "x"}, False),
        ({"command": "checkout", "ref": "x"}, False),
        ({"command": "stash"}, True),
        ({"command": "stash", "include_untracked": True}, False),
        ({"command": "worktree"}, True),
        ({"command": "worktree", "subcommand": "remove"}, False),
        ({"command": 7}, False),
        ({}, False),
    ],
)
def test_which_calls_only_read(args: dict[str, Any], reads: bool) -> None:
    assert reads_only(Git(), args) == reads
