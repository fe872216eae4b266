"""The kernel: everything IPython's kernel does, with the extension loaded before the first cell."""

from __future__ import annotations

import sys
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

from a3s_kernel.cells import prompt_completeness
from a3s_kernel.interrupt import raise_interrupt
from a3s_kernel.version import installed_version

EXTENSION = "a3s_magics"


class A3SKernel(IPythonKernel):
    """IPython's kernel plus `%%a3s`, `%a3s` and the tool magics.

    `language_info` stays IPython's own, so that highlighting, notebook converters and the hidden
    snippets of front ends work as in any Python notebook.
    """

    implementation = "a3s"
    implementation_version = installed_version()

    @property
    def banner(self) -> str:  # type: ignore[override]  # a property upstream, too
        """One line about the magics, then IPython's own banner."""
        return (
            f"A3S kernel {self.implementation_version}: Python as always, "
            f"%%a3s starts a prompt, %a3s --help lists the rest.\n{super().banner}"
        )

    def start(self) -> None:
        """Start listening; the extension is ready before the first message is handled."""
        super().start()  # type: ignore[no-untyped-call]
        try:
            self._ipython().extension_manager.load_extension(EXTENSION)  # type: ignore[union-attr]
        except Exception as error:  # noqa: BLE001  # whatever is broken there, Python cells must work
            self._report_broken_extension(error)

    def _ipython(self) -> InteractiveShell:
        assert isinstance(
            self.shell, InteractiveShell
        )  # optional upstream, for kernels without IPython
        return self.shell

    def _report_broken_extension(self, error: Exception) -> None:
        """Say in the log, and under the first cell a person runs, that there are no A3S magics."""
        line = (
            f"A3S is not available in this kernel ({type(error).__name__}: {error}); "
            "Python cells work. `python -m a3s_kernel doctor` tells more."
        )
        self.log.error("%s", line, exc_info=error)
        events = self._ipython().events

        def say_once(info: ExecutionInfo) -> None:
            if info.store_history:  # front ends run hidden snippets without history
                events.unregister("pre_run_cell", say_once)
                print(line, file=sys.stderr)  # noqa: T201  # stderr is the cell's output here

        events.register("pre_run_cell", say_once)

    async def interrupt_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Answer the message mode's interrupt by a SIGINT, on every platform.

        The base class only logs an error on Windows.
        """
        content: dict[str, Any] = {"status": "ok"}
        try:
            raise_interrupt()
        except OSError as error:
            content = {
                "status": "error",
                "ename": type(error).__name__,
                "evalue": str(error),
                "traceback": [],
            }
        assert self.session is not None  # the request arrived through it
        self.session.send(stream, "interrupt_reply", content, parent, ident=ident)

    def do_is_complete(self, code: str) -> dict[str, str]:  # type: ignore[override]  # sync upstream
        """As in IPython, but a `%%a3s` cell can be run as soon as it has a prompt."""
        if status := prompt_completeness(code):
            return {"status": status} if status == "complete" else {"status": status, "indent": ""}
        verdict: dict[str, str] = super().do_is_complete(code)  # type: ignore[no-untyped-call]
        return verdict
