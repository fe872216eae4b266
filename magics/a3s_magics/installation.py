"""What `doctor` says about the installation. It works where `a3s_code` cannot even be imported."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, version

from a3s_magics.check import Check

DISTRIBUTION = "a3s-kernel"
PACKAGES = ("ipykernel", "ipython", "ipywidgets", "jupyterlab", "httpx", "xllamacpp")
KERNEL_NAMES = ("a3s", "a3s-chat")
NEEDED_BY_KERNELS = 7  # ipykernel; the extension needs less


def installation() -> Iterator[Check]:
    """Versions, kernelspecs, and a clash with the native package of the same import name."""
    yield Check("python", f"{platform.python_version()} ({sys.executable})")
    for name in (DISTRIBUTION, *PACKAGES):
        yield Check(name, version_of(name) or "not installed")
    yield from _kernelspecs()
    yield from _clash()


def version_of(distribution: str) -> str | None:
    """The installed version, None when there is none."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _kernelspecs() -> Iterator[Check]:
    from jupyter_client.kernelspec import KernelSpecManager

    found = KernelSpecManager().find_kernel_specs()
    missing = "not installed; run: python -m a3s_kernel install"
    usable = any(name in found for name in KERNEL_NAMES)
    for name in KERNEL_NAMES:
        yield Check(f"kernelspec {name}", found.get(name, missing), problem=not usable)
    installed = version_of("ipykernel") or "0"
    if int(installed.partition(".")[0]) < NEEDED_BY_KERNELS:
        needed = f"the A3S kernels need ipykernel {NEEDED_BY_KERNELS}, and {installed} is installed"
        yield Check("kernels", f"{needed}; the extension works with it", problem=True)


def _clash() -> Iterator[Check]:
    """The native SDK installs a package of the same name; which one is imported is then luck."""
    owners = set(packages_distributions().get("a3s_code", ()))
    others = sorted(name for name in owners if name.lower().replace("_", "-") != DISTRIBUTION)
    if others:
        told = f"also installed by {', '.join(others)}; uninstall one of the two"
        yield Check("a3s_code", told, problem=True)
    else:
        yield Check("a3s_code", f"installed by {DISTRIBUTION} alone")
