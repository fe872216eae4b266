"""Whether an environment variable was meant for this kernel, or for the process that started it."""

from __future__ import annotations

import functools
import os


@functools.cache
def told_to_parent(name: str, value: str) -> bool:
    """Whether whoever started this kernel has the variable with the same value.

    That is the first ancestor that does not name our connection file: those that do (a launcher of a
    virtual environment on Windows, a shell script) were started for this kernel. False where
    that cannot be found out.
    """
    import psutil  # comes with ipykernel

    try:
        process: psutil.Process | None = psutil.Process(os.getpid())
        assert process is not None
        files = [part for part in process.cmdline() if part.endswith(".json")]
        while process is not None and any(file in process.cmdline() for file in files):
            process = process.parent()
        return process is not None and bool(files) and process.environ().get(name) == value
    except (psutil.Error, OSError):
        return False
