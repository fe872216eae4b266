"""Operating system errors in words for the model, without absolute paths of the host."""

from __future__ import annotations


def reason(error: OSError | ValueError) -> str:
    """What went wrong, without the path that `str(error)` would show."""
    strerror = error.strerror if isinstance(error, OSError) else None
    return strerror or str(error) or type(error).__name__
