"""Running the kernel in this process."""

from __future__ import annotations

from collections.abc import Sequence

from ipykernel.kernelapp import IPKernelApp

from a3s_kernel.kernel import A3SKernel


def launch(argv: Sequence[str]) -> None:
    """Serve the connection file named in `argv` until the kernel is shut down."""
    IPKernelApp.launch_instance(argv=list(argv), kernel_class=A3SKernel)
