"""The kernel: everything IPython's kernel does, with the extension loaded before the first cell."""

from __future__ import annotations

import asyncio
import builtins
import inspect
import os
import sys
from pathlib import Path
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

from a3s_kernel.cells import (
    MODES,
    Mode,
    as_python,
    is_prompt,
    prompt_completeness,
    prompt_start,
    without_python_magic,
)
from a3s_kernel.interrupt import CellInterrupts, hold_interrupts, raise_interrupt
from a3s_kernel.prose import complete, variable_at
from a3s_kernel.typed import TypedPrompts
from a3s_kernel.version import installed_version

EXTENSION = "a3s_magics"
MAGICS = "A3SMagics"
_PYTHON = "Python as always, %%a3s starts a prompt, %a3s --help lists the rest."
_PROMPT = "cells are prompts, %%py starts Python, %a3s --help lists the rest."


class A3SKernel(IPythonKernel):
    """IPython's kernel plus `%%a3s`, `%a3s` and the tool magics.

    In the mode `prompt` (environment `A3S_MODE`, the kernelspec `a3s-chat`) a plain cell is a prompt
    and `%%py` a cell of Python. `language_info` stays IPython's own in both, so that highlighting,
    notebook converters and the hidden snippets of front ends work as in any Python notebook.
    """

    implementation = "a3s"
    implementation_version = installed_version()

    def __init__(self, **settings: Any) -> None:
        self._mode: Mode = "python"
        self._typed = TypedPrompts()
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        given = os.environ.get("A3S_MODE", "").strip() or "python"
        try:
            self.a3s_mode = given
        except ValueError as error:
            self.log.error("A3S_MODE: %s", error)

    @property
    def a3s_mode(self) -> str:
        """What a plain cell is: `python` or `prompt`. Setting anything else raises `ValueError`."""
        return self._mode

    @a3s_mode.setter
    def a3s_mode(self, mode: str) -> None:
        if mode not in MODES:
            raise ValueError(f"unknown mode {mode!r}: use {' or '.join(MODES)}")
        self._mode = mode

    @property
    def banner(self) -> str:  # type: ignore[override]  # a property upstream, too
        """One line about the magics, then IPython's own banner."""
        usage = _PROMPT if self._mode == "prompt" else _PYTHON
        return f"A3S kernel {self.implementation_version}: {usage}\n{super().banner}"

    def start(self) -> None:
        """Start listening; the extension is ready before the first message is handled."""
        super().start()  # type: ignore[no-untyped-call]
        shell = self._ipython()
        CellInterrupts(shell.events)
        try:
            shell.extension_manager.load_extension(EXTENSION)  # type: ignore[union-attr]
        except Exception as error:  # noqa: BLE001  # whatever is broken there, Python cells must work
            self._report_broken_extension(error)
        # Before all others: what IPython's own cleanup would change belongs to the prompt.
        shell.input_transformers_cleanup[:0] = [self._typed, without_python_magic]
        shell.events.register("pre_execute", self._typed.began)

    def pre_handler_hook(self) -> None:
        """Let interrupts reach the code of a cell, and not the kernel's own work around it.

        Upstream raises wherever it happens to be: in the few moments in which a reply is put together
        and sent that loses the reply, and the front end waits for it forever.
        """
        super().pre_handler_hook()  # type: ignore[no-untyped-call]
        hold_interrupts()

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

    # -- cells ---------------------------------------------------------------------------------------

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: dict[str, Any] | None = None,
        cell_id: str | None = None,
    ) -> dict[str, Any]:
        """Run a cell. In the mode `prompt` a plain cell that a person has typed goes to the agent."""
        typed = not silent and store_history
        source = code if typed and self._is_prompt(code, cell_meta) else None
        with self._typed.announced(source):
            reply: dict[str, Any] = await super().do_execute(  # type: ignore[no-untyped-call]
                code,
                silent,
                store_history,
                user_expressions,
                allow_stdin,
                cell_meta=cell_meta,
                cell_id=cell_id,
            )
        return reply

    def _is_prompt(self, code: str, metadata: dict[str, Any] | None = None) -> bool:
        return self._mode == "prompt" and is_prompt(code, defined=self._defined, metadata=metadata)

    def _defined(self, name: str) -> bool:
        return name in self._ipython().user_ns or hasattr(builtins, name)

    def do_is_complete(self, code: str) -> dict[str, str]:  # type: ignore[override]  # sync upstream
        """As in IPython, but a prompt can be sent as soon as there is one."""
        status = "complete" if self._is_prompt(code) else prompt_completeness(code)
        if status is not None:
            return {"status": status} if status == "complete" else {"status": status, "indent": ""}
        verdict: dict[str, str] = super().do_is_complete(code)  # type: ignore[no-untyped-call]
        return verdict

    def do_complete(self, code: str, cursor_pos: int | None) -> dict[str, Any]:  # type: ignore[override]
        """Commands, `@variables` and paths in a prompt; everything else as in IPython."""
        cursor = len(code) if cursor_pos is None else cursor_pos
        start = self._prompt_start(code)
        if start is None or cursor < start:
            reply: dict[str, Any] = super().do_complete(  # type: ignore[no-untyped-call]
                as_python(code), cursor
            )
            return reply
        found = complete(
            code[start:],
            cursor - start,
            commands=self._commands,
            variables=self._variables,
            folder=Path.cwd(),
        )
        return {
            "status": "ok",
            "matches": found.matches,
            "cursor_start": start + found.start,
            "cursor_end": start + found.end,
            "metadata": {},
        }

    def do_inspect(  # type: ignore[override]  # sync upstream
        self,
        code: str,
        cursor_pos: int,
        detail_level: int = 0,
        omit_sections: Any = (),
    ) -> dict[str, Any]:
        """In a prompt only `@variables` can be looked at; words of prose are no names."""
        start = self._prompt_start(code)
        if start is None or cursor_pos < start:
            code = as_python(code)
        else:
            name = variable_at(code, cursor_pos)
            if name is None:
                return {"status": "ok", "found": False, "data": {}, "metadata": {}}
            code, cursor_pos = name, len(name)
        reply: dict[str, Any] = super().do_inspect(  # type: ignore[no-untyped-call]
            code, cursor_pos, detail_level, omit_sections
        )
        return reply

    def _prompt_start(self, code: str) -> int | None:
        return 0 if self._is_prompt(code) else prompt_start(code)

    def _variables(self) -> list[str]:
        shell = self._ipython()
        hidden = shell.user_ns_hidden
        return [name for name in shell.user_ns if not name.startswith("_") and name not in hidden]

    def _commands(self) -> list[str]:
        magics = self._magics()
        return [] if magics is None else list(magics.slash_commands())

    def _magics(self) -> Any:
        """The extension's magics, None while it is not loaded."""
        return self._ipython().magics_manager.registry.get(MAGICS)

    # -- control -------------------------------------------------------------------------------------

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

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """Stop the running turn with its tools and save the conversation, then end.

        This runs beside the cell, on the control channel's thread; it takes a few seconds at most.
        """
        magics = self._magics()
        if magics is not None:
            try:
                await asyncio.to_thread(magics.shut_down)
            except Exception as error:  # the kernel must end, whatever is broken there
                self.log.error("the session did not end in order", exc_info=error)
        reply = super().do_shutdown(restart)  # type: ignore[no-untyped-call]
        done: dict[str, Any] = await reply if inspect.isawaitable(reply) else reply
        return done
