"""Files that save work between processes: parser tables, and layouts of configurations seen before.

Nothing here may fail a load: a cache that cannot be read is empty, one that cannot be written is
not there. A layout holds positions only, so no word of a configuration is ever stored.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

_FORMAT = 1  # raised when the form of a layout changes
_logger = logging.getLogger("a3s_code")


def cache_folder() -> Path:
    """Where caches are kept: `A3S_CACHE_DIR`, else the user's cache folder of the platform."""
    named = os.environ.get("A3S_CACHE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("a3s", appauthor=False)


def grammar_file() -> Path:
    """The parser tables of this very combination of Python, hcl2 and lark."""
    import hcl2.version
    import lark

    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    name = f"hcl-{hcl2.version.__version__}-lark-{lark.__version__}-{python}.bin"
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _logger.debug("no cache folder: %s", error)
    return folder / name


def stored_layout(text: str) -> list[Any] | None:
    """The layout stored for exactly this text, or None."""
    try:
        stored = json.loads(_layout_file(text).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return stored if isinstance(stored, list) else None


def store_layout(text: str, layout: list[Any]) -> None:
    """Keep a layout for the next process. Written beside and renamed, so it is whole or absent."""
    target = _layout_file(text)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(layout, separators=(",", ":")), encoding="ascii")
        unfinished.replace(target)
    except OSError as error:
        _logger.debug("the parsed configuration is not kept: %s", error)


def _layout_file(text: str) -> Path:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return cache_folder() / "config" / f"{digest}.{_FORMAT}.json"
