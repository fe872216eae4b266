"""Starting processes that an interrupt of this one does not reach."""

from __future__ import annotations

import os
import subprocess
from typing import Any


def own_group() -> dict[str, Any]:
    """Options of `Popen` for a process that leads a group of its own and opens no window.

    An interrupt signals the whole group of a notebook's kernel; what runs for a call ends with the
    call and not with the signal.
    """
    if os.name == "nt":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined]  # Windows only
        return {"creationflags": flags}
    return {"start_new_session": True}
