"""Appending to a file so that it counts when the call returns, and changes nothing when it fails."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

from a3s_code.store.files import BINARY, PRIVATE, sync_folder


def append_durably(path: Path, end: int, data: bytes) -> None:
    """Write `data` at byte `end`, in place of whatever follows there, and flush it to the disk.

    Raises `OSError`; the file then ends at `end` again.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | BINARY, PRIVATE)
    with open(descriptor, "r+b", buffering=0) as file:
        try:
            file.truncate(end)
            file.seek(end)
            _write_all(file, data)
            os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):  # a torn line is dropped by readers anyway
                file.truncate(end)
            raise
    if end == 0:
        sync_folder(path.parent)


def bytes_after(path: Path, end: int) -> bytes | None:
    """What follows byte `end`; nothing when there is no file, None when the file is shorter."""
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < end:
                return None
            file.seek(end)
            return file.read()
    except FileNotFoundError:
        return b"" if end == 0 else None


def _write_all(file: io.FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
