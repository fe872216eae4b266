"""`doctor`: what is installed, configured and missing, in one page that holds no secret."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager

from a3s_kernel.arguments import OneLineParser
from a3s_kernel.version import DISTRIBUTION, installed_version

PACKAGES = ("ipykernel", "ipython", "ipywidgets", "jupyterlab", "httpx", "xllamacpp")
KERNEL_NAMES = ("a3s", "a3s-chat")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `problem` marks what keeps something from working."""

    topic: str
    text: str
    problem: bool = False

    def __str__(self) -> str:
        return f"{'!' if self.problem else ' '} {self.topic:<20} {self.text}"


def doctor(argv: Sequence[str]) -> int:
    """Print the report; the exit code is 1 when a line is marked as a problem, else 0."""
    parser = OneLineParser(
        prog="python -m a3s_kernel doctor",
        description="Show what is installed, configured and missing. Keys are never printed.",
    )
    parser.parse_args(argv)
    findings = list(examine())
    print("\n".join(map(str, findings)))  # noqa: T201
    return int(any(finding.problem for finding in findings))


def examine() -> Iterator[Finding]:
    """Everything the report says, in its order."""
    yield from _versions()
    yield from _kernelspecs()
    yield from _clash()
    yield from _buttons()
    try:
        yield from _configuration()
        yield from _embedded_model()
    except ImportError as error:  # the other package called a3s_code, or half an installation
        yield Finding("a3s_code", f"cannot be used: {error}", problem=True)


def _versions() -> Iterator[Finding]:
    yield Finding("python", f"{platform.python_version()} ({sys.executable})")
    yield Finding(DISTRIBUTION, installed_version())
    for name in PACKAGES:
        try:
            yield Finding(name, version(name))
        except PackageNotFoundError:
            yield Finding(name, "not installed")


def _kernelspecs() -> Iterator[Finding]:
    found = KernelSpecManager().find_kernel_specs()
    missing = "not installed; run: python -m a3s_kernel install"
    usable = any(name in found for name in KERNEL_NAMES)
    for name in KERNEL_NAMES:
        yield Finding(f"kernelspec {name}", found.get(name, missing), problem=not usable)


def _buttons() -> Iterator[Finding]:
    """What the live view needs: widgets, and a kernel that hears clicks while a cell runs."""
    from ipykernel.ipkernel import IPythonKernel

    hears = hasattr(IPythonKernel, "shell_channel_thread_main")
    try:
        widgets = f"ipywidgets {version('ipywidgets')}"
    except PackageNotFoundError:
        yield Finding("live view", "plain outputs: ipywidgets is not installed")
        return
    buttons = "with Cancel and Approve" if hears else "Stop cancels; no buttons with this ipykernel"
    yield Finding("live view", f"{widgets}, {buttons}")


def _configuration() -> Iterator[Finding]:
    """What a session in the working directory would use."""
    from a3s_magics.checks import checks

    for check in checks(Path.cwd()):
        yield Finding(check.topic, check.text, check.problem)


def _embedded_model() -> Iterator[Finding]:
    from a3s_code.local.source import is_cached, model_path

    missing = "not fetched yet; run: python -m a3s_kernel model fetch"
    yield Finding("embedded model", str(model_path()) if is_cached() else missing)


def _clash() -> Iterator[Finding]:
    """The native SDK installs a package of the same name; which one is imported is then luck."""
    owners = set(packages_distributions().get("a3s_code", ()))
    others = sorted(name for name in owners if name.lower().replace("_", "-") != DISTRIBUTION)
    if others:
        yield Finding(
            "a3s_code",
            f"also installed by {', '.join(others)}; uninstall one of the two",
            problem=True,
        )
