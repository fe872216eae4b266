"""The instructions that a workspace gives: its AGENTS.md."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger("a3s_code")


def project_instructions(workspace: Path) -> str:
    """The text of the workspace's AGENTS.md, read once; "" when there is none."""
    path = os.path.join(workspace, "AGENTS.md")  # every session looks: a Path takes twice the time
    if not os.path.isfile(path):
        return ""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        log.warning("AGENTS.md is left out: %s", error)
        return ""
    if not text.strip():
        log.debug("AGENTS.md is blank")
        return ""
    log.info("project instructions read from %s", path)
    return text
