"""Starting a module of this package in another process with the same Python."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

_HOME = str(Path(__file__).parents[2])
_START = "import json, sys; sys.path += json.loads(sys.argv[1]); from {} import main; main()"


def command_for(module: str) -> list[str] | None:
    """The command that runs `main()` of a module, None in a program with Python inside.

    The other process finds what this one finds, but nothing in the current directory may stand in
    for a module of the library: that may be a workspace, and not ours.
    """
    if not sys.executable:
        return None
    places = [_HOME, *filter(os.path.isabs, sys.path)]
    return [sys.executable, "-I", "-S", "-c", _START.format(module), json.dumps(places)]
