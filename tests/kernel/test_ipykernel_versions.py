"""The oldest supported ipykernel, in an environment that borrows everything else from this one.

The newest is the one of this environment; the other tests run with it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from .environments import environment

pytestmark = [pytest.mark.kernel, pytest.mark.slow, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
DEADLINE_S = 1700  # for many tests, each of which has its own limit
OLDEST_FOR_THE_KERNEL, OLDEST_FOR_THE_EXTENSION = "7.0.1", "6.31.0"


def run(python: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What the interpreter does with these arguments."""
    return subprocess.run(
        [python, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "magics")])},
        timeout=DEADLINE_S,
        check=False,
        capture_output=True,
        text=True,
    )


def run_marked_tests(python: Path, ipykernel: str, *places: str) -> None:
    """Run the tests that are marked `versions` with this interpreter."""
    ask = "import ipykernel; print(ipykernel.__version__)"
    assert run(python, "-c", ask).stdout.strip() == ipykernel
    quiet = ["-q", "-p", "no:cacheprovider", "-m", "versions"]
    done = run(python, "-m", "pytest", *quiet, *places)
    assert done.returncode == 0, done.stdout[-6000:]


def test_both_kernels_on_the_oldest_supported_version(tmp_path: Path) -> None:
    """The message protocol, Stop and clicks."""
    python = environment(
        tmp_path / "environment", f"ipykernel=={OLDEST_FOR_THE_KERNEL}", "nest-asyncio"
    )

    run_marked_tests(python, OLDEST_FOR_THE_KERNEL, "tests/kernel", "tests/magics")


def test_the_extension_on_the_oldest_supported_version(tmp_path: Path) -> None:
    """The kernels are not for it, and say so in one line wherever they are asked for."""
    python = environment(
        tmp_path / "environment", f"ipykernel=={OLDEST_FOR_THE_EXTENSION}", "nest-asyncio"
    )

    run_marked_tests(python, OLDEST_FOR_THE_EXTENSION, "tests/magics")

    places = [["-f", tmp_path / "none.json"], ["install", "--prefix", tmp_path], ["doctor"]]
    for arguments in places:
        done = run(python, "-m", "a3s_kernel", *arguments)
        told = [
            line for line in (done.stdout + done.stderr).splitlines() if "need ipykernel" in line
        ]
        assert done.returncode != 0
        assert len(told) == 1
        assert f"need ipykernel 7, and {OLDEST_FOR_THE_EXTENSION} is installed" in told[0]
        if arguments != ["doctor"]:
            assert (done.stdout + done.stderr).splitlines() == told
    assert not (tmp_path / "share").exists()
