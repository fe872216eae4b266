"""The tools of the session as magics of the shell: `%a3s_<tool>`, in A3S kernels also `%<tool>`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from IPython.core.magic import no_var_expand

from a3s_magics.cell_source import as_meant
from a3s_magics.tool_schema import BODIES


class ToolMagics:
    """Registers a magic for each tool and takes all of them out again.

    `run` is called with the tool's name, the line and, for a cell, its body; `describe` with the
    name for Shift-Tab.
    """

    def __init__(
        self, shell: Any, run: Callable[..., Any], describe: Callable[[str], str | None]
    ) -> None:
        self._shell, self._run, self._describe = shell, run, describe
        self._magics: dict[str, dict[str, Any]] = shell.magics_manager.magics
        self._mine: dict[str, Callable[..., Any]] = {}
        self._tools: dict[str, str] = {}
        # A kernel of ours has a notebook of ours: there the tools go by their own names, too.
        kernel = getattr(shell, "kernel", None)
        self._short = getattr(kernel, "implementation", "") == "a3s"
        self.rewrite = partial(as_meant, tool_of=self._tools.get)

    def register(self, tools: Iterable[str]) -> None:
        """Add the magics of tools that have none yet; names of other magics are left alone."""
        for tool in tools:
            name = f"a3s_{tool}"
            if name in self._mine or not tool or tool != "".join(tool.split()):
                continue
            magic = self._magic(tool)
            self._add(name, tool, magic)
            if self._short and not self._taken(tool):
                self._add(tool, tool, magic)

    def withdraw(self) -> None:
        """Take out what was added, unless somebody else has put something in its place."""
        for name, magic in self._mine.items():
            for kind in ("line", "cell"):
                if self._magics[kind].get(name) is magic:
                    del self._magics[kind][name]
        self._mine.clear()
        self._tools.clear()

    def tool_of(self, magic: str) -> str | None:
        """The tool behind a magic's name."""
        return self._tools.get(magic)

    def _add(self, name: str, tool: str, magic: Callable[..., Any]) -> None:
        # Not by `register_magic_function`: it leaves an attribute behind that nothing takes away.
        self._magics["line"][name] = self._mine[name] = magic
        if tool in BODIES:
            self._magics["cell"][name] = magic
        self._tools[name] = tool

    def _taken(self, name: str) -> bool:
        return any(name in names for names in self._magics.values())

    def _magic(self, tool: str) -> Callable[..., Any]:
        def run(line: str, cell: str | None = None) -> Any:
            return self._run(tool, line, cell)

        run.__name__ = run.__qualname__ = f"a3s_{tool}"
        run.__doc__ = f"Call the agent's tool `{tool}` by hand; `%a3s_{tool} --help` tells how."
        # IPython asks for this one first; the options are known when there is a session.
        run.getdoc = partial(self._describe, tool)  # type: ignore[attr-defined]
        return no_var_expand(run)
