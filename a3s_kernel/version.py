"""The installed version of this distribution."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "a3s-kernel"


def installed_version() -> str:
    """The version in the installed metadata; `0+source` when the code runs from a bare checkout."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0+source"
