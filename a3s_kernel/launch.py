"""Running the kernel in this process."""

from __future__ import annotations

from collections.abc import Sequence

from a3s_kernel.supported import missing


def launch(argv: Sequence[str]) -> None:
    """Serve the connection file named in `argv` until the kernel is shut down.

    Exits with a line on stderr where the kernel cannot run.
    """
    problem = missing()
    if problem is not None:
        raise SystemExit(f"error: {problem}")
    from ipykernel.kernelapp import IPKernelApp

    from a3s_kernel.kernel import A3SKernel

    IPKernelApp.launch_instance(argv=list(argv), kernel_class=A3SKernel)
