"""`python -m a3s_kernel`: the commands as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deadlines import PROGRAM_S

COMMAND = [sys.executable, "-m", "a3s_kernel"]


def a3s_kernel(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in `folder`."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        timeout=PROGRAM_S,
        check=False,
        capture_output=True,
        text=True,
    )


def test_install_writes_a_spec_that_names_this_interpreter(tmp_path: Path) -> None:
    """A spec in a shared folder must not start whatever `python` happens to be on PATH."""
    done = a3s_kernel("install", "--prefix", str(tmp_path), "--name", "A3S-Mine", folder=tmp_path)

    folder = tmp_path / "share/jupyter/kernels/a3s-mine"
    assert (done.returncode, done.stderr) == (0, "")
    assert str(folder) in done.stdout
    spec = json.loads((folder / "kernel.json").read_text("utf-8"))
    assert spec["argv"] == [sys.executable, "-m", "a3s_kernel", "-f", "{connection_file}"]
    assert {"logo-32x32.png", "logo-64x64.png", "logo-svg.svg"} <= {
        f.name for f in folder.iterdir()
    }


def test_uninstall_removes_only_its_own_spec(tmp_path: Path) -> None:
    """Other kernels under the same prefix stay."""
    for name in ("one", "two"):
        a3s_kernel("install", "--prefix", str(tmp_path), "--name", name, folder=tmp_path)

    done = a3s_kernel("uninstall", "--prefix", str(tmp_path), "--name", "one", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert [f.name for f in (tmp_path / "share/jupyter/kernels").iterdir()] == ["two"]


def test_install_again_replaces_the_spec(tmp_path: Path) -> None:
    """An update of the package is followed by the same command."""
    first = a3s_kernel("install", "--prefix", str(tmp_path), folder=tmp_path)
    second = a3s_kernel("install", "--prefix", str(tmp_path), folder=tmp_path)

    assert (first.returncode, second.returncode) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        (["fly"], "'fly'"),
        (["install", "--user", "--sys-prefix"], "--sys-prefix"),
        (["install", "--nmae", "x"], "--nmae"),
        (["install", "--name", "../outside"], "'../outside'"),
        (["install", "--prefix", "a-file"], "a-file"),
        (["uninstall", "--prefix", "nowhere"], "nowhere"),
        (["uninstall", "--name", ".."], "'..'"),
        (["doctor", "--verbose"], "--verbose"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_culprit(
    arguments: list[str], culprit: str, tmp_path: Path
) -> None:
    """The exit code is 2 and nothing is written to standard output."""
    (tmp_path / "a-file").touch()

    done = a3s_kernel(*arguments, folder=tmp_path)

    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith("error: ")
    assert culprit in line


@pytest.mark.parametrize("arguments", [[], ["--help"], ["install", "--help"], ["doctor", "-h"]])
def test_help_explains_and_does_nothing(arguments: list[str], tmp_path: Path) -> None:
    """Help goes to standard output with exit code 0."""
    done = a3s_kernel(*arguments, folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: python -m a3s_kernel" in done.stdout
    assert list(tmp_path.iterdir()) == []
