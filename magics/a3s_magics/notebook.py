"""Which notebook this kernel belongs to, and what follows from it: workspace, data folder, ids."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from a3s_magics.ancestry import told_to_parent


def notebook_path(
    user_ns: Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> Path | None:
    """Real path of the notebook, None without one.

    Jupyter Server gives it in `JPY_SESSION_NAME`, where other programs put other things: only an
    existing `.ipynb` counts. VS Code sets a variable in the user's namespace some time after the
    start, so ask as late as possible. After a rename both keep the old path until a restart.
    A kernel that a notebook's cell has started (papermill, nbclient) inherits the notebook's
    environment, but is another one's.
    """
    told = environ.get("JPY_SESSION_NAME")
    if told and environ is os.environ and told_to_parent("JPY_SESSION_NAME", told):
        told = None
    for given in (told, user_ns.get("__vsc_ipynb_file__")):
        if isinstance(given, str) and given.endswith(".ipynb"):
            path = Path(given)
            try:
                if path.is_absolute() and path.is_file():
                    return path.resolve()
            except OSError:
                continue
    return None


def session_id_of(notebook: Path) -> str:
    """The id under which this notebook's conversation is kept; the same after every restart."""
    name = os.path.normcase(str(notebook))
    return "notebook-" + hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where conversations are kept: `A3S_DATA_DIR`, else the user's data folder for `a3s`."""
    given = environ.get("A3S_DATA_DIR", "").strip()
    if given:
        return Path(given).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("a3s", appauthor=False))
