"""Files that are whole or absent, and locks between processes."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from a3s_code.errors import StoreError

LOCK_TIMEOUT_S = 10.0
PRIVATE = 0o600  # conversations are nobody else's business
# On Windows a folder has the permissions of the one that holds it.
_PRIVATE_FOLDER = 0o700 if os.name == "posix" else 0o777
BINARY = getattr(os, "O_BINARY", 0)
_LOCK_POLL_S = 0.005
_BUSY_S = 2.0  # Windows: another process reads the file that is to be replaced


def encoded_json(value: Any, *, indent: int | None = None) -> bytes:
    """JSON as UTF-8. Text that UTF-8 cannot carry (half a surrogate pair) is written as escapes.

    Raises `TypeError` or `ValueError` for what JSON cannot express.
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, separators=separators).encode("ascii")


@contextlib.contextmanager
def explained(action: str, path: Path | str) -> Iterator[None]:
    """Turn an `OSError` into a `StoreError`: what could not be done, with which file, and why."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(f"cannot {action} {str(path)!r}: {reason}") from error


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, each for its owner only.

    Folders that are there keep their permissions. Raises `OSError`.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only writer in the folder, among all processes. Makes the folder if need be.

    Raises `StoreError` when another writer stays inside for 10 seconds.
    """
    from filelock import FileLock, Timeout

    with explained("create the folder", folder):
        make_folder(folder)
    lock = FileLock(folder / ".lock", mode=PRIVATE)
    try:
        with explained("lock the folder", folder):
            lock.acquire(timeout=LOCK_TIMEOUT_S, poll_interval=_LOCK_POLL_S)
    except Timeout:
        raise StoreError(
            f"the folder {str(folder)!r} was locked by another process "
            f"for {LOCK_TIMEOUT_S:g} seconds"
        ) from None
    try:
        yield
    finally:
        lock.release()


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in place so that every reader, and every crash, finds the old or the new one.

    A new file is readable by its owner only; an existing one keeps its permissions. Raises
    `OSError`; the old file is then untouched and nothing is left behind.
    """
    temporary = path.with_name(f"{path.name}.{time.time_ns()}-{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, PRIVATE)
        with open(descriptor, "wb") as file:
            _keep_mode(path, file.fileno())
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Delete temporary files of writers that were killed. Only while the folder is locked."""
    for path in folder.glob("*.json.*.tmp"):
        path.unlink(missing_ok=True)


def _keep_mode(path: Path, descriptor: int) -> None:
    if sys.platform == "win32":
        return  # files inherit their folder's permissions there
    with contextlib.suppress(FileNotFoundError):
        os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))


def _replace(source: Path, target: Path) -> None:
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            return os.replace(source, target)
        except PermissionError:
            # Windows refuses while anybody has the target open, for a moment as a rule.
            if os.name != "nt" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def sync_folder(folder: Path) -> None:
    """Make a rename outlive a power failure, where folders can be flushed at all."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse; the file is in place
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
