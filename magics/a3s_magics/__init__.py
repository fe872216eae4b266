"""`%load_ext a3s_magics`: an agent in the notebook, as `%%a3s`, `%a3s` and the tool lines."""

from typing import Any


def load_ipython_extension(ipython: Any) -> None:
    """Called by `%load_ext a3s_magics`."""
    from a3s_magics.extension import load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Called by `%unload_ext a3s_magics` and before a reload."""
    from a3s_magics.extension import unload

    unload(ipython)
