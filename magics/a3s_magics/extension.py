"""Loading and unloading: everything that is put into the shell is taken out again."""

from __future__ import annotations

from typing import Any

from a3s_code import builtin_tool_names
from a3s_magics.magics import A3SMagics
from a3s_magics.notebook_names import NOTEBOOK_TOOLS

_NAME = "A3SMagics"


def load(shell: Any) -> None:
    """Register the magics; loading twice is loading once."""
    unload(shell)
    magics = A3SMagics(shell)
    shell.register_magics(magics)
    # Before there is a session its own tools are not known.
    magics.tools.register((*builtin_tool_names(), *NOTEBOOK_TOOLS))
    shell.input_transformers_cleanup.insert(0, magics.tools.rewrite)
    shell.Completer.custom_matchers.append(magics.match)
    shell.events.register("pre_run_cell", magics.look_for_tools)
    shell.events.register("post_run_cell", magics.look_for_tools)


def unload(shell: Any) -> None:
    """Take out what `load` put in, and end the session."""
    magics = shell.magics_manager.registry.pop(_NAME, None)
    if magics is None:
        return
    magics.close()
    for names in shell.magics_manager.magics.values():
        names.pop("a3s", None)
    magics.tools.withdraw()
    if magics.match in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(magics.match)
    for event in ("pre_run_cell", "post_run_cell"):
        if magics.look_for_tools in shell.events.callbacks[event]:
            shell.events.unregister(event, magics.look_for_tools)
    # `Magics` itself put it there, for %config.
    shell.configurables[:] = [known for known in shell.configurables if known is not magics]
    if magics.tools.rewrite in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(magics.tools.rewrite)
