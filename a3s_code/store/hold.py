"""A mark on an open file that lasts as long as its process, however that ends."""

from __future__ import annotations

import errno
import os
import sys
from typing import BinaryIO

_HELD = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


def hold(file: BinaryIO) -> bool:
    """Mark a file that is open for writing; False when another process has marked it.

    The mark goes with the process or when the process closes the file, this one or any other that it
    has opened under the same name. Where a file system cannot mark files it is True.
    """
    try:
        _lock(file.fileno())
    except OSError as error:
        return error.errno not in _HELD
    return True


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        # One byte far behind the end: a locked byte could not be read by others.
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, 2**30, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # Not `flock`: processes that a notebook has forked would inherit it and outlive the kernel.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
