"""Environments with a few packages of their own, in front of those borrowed from this one."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

from tests.deadlines import PROGRAM_S


def environment(folder: Path, *packages: str) -> Path:
    """The interpreter of a new environment with these packages, without their dependencies."""
    venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = subprocess.check_output([python, "-c", ask], text=True).strip()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", own]
    subprocess.run([*install, *packages], check=True, timeout=PROGRAM_S)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    Path(own, "borrowed.pth").write_text("\n".join(borrowed) + "\n", "utf-8")
    return python
