"""Names of the tools that work on the notebook; apart from them, since they are needed at the start."""

from __future__ import annotations

PYTHON = "python"
LOOKING = ("variables", "cells", "last_error")
NOTEBOOK_TOOLS = (PYTHON, *LOOKING)
