"""Loading and unloading: everything that is put into the shell is taken out again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from a3s_magics.cell_source import as_meant
from a3s_magics.magics import TOOL_LINES, A3SMagics

_NAME = "A3SMagics"


def load(shell: Any) -> None:
    """Register the magics; loading twice is loading once."""
    unload(shell)
    magics = A3SMagics(shell)
    shell.register_magics(magics)
    for tool in TOOL_LINES:
        shell.register_magic_function(_tool_magic(magics, tool), "line", f"a3s_{tool}")
    shell.input_transformers_cleanup.insert(0, as_meant)


def unload(shell: Any) -> None:
    """Take out what `load` put in, and end the session."""
    magics = shell.magics_manager.registry.pop(_NAME, None)
    if magics is None:
        return
    magics.close()
    for kind, names in shell.magics_manager.magics.items():
        for name in ("a3s", *(f"a3s_{tool}" for tool in TOOL_LINES)):
            if kind == "line" or name == "a3s":
                names.pop(name, None)
    # `Magics` itself put it there, for %config.
    shell.configurables[:] = [known for known in shell.configurables if known is not magics]
    if as_meant in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(as_meant)


def _tool_magic(magics: A3SMagics, tool: str) -> Callable[[str], Any]:
    from IPython.core.magic import no_var_expand

    def run(line: str) -> Any:
        return magics.tool_line(tool, line)

    run.__name__ = f"a3s_{tool}"
    run.__doc__ = f"Call the agent's tool `{tool}` by hand; `%a3s_{tool} --help` tells how."
    return no_var_expand(run)
