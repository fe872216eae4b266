"""`%load_ext a3s_magics`: an agent in the notebook, as `%%a3s`, `%a3s` and the tool lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a3s_code import Session


def current_session() -> Session:
    """The session of this notebook, which is made at the first use.

    Raises `RuntimeError` where the extension is not loaded, and what making a session raises.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    magics = shell and shell.magics_manager.registry.get("A3SMagics")
    if not magics:
        raise RuntimeError("the A3S magics are not loaded here: %load_ext a3s_magics loads them")
    session: Session = magics.session()
    return session


def load_ipython_extension(ipython: Any) -> None:
    """Called by `%load_ext a3s_magics`."""
    from a3s_magics.extension import load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Called by `%unload_ext a3s_magics` and before a reload."""
    from a3s_magics.extension import unload

    unload(ipython)
