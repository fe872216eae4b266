"""Which ipykernel the kernel needs; the extension alone runs on older ones, too."""

from __future__ import annotations

NEEDED = 7


def missing() -> str | None:
    """Why the kernel cannot run here, in one line; None when it can."""
    from ipykernel._version import __version__

    if int(__version__.partition(".")[0]) >= NEEDED:
        return None
    return (
        f"the A3S kernels need ipykernel {NEEDED}, and {__version__} is installed: "
        'pip install "ipykernel>=7", or use %load_ext a3s_magics in the Python kernel'
    )
