"""What a search looks for in the content of files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a3s_code.tools.globs import Glob


@dataclass(frozen=True, slots=True)
class Query:
    """The expression as text and compiled, and in which files below the workspace's `root`."""

    root: Path
    pattern: str
    regex: re.Pattern[str]
    wanted: Glob
    ignore_case: bool
    max_matches: int

    def message(self, prefix: str, names: Sequence[str]) -> dict[str, Any]:
        """The work on some files of a directory, "" or ending in `/`, for another process."""
        return {
            "root": str(self.root),
            "pattern": self.pattern,
            "ignore_case": self.ignore_case,
            "prefix": prefix,
            "names": names,
        }
