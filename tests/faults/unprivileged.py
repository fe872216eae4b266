"""Permission bits that count for root, too."""

from __future__ import annotations

import ctypes
import os
import sys

_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3: two words of 32 bits for each set
_IGNORES_BITS = (1 << 1) | (1 << 2) | (1 << 3)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER


def obey_permission_bits() -> None:
    """Give up the right to ignore permission bits, which root has on Linux; others never have it.

    Holds for the calling thread and those that it starts. Raises `OSError`.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the high words
    for call in ("capget", "capset"):
        if getattr(libc, call)(header, sets) != 0:
            raise OSError(ctypes.get_errno(), call)
        for number in range(3):
            sets[number] &= ~_IGNORES_BITS


if __name__ == "__main__":
    obey_permission_bits()
