"""Looking at a repository runs nothing that its configuration or its files name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools.bench import Bench

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
    pytest.mark.skipif(sys.platform == "win32", reason="the planted programs are shell scripts"),
]

READING = ("status", "log", "diff", "branch", "stash", "remote", "worktree")


@dataclass
class Trap:
    """A repository with a program beside it that leaves a file when it runs."""

    root: Path
    program: Path
    canary: Path

    def git(self, *args: str, check: bool = True) -> str:
        return subprocess.run(
            ["git", *args], cwd=self.root, check=check, capture_output=True, text=True, timeout=60
        ).stdout.strip()

    def config(self, key: str, value: str | None = None) -> None:
        self.git("config", key, str(self.program) if value is None else value)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def change(self) -> None:
        """A file that git has to read again, to see whether it changed and how."""
        self.write("a.txt", "two\n")

    def lose_an_object(self) -> None:
        """The repository says that it gets missing objects from a remote."""
        self.config("core.repositoryformatversion", "1")
        self.config("extensions.partialClone", "origin")
        self.config("remote.origin.promisor", "true")
        blob = self.git("rev-parse", "HEAD:a.txt")
        (self.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


@pytest.fixture
def trap(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trap:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ann@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    canary, program = tmp_path / "canary", tmp_path / "planted"
    program.write_text(f"#!/bin/sh\ntouch {canary}\nexit 1\n")
    program.chmod(0o755)
    trap = Trap(workspace, program, canary)
    trap.git("init", "-q", "-b", "main")
    trap.write("a.txt", "one\n")
    trap.git("add", ".")
    trap.git("commit", "-q", "-m", "first")
    return trap


def _filter(key: str) -> Callable[[Trap], None]:
    def plant(trap: Trap) -> None:
        trap.write(".gitattributes", "*.txt filter=x\n")
        trap.config(f"filter.x.{key}")
        trap.change()

    return plant


def _odd_filter(trap: Trap) -> None:
    """Attributes outside of the tree, and a name that is hard to write on a command line."""
    trap.write(".git/info/attributes", "*.txt filter=o.d-d\n")
    trap.config("filter.o.d-d.clean")
    trap.change()


def _included_filter(trap: Trap) -> None:
    trap.write(".gitattributes", "*.txt filter=x\n")
    trap.write(".git/more", f'[filter "x"]\nclean = {trap.program}\nrequired = true\n')
    trap.config("include.path", "more")
    trap.change()


def _filter_of_submodule(trap: Trap) -> None:
    inner = Trap(trap.root / "sub", trap.program, trap.canary)
    inner.root.mkdir()
    inner.git("init", "-q", "-b", "main")
    inner.write("a.txt", "x\n")
    inner.git("add", ".")
    inner.git("commit", "-q", "-m", "inner")
    trap.git("add", "sub")
    trap.git("commit", "-q", "-m", "submodule")
    _filter("clean")(inner)
    inner.write("a.txt", "y\n")  # of the old size, so that git has to read it
    trap.config("status.submoduleSummary", "true")
    trap.config("diff.submodule", "diff")


def _textconv(trap: Trap) -> None:
    trap.write(".gitattributes", "*.txt diff=x\n")
    trap.config("diff.x.textconv")
    trap.change()


def _diff_driver(trap: Trap) -> None:
    trap.write(".gitattributes", "*.txt diff=x\n")
    trap.config("diff.x.command")
    trap.change()


def _external_diff(trap: Trap) -> None:
    trap.config("diff.external")
    trap.change()


def _hook(trap: Trap) -> None:
    hook = trap.root / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    shutil.copy(trap.program, hook)
    os.utime(trap.root / "a.txt", (1, 1))


def _hooks_path(trap: Trap) -> None:
    _hook(trap)
    (trap.root / ".git" / "hooks").rename(trap.root / "planted")
    trap.config("core.hooksPath", "planted")


def _file_monitor(trap: Trap) -> None:
    trap.config("core.fsmonitor")


def _signature(trap: Trap) -> None:
    trap.config("log.showSignature", "true")
    trap.config("gpg.program")
    lines = trap.git("cat-file", "commit", "HEAD").split("\n")
    lines[3:3] = ["gpgsig -----BEGIN PGP SIGNATURE-----", " x", " -----END PGP SIGNATURE-----"]
    path = trap.write(".git/signed", "\n".join(lines) + "\n")
    trap.git("update-ref", "HEAD", trap.git("hash-object", "-t", "commit", "-w", str(path)))


def _ssh_command(trap: Trap) -> None:
    trap.lose_an_object()
    trap.config("remote.origin.url", "ssh://127.0.0.1/x")
    trap.config("core.sshCommand")
    trap.change()


def _ext_address(trap: Trap) -> None:
    trap.lose_an_object()
    trap.config("remote.origin.url", f"ext::{trap.program}")
    trap.config("protocol.ext.allow", "always")
    trap.change()


def _upload_pack(trap: Trap) -> None:
    trap.lose_an_object()
    trap.config("remote.origin.url", str(trap.root))
    trap.config("remote.origin.uploadpack")
    trap.config("protocol.file.allow", "always")
    trap.change()


@pytest.mark.parametrize(
    ("plant", "springs"),
    [
        pytest.param(_filter("clean"), "diff", id="clean filter"),
        pytest.param(_filter("process"), "diff", id="filter process"),
        pytest.param(_odd_filter, "diff", id="filter with attributes outside of the tree"),
        pytest.param(_included_filter, "diff", id="filter in an included file"),
        pytest.param(_filter_of_submodule, "status", id="filter of a submodule"),
        pytest.param(_textconv, "diff", id="textconv"),
        pytest.param(_diff_driver, "diff", id="diff driver"),
        pytest.param(_external_diff, "diff", id="external diff"),
        pytest.param(_hook, "diff", id="hook"),
        pytest.param(_hooks_path, "diff", id="hooks path"),
        pytest.param(_file_monitor, "status", id="file monitor"),
        pytest.param(_signature, "log", id="signature check"),
        pytest.param(_ssh_command, "diff", id="missing object over ssh"),
        pytest.param(_ext_address, "diff", id="missing object over an ext:: address"),
        pytest.param(_upload_pack, "diff", id="missing object through an upload-pack"),
    ],
)
def test_looking_runs_nothing(trap: Trap, plant: Callable[[Trap], None], springs: str) -> None:
    plant(trap)
    bench = Bench(trap.root)
    for command in READING:
        bench("git", command=command)
        assert not trap.canary.exists(), command
    bench("git", command="diff", target="HEAD")
    assert not trap.canary.exists()

    os.utime(trap.root / "a.txt", (2, 2))
    trap.git(springs, check=False)
    assert trap.canary.exists(), "the trap is none: git itself does not run it"


def test_a_pager_is_not_started(trap: Trap) -> None:
    """Git itself starts it only for a terminal, which the tool has not."""
    trap.config("core.pager")
    trap.config("pager.log", "true")
    Bench(trap.root).text("git", command="log")
    assert not trap.canary.exists()


def test_files_under_a_filter_are_compared_as_they_are(trap: Trap) -> None:
    """Also when git is told that it must not go on without the filter."""
    _filter("clean")(trap)
    trap.config("filter.x.required", "true")
    bench = Bench(trap.root)
    assert "-one\n+two" in bench.text("git", command="diff")
    assert "2 uncommitted change(s)" in bench.text("git", command="status")


def test_a_filter_that_cannot_be_switched_off_stops_the_reading(trap: Trap) -> None:
    """Git's option -c cannot name a section with an equals sign."""
    trap.write(".gitattributes", "*.txt filter=x=y\n")
    trap.config("filter.x=y.clean")
    trap.change()
    problem = Bench(trap.root).failure("git", command="diff")
    assert problem == "The repository has a filter that cannot be switched off: 'x=y'"
    assert not trap.canary.exists()
